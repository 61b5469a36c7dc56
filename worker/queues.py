"""The queues: which task goes to which, how many tasks each may hold, and how requests get into them."""

from collections.abc import Mapping
from typing import Any, Final

from celery import Celery
from kombu.exceptions import OperationalError
from kombu.utils.scheduling import priority_cycle

from alerts.runtime.task_requests import TaskRequests

ROUTES: Final[Mapping[str, Mapping[str, Any]]] = {
    # Priority 0 comes first, 9 last, where a worker has several queues: polls only bring more work.
    "poll": {"queue": "poll", "priority": 9},
    # After all else in the queue: a tick must not wait for a backlog of them.
    "assess": {"queue": "match", "priority": 6},
    "desk": {"queue": "match"},
    "rematch": {"queue": "match"},
    "tick": {"queue": "match"},
    "send": {"queue": "send"},
    # Where it still runs when polling or matching is stuck; without this queue no message goes out anyway.
    "selfcheck": {"queue": "send"},
}

MAX_WAITING: Final = {"poll": 64, "match": 64, "send": 128}
"""Backpressure: tasks that may wait in each queue, not counting ticks.

What is due beyond that waits in the database, once, and without memory of the broker. A task polls up to 32 sources,
assesses up to 32 institutions, with all that came in meanwhile, or sends up to 16 messages. Half of each queue
is reserved for what ticks claimed, which is what has waited longest; else the newest requests would take all places."""


class TaskQueues:
    """The queues of one Celery application, as the pipeline sees them."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def enqueue(self, requests: TaskRequests) -> None:
        """Sends a task for each request. Who may have many asks for room first.

        An absent broker loses nothing: a tick finds the same ids some seconds later."""
        for task, ids in requests.tasks():
            self._app.send_task(task, args=list(ids), retry=False)

    def room(self, task: str, claimed: bool) -> int:
        """How many more tasks the queue of this task takes now; of what no tick claimed only half as many may wait."""
        queue = str(ROUTES[task]["queue"])
        with self._app.pool.acquire(block=True) as connection:
            try:
                connection.ensure_connection(max_retries=1, interval_start=0)  # else it takes 6 s to fail
                waiting = connection.default_channel.queue_declare(queue, passive=True).message_count
            except connection.channel_errors:  # an empty queue does not exist
                waiting = 0
            except (OperationalError, *connection.connection_errors):
                return 0  # what is found meanwhile is stored all the same
        return max(0, (MAX_WAITING[queue] if claimed else MAX_WAITING[queue] // 2) - int(waiting))


class NearestFirst(priority_cycle):
    """In which order a worker with several queues takes from them: the queue nearest to the receiver first.

    No message waits for polls, which only bring more work. The queue `send` cannot starve the others for long:
    deliveries that wait for a slow service leave it."""

    _RANKS = {"send": 0, "match": 1, "poll": 2}  # noqa: RUF012

    def consume(self, count: int) -> list[str]:
        """The first `count` queues in order."""
        ordered: list[str] = sorted(self.items, key=lambda name: self._RANKS.get(name, len(self._RANKS)))
        return ordered[:count]
