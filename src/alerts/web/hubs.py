"""Where hubs (WebSub) reach us: they ask whether we meant to subscribe, and push what is new."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from alerts.pipeline.websub import pushed, source_of, verified
from alerts.web.auth import body_of
from alerts.web.site import site_of

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a push. A larger one is dropped; polling finds what it said."""


async def callback(request: Request) -> Response:
    """GET verifies a subscription; POST is a push, answered alike whether it is believed or not."""
    runtime, token = site_of(request).runtime, request.path_params["token"]
    if request.method != "POST":
        answer = await run_in_threadpool(verified, runtime, token, dict(request.query_params))
        return PlainTextResponse(answer.body, status_code=answer.status)
    if await run_in_threadpool(source_of, runtime, token) is None:  # nobody's: of that not a byte is read
        return Response(status_code=202)
    body = await body_of(request, LARGEST)
    if body is None:
        return Response(status_code=413)
    await run_in_threadpool(pushed, runtime, token, body, request.headers.get("x-hub-signature", ""))
    return Response(status_code=202)
