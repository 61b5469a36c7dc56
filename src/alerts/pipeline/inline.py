"""The driver without a broker: everything that is due, in this process, until nothing is left."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from alerts.model.errors import AlertsError
from alerts.pipeline import steps
from alerts.pipeline.poll import PollOutcome
from alerts.runtime import logs, one_core
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import POLL_BATCH, SIZES, TaskRequests
from alerts.store.repositories import deliveries, subscriber_state
from alerts.store.upsert import chunks

POLLERS = 2  # batches at a time
GATHERED = 5.0  # seconds of polls whose findings are assessed together: each institution once, with all that came in
_SIZES = {**SIZES, "assess": 128}  # no other task of this process waits for these institutions
PATIENCE = 60.0  # seconds to wait for the turns of messages in their channels; the rest is left to the next run
# A run that ends does not wait for the end of a group that is due within this; a longer one is kept.
GROUP_PATIENCE = timedelta(minutes=1)
_STEPS: Mapping[str, Callable[..., object]] = {
    "send": steps.send,
    "desk": steps.advance_desk,
    "assess": steps.assess,
    "rematch": steps.rematch,
}


class Once:
    """Collects the tasks that steps request and runs them. `runtime.enqueue` must be this object's.

    A defect in one task blocks no other: it is raised when all else is done."""

    def __init__(self) -> None:
        self._waiting: deque[TaskRequests] = deque()
        self._faults: list[Exception] = []

    def enqueue(self, requests: TaskRequests) -> None:
        self._waiting.append(requests)

    def run(
        self,
        runtime: Runtime,
        sources: Iterable[str],
        report: Callable[[PollOutcome], None] = lambda _: None,
        *,
        manual: bool = False,
    ) -> list[PollOutcome]:
        """Polls each source once, works until nothing is left that can be done now, and returns the outcomes. Meanwhile
        the process is on one core, as workers with threads are.

        `manual`: no schedule asked for it; see `tick`."""
        let_go = one_core.keep()
        try:
            with ThreadPoolExecutor(POLLERS, thread_name_prefix="poll") as pool:
                outcomes, followed = [], time.monotonic()
                for some in pool.map(lambda some: _polled(runtime, some), chunks(list(sources), POLL_BATCH)):
                    for outcome in some:
                        outcomes.append(outcome)
                        report(outcome)
                    if time.monotonic() - followed > GATHERED:
                        self._follow(runtime)
                        followed = time.monotonic()
            self._follow(runtime)
            # What an earlier run left behind, and what fell due meanwhile.
            self.settle(runtime, release=True, manual=manual)
        finally:
            let_go()
        return outcomes

    def settle(self, runtime: Runtime, *, release: bool = False, manual: bool = False) -> None:
        """Works until nothing is due but polls. `release`: nothing more will come, so groups do not wait for it."""
        patience = time.monotonic() + PATIENCE
        while True:
            found = steps.tick(runtime, once=True, manual=manual)
            self._follow(runtime)
            if found.assess or found.desk or found.send or found.rematch:
                continue
            if release and self._release(runtime):
                continue
            if not self._turn(runtime, patience - time.monotonic()):
                break
        if self._faults:
            first, *_ = self._faults
            self._faults.clear()
            raise first

    def _release(self, runtime: Runtime) -> bool:
        """Sends the groups that wait for company; whether there was any."""
        now = runtime.clock()
        with runtime.database.read() as session:
            some = subscriber_state.due_by(session, now + GROUP_PATIENCE)
        released = [steps.advance_desk(runtime, each, release=GROUP_PATIENCE) for each in some]
        self._follow(runtime)
        return any(released)

    def _turn(self, runtime: Runtime, patience: float) -> bool:
        """Waits for the next turn of a message in its channel; False where there is none for some time."""
        now = runtime.clock()
        with runtime.database.read() as session:
            turn = deliveries.next_turn(session, now)
        if turn is None or (turn - now).total_seconds() > patience:
            return False
        time.sleep((turn - now).total_seconds())
        return runtime.clock() > now

    def _follow(self, runtime: Runtime) -> None:
        while self._waiting:
            requests = [self._waiting.popleft() for _ in range(len(self._waiting))]
            for name, ids in TaskRequests.together(requests).tasks(_SIZES):
                if name != "poll":
                    self._do(runtime, name, ids)

    def _do(self, runtime: Runtime, name: str, ids: Sequence[str]) -> None:
        try:
            _STEPS[name](runtime, *ids)
        except (AlertsError, DBAPIError):
            raise  # of the database or the configuration: all else would fail of it, too
        except Exception as fault:
            if name == "rematch":
                raise  # the next tick would find nothing else
            logs.event("work.broken", logging.ERROR, caught=True, step=name, ids=list(ids))
            self._faults.append(fault)


def _polled(runtime: Runtime, some: Sequence[str]) -> list[PollOutcome]:
    try:
        return steps.poll_sources(runtime, *some, due_only=False, raise_faults=False)
    except Exception as error:  # noqa: BLE001
        # At this edge a fault becomes a value: one batch must not stop the others.
        logs.event("poll.broken", logging.ERROR, caught=True, source=",".join(some))
        return [PollOutcome(source, error=f"internal error: {type(error).__name__}") for source in some]
