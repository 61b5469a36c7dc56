"""What machines ask: does this process live, does the system work, what are the numbers."""

from __future__ import annotations

import json
from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from alerts.model.errors import StoreError
from alerts.web.site import site_of


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
    record: dict[str, Any] = {"healthy": report.healthy, "problems": len(report.problems)}
    if operator:
        record = report.record()
    return _answer(record, 200 if report.healthy else 503)


def _answer(record: dict[str, Any], status: int) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(record) + "\n", status_code=status, media_type="application/json", headers=headers)


def metrics(request: Request) -> Response:
    """The metrics in the text format. Raises HTTPException where a token protects them and is not given."""
    site = site_of(request)
    if not site.authenticator.may_scrape(request, site.now()):
        raise HTTPException(401, "The metrics need their token.", {"WWW-Authenticate": "Bearer"})
    site.runtime.configuration.current()  # looks at the files
    return Response(generate_latest(site.metrics.get()), media_type=CONTENT_TYPE_LATEST)
