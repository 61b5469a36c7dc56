"""Which of its queues a worker with several looks into first."""

from __future__ import annotations

from kombu.utils.scheduling import priority_cycle

_PLACES = {"send": 0, "match": 1, "poll": 2}


class NearestFirst(priority_cycle):
    """What is nearest to the receiver: no message waits for polls, which only bring more work.

    Sending cannot keep the others out for long: deliveries that wait for a slow service leave the queue.
    """

    def consume(self, count: int) -> list[str]:
        """The first `count` queues in order."""
        ordered: list[str] = sorted(self.items, key=lambda name: _PLACES.get(name, len(_PLACES)))
        return ordered[:count]
