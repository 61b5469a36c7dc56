"""Sources: the feeds that are polled."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Reliability(StrEnum):
    """The Admiralty scale: A reliable … E unreliable, F cannot be judged."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


@dataclass(frozen=True, slots=True)
class Source:
    """A feed of one publisher.

    `interval` is the least time between two polls, `at_most` the longest, whatever the rhythm of the feed; None: it
    adapts. The source is *direct* for the institutions that it speaks for, of which all its items are, and for those
    that it is an authority on, where an item names them. It is *secondary* for all others."""

    id: str
    url: str
    publisher: str
    reliability: Reliability = Reliability.F
    speaks_for: frozenset[str] = frozenset()
    authority_on: frozenset[str] = frozenset()
    interval: timedelta = timedelta(minutes=15)
    language: str = ""
    tags: frozenset[str] = frozenset()
    allow_private: bool = False
    at_most: timedelta | None = None

    def is_direct_for(self, institution: str) -> bool:
        """Whether what it says about an institution is first-hand, in an item that is about the institution."""
        return institution in self.speaks_for or institution in self.authority_on
