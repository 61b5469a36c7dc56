"""Task requests: ids that a step asks the queues to work on. One may be lost, since the database holds the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta

# A step enqueues what it made itself; a tick enqueues it again only after this. It is the price of a lost request.
ENQUEUE_GRACE = timedelta(seconds=10)
# Institutions assessed in one transaction: others that want one of them wait no longer than that takes.
ASSESS_BATCH = 32
POLL_BATCH = 32  # so many sources are polled by one task: leased, and recorded where nothing is new, in one transaction
# Deliveries of one task: those to one service are leased and marked in one transaction each. A sender that is killed
# may have sent so many that are not marked.
SEND_BATCH = 16
SIZES = {"assess": ASSESS_BATCH, "poll": POLL_BATCH, "send": SEND_BATCH}


@dataclass(frozen=True, slots=True)
class TaskRequests:
    """Ids that are due: sources to poll, institutions to assess, subscribers to advance, deliveries to send.

    `rematch` names the configuration under which recorded items are to be matched again."""

    poll: Sequence[str] = ()
    assess: Sequence[str] = ()
    desk: Sequence[str] = ()
    send: Sequence[str] = ()
    rematch: Sequence[str] = ()

    @classmethod
    def together(cls, some: Sequence["TaskRequests"]) -> "TaskRequests":
        """All of them as one, with each id once."""
        steps = ([name for one in some for name in getattr(one, step.name)] for step in fields(cls))
        return cls(*(tuple(dict.fromkeys(names)) for names in steps))

    def tasks(self, sizes: Mapping[str, int] = SIZES) -> Iterator[tuple[str, Sequence[str]]]:
        """Each task with its ids, what is nearest to the receiver first.

        But matching again comes before assessing, which waits for it."""
        for name in ("send", "desk", "rematch", "assess", "poll"):
            ids = getattr(self, name)
            size = sizes.get(name, 1)
            for start in range(0, len(ids), size):
                yield name, ids[start : start + size]

    def __bool__(self) -> bool:
        return any(True for _ in self.tasks())
