"""In which order a worker with several queues takes from them."""

from __future__ import annotations

from kombu.utils.scheduling import priority_cycle

_RANKS = {"send": 0, "match": 1, "poll": 2}


class NearestFirst(priority_cycle):
    """The queue nearest to the receiver first: no message waits for polls, which only bring more work.

    The queue `send` cannot starve the others for long: deliveries that wait for a slow service leave it.
    """

    def consume(self, count: int) -> list[str]:
        """The first `count` queues in order."""
        ordered: list[str] = sorted(self.items, key=lambda name: _RANKS.get(name, len(_RANKS)))
        return ordered[:count]
