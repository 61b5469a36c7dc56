"""Server-sent events: open pages learn that there is something newer. One look at the database a second serves all."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from alerts.model.errors import StoreError
from alerts.runtime.runtime import Runtime
from alerts.store.queries.stream import newest_change
from alerts.web.connections import ANSWER_SECONDS

LISTENERS: Final = 100  # in a process; a further one is told to come back later, and its page stays as it is
SECONDS: Final = 1.0
LASTING: Final = 0.8 * ANSWER_SECONDS  # seconds: it ends before its connection is given up, and the browser asks again


class Live:
    """The newest change, as far as this process knows. Used by the event loop alone."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._looked_at = -SECONDS
        self._newest = 0
        self.listeners = 0

    async def newest(self) -> int:
        """Looks unless somebody has within the last second."""
        if time.monotonic() - self._looked_at >= SECONDS:
            self._looked_at = time.monotonic()
            self._newest = await run_in_threadpool(self._read)
        return self._newest

    def _read(self) -> int:
        with self._runtime.database.read() as session:
            return newest_change(session)

    async def events(self, known: int) -> AsyncIterator[str]:
        """One event as soon as something is newer than what a page knows; none where nothing comes in time."""
        self.listeners += 1
        ends = time.monotonic() + LASTING
        try:
            yield "retry: 5000\n\n"
            while (newest := await self.newest()) <= known and time.monotonic() < ends:
                await asyncio.sleep(SECONDS)
            if newest > known:
                yield f"event: newer\nid: {newest}\ndata: {newest}\n\n"
        except StoreError:  # the database is away: the browser asks again
            return
        finally:
            self.listeners -= 1


async def live(request: Request) -> Response:
    """`?known=` is the number of the newest change on the page. Says nothing but that there is a newer one."""
    known, source = request.query_params.get("known", ""), request.app.state.live
    if not (known.isascii() and known.isdigit() and len(known) < 20):
        raise HTTPException(400, "“known” is the number of a change.")
    if source.listeners >= LISTENERS:
        raise HTTPException(503, "Too many pages are listening.", {"Retry-After": "60"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(source.events(int(known)), media_type="text/event-stream", headers=headers)
