"""How visitors come in and leave: links of members, the operator token."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.runtime import logs
from alerts.web.auth import Visitor, form_of
from alerts.web.site import site_of


def follow_link(request: Request) -> Response:
    """Follows a member's link: remembers it and goes to the first page."""
    site = site_of(request)
    token = request.path_params["token"]
    with site.runtime.database.read() as session:
        known = site.authenticator.member(request, session, site.settings, token, site.now())
    response = RedirectResponse("/", status_code=303)
    site.authenticator.remember(response, token, known, site.now())
    return response


async def operator(request: Request) -> Response:
    """Asks for the operator token, and starts a session with the right one."""
    fields = await form_of(request) if request.method == "POST" else None
    return await run_in_threadpool(_operator, request, fields)


def _operator(request: Request, fields: Mapping[str, str] | None) -> Response:
    site = site_of(request)
    if fields is None:
        return site.page(request, "operate_enter.html.j2", Visitor(), {"wrong": False})
    site.authenticator.check_attempts(request, site.now())
    if not site.authenticator.is_operator(fields.get("token", "")):
        site.authenticator.was_wrong(request, site.now())
        return site.page(request, "operate_enter.html.j2", Visitor(), {"wrong": True}, status=403)
    response = RedirectResponse("/operate", status_code=303)
    with site.runtime.database.write() as session:
        about = {"person": "operator", "credential": site.authenticator.credential}
        site.authenticator.begin(request, response, session, site.now(), about)
    logs.event("operator.entered")
    return response


def leave(request: Request) -> Response:
    """Forgets the member's link on this device, and ends the session."""
    site = site_of(request)
    response = RedirectResponse("/", status_code=303)
    with site.runtime.database.write() as session:
        site.authenticator.leave(request, response, session, site.now())
    return response
