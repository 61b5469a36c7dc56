"""The pages as an ASGI application.

    request ─> Hardening ─> route ─> who asks (access) ─> what there is (reading, store) ─> gate ─> template

Handlers that read the database are plain functions: they run in threads, none blocks the loop. Those that read a body
are not, and hand over to a thread once they have it; so does whatever asks for the time, which is the database's."""

import logging
from importlib.resources import files
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from alerts.access.sign_on import NOBODY, SignOn
from alerts.access.signing import Signer
from alerts.model.errors import AlertsError, NotFoundError, StoreError, UsageError
from alerts.runtime import logs
from alerts.runtime.runtime import Runtime
from alerts.web import answering, api, atom, operators, overview, pages, probes, reports, sign_in, stream
from alerts.web.acts import act
from alerts.web.auth import Authenticator, Visitor
from alerts.web.connections import LIVE
from alerts.web.middleware import Hardening
from alerts.web.site import Site, site_of, unless_known

ASSETS: Final = {"style.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}


def create_app(
    runtime: Runtime,
    signer: Signer,
    operator_token: str,
    *,
    base_url: str = "",
    hosts: frozenset[str] | None = None,
    metrics_token: str = "",
    sign_on: SignOn = NOBODY,
) -> Starlette:
    """The application. `base_url` is where the world finds it; its cookies are for https where that says so.

    It answers to the names `hosts` (None: to any); with a `metrics_token`, `/metrics` is for those who bear it."""
    https = base_url.startswith("https://")
    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(Hardening, https=https, hosts=hosts)],
        exception_handlers={HTTPException: _http_error, AlertsError: _our_error, Exception: _defect},
    )
    authenticator = Authenticator(signer, operator_token, https, metrics_token, sign_on)
    app.state.site = Site(runtime, authenticator, base_url)
    app.state.live = stream.Live(runtime)
    return app


def _routes() -> list[Route | Mount]:
    return [
        Route("/", stream.home),
        Route(LIVE, stream.live),
        Route("/overview", overview.overview),
        Route("/institutions", pages.institutions),
        Route("/search", pages.search),
        Route("/institutions/{institution}", pages.profile),
        Route("/institutions/{institution}/feed.atom", atom.institution_feed),
        Route("/institutions/{institution}/why-not", pages.why_not),
        Route("/briefing", reports.newest),
        Route("/briefing/{week}", reports.edition),
        Route("/me", reports.mine),
        Route("/feedback", reports.feedback),
        Route("/stories/{story}", pages.story),
        Route("/alerts/{alert}", pages.alert),
        Route("/subscribers/{subscriber}/feed.atom", atom.subscriber_feed),
        Route("/subscribers/{subscriber}/rules/{rule}/feed.atom", atom.subscriber_feed),
        Route("/enter/{token}", sign_in.follow_link),
        Route("/sign-in", sign_in.begin),
        Route("/sign-in/callback", sign_in.finish),
        Route("/leave", sign_in.leave, methods=["POST"]),
        Route("/unsubscribe/{token}", answering.unsubscribe, methods=["GET", "POST"]),
        Route("/unsubscribe/{token}/undo", answering.unsubscribe, methods=["POST"]),
        Route("/answer/{token}", answering.answer),
        Route("/answer/{token}/undo", answering.undo, methods=["POST"]),
        Route("/answer/{token}/{act}", answering.answer, methods=["GET", "POST"]),
        Route("/operate", operators.overview),
        Route("/operate/audit", operators.audit),
        Route("/operate/configurations", operators.configurations),
        Route("/operate/sources/{source}", operators.source),
        Route("/operate/enter", sign_in.operator, methods=["GET", "POST"]),
        Route("/operate/{action}", act, methods=["GET", "POST"]),
        Route("/websub/{token}", probes.websub, methods=["GET", "POST"]),
        Route("/healthz", probes.healthz),
        Route("/readyz", probes.readyz),
        Route("/metrics", probes.metrics),
        Route("/static/{name}", asset),
        Mount("/api", routes=[Route(path, endpoint) for path, endpoint in api.PATHS.items()]),
    ]


def asset(request: Request) -> Response:
    """One of our few files."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    body = files("alerts.web").joinpath("static", name).read_bytes()
    return unless_known(request, body, ASSETS[name], "public, max-age=300")


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    message = error.detail if error.status_code != 404 or error.detail != "Not Found" else "There is no such page."
    return _failed(request, error.status_code, message, dict(error.headers or {}))


def _our_error(request: Request, error: Exception) -> Response:
    if isinstance(error, NotFoundError):
        return _failed(request, 404, f"There is no {error.kind} “{error.key[:100]}”.")
    if isinstance(error, UsageError):
        return _failed(request, 400, str(error))
    _log(error)
    if isinstance(error, StoreError):
        return _failed(request, 503, "The database does not answer.", {"Retry-After": "10"})
    return _failed(request, 500, "This could not be done.")


def _defect(request: Request, error: Exception) -> Response:
    _log(error)
    return _failed(request, 500, "This is a defect of the program. It is in the log.")


def _log(error: Exception) -> None:
    """The kind of error and where it arose. Its text may hold what a visitor sent."""
    logs.event("page.failed", logging.ERROR, error=type(error).__name__, traceback=logs.frames(error))


def _failed(request: Request, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """An error for people, or for programs where they ask."""
    if request.url.path.startswith("/api/"):
        response = api.answer({"error": message}, status=status)
    else:
        values = {"status": status, "message": message}
        response = site_of(request).page(request, "error.html.j2", Visitor(), values, status=status)
    response.headers.update(headers or {})
    return response
