"""What the next verbs have to do, by id. A hint may be lost: the database knows the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

HINTED = timedelta(seconds=10)
"""What a verb hands to the queues itself, beat leaves to it for so long. A hint that was lost costs this."""

TOGETHER = 32
"""So many institutions are assessed in one transaction: others wait for it no longer than that takes."""

POLL_BATCH = 16
"""So many sources are polled by one task: leased, and recorded where nothing is new, in one transaction."""

_SIZES = {"assess": TOGETHER, "poll": POLL_BATCH}


@dataclass(frozen=True, slots=True)
class Hints:
    """Ids that are due: sources to poll, institutions to assess, desks to advance, deliveries to send.

    `rematch` names the configuration under which recorded items are to be matched again. `claimed`: a tick made
    them, which asked for room before it claimed. Dropped now, they would be handed out again only when the claim ends.
    """

    poll: Sequence[str] = ()
    assess: Sequence[str] = ()
    desk: Sequence[str] = ()
    send: Sequence[str] = ()
    rematch: Sequence[str] = ()
    claimed: bool = False

    def tasks(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Each task, by its verb and with its ids, what is nearest to the receiver first.

        But matching again comes before assessing, which waits for it.
        """
        for name in ("send", "desk", "rematch", "assess", "poll"):
            ids = getattr(self, name)
            size = _SIZES.get(name, 1)
            for start in range(0, len(ids), size):
                yield name, ids[start : start + size]

    def __bool__(self) -> bool:
        return any(True for _ in self.tasks())
