"""What the next verbs have to do, by id. A hint may be lost: the database knows the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hints:
    """Ids that are due: sources to poll, institutions to assess, desks to advance, deliveries to send."""

    poll: Sequence[str] = ()
    assess: Sequence[str] = ()
    desk: Sequence[str] = ()
    send: Sequence[str] = ()

    def by_task(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Each verb that has something to do, what is nearest to the receiver first."""
        for name in ("send", "desk", "assess", "poll"):
            ids = getattr(self, name)
            if ids:
                yield name, ids

    def __bool__(self) -> bool:
        return bool(self.poll or self.assess or self.desk or self.send)
