"""What the next verbs have to do, by id. A hint may be lost: the database knows the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hints:
    """Ids that are due: sources to poll, institutions to assess, desks to advance, deliveries to send.

    `rematch` names the configuration under which recorded items are to be matched again.
    """

    poll: Sequence[str] = ()
    assess: Sequence[str] = ()
    desk: Sequence[str] = ()
    send: Sequence[str] = ()
    rematch: Sequence[str] = ()

    def by_task(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Each verb that has something to do, what is nearest to the receiver first."""
        for name in ("send", "desk", "assess", "rematch", "poll"):
            ids = getattr(self, name)
            if ids:
                yield name, ids

    def __bool__(self) -> bool:
        return any(ids for _, ids in self.by_task())
