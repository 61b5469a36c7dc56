"""What machines ask: does this process live, does the system work, what are the numbers. Hubs (WebSub) push here."""

import json
from typing import Any, Final

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from alerts.model.errors import StoreError
from alerts.pipeline.websub import pushed, source_of, verified
from alerts.web.auth import body_of
from alerts.web.site import site_of

MAX_PUSH_BYTES: Final = 4 * 1024 * 1024  # a larger push is dropped; polling finds its entries


async def healthz(_request: Request) -> Response:
    """This process answers. Asks nothing else, so that it is no reason to restart what is well."""
    return PlainTextResponse("ok\n")


def readyz(request: Request) -> Response:
    """200 when the system does its work, else 503. What is wrong in words is for operators."""
    site = site_of(request)
    try:
        report = site.health.get()
        with site.runtime.database.read() as session:
            operator = site.visitor(request, session).operator
    except StoreError:
        return _answer({"healthy": False, "database": "does not answer"}, 503)
    record = report.record() if operator else {"healthy": report.healthy, "problems": len(report.problems)}
    return _answer(record, 200 if report.healthy else 503)


def _answer(record: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(record) + "\n", status, {"Cache-Control": "no-store"}, "application/json")


def metrics(request: Request) -> Response:
    """The metrics in the text format. Raises HTTPException where a token protects them and is not given."""
    site = site_of(request)
    if not site.authenticator.may_scrape(request, site.runtime.database, site.settings, site.now()):
        raise HTTPException(401, "The metrics need their token.", {"WWW-Authenticate": "Bearer"})
    site.runtime.configuration.current()  # looks at the files
    return Response(generate_latest(site.metrics.get()), media_type=CONTENT_TYPE_LATEST)


async def websub(request: Request) -> Response:
    """GET verifies a subscription; POST is a push, answered alike whether it is believed or not."""
    runtime, token = site_of(request).runtime, request.path_params["token"]
    if request.method != "POST":
        answer = await run_in_threadpool(verified, runtime, token, dict(request.query_params))
        return PlainTextResponse(answer.body, status_code=answer.status)
    if await run_in_threadpool(source_of, runtime, token) is None:  # of no source: not a byte of it is read
        return Response(status_code=202)
    body = await body_of(request, MAX_PUSH_BYTES)
    if body is None:
        return Response(status_code=413)
    await run_in_threadpool(pushed, runtime, token, body, request.headers.get("x-hub-signature", ""))
    return Response(status_code=202)
