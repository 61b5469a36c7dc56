"""How visitors come in and leave: links of members, the operator token, a provider of OpenID Connect."""

import logging
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from authlib.common.security import is_secure_transport
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.access import openid
from alerts.access.openid import SignInError
from alerts.access.signing import Purpose
from alerts.model.times import format_time, parse_time
from alerts.rendering import escape
from alerts.runtime import logs
from alerts.web.auth import PERSON, Visitor, form_of
from alerts.web.site import Site, site_of

PENDING_COOKIE: Final = "alerts_sign_in"
PENDING: Final = timedelta(minutes=10)  # to sign in at the provider
PAGE: Final = re.compile(r"/(?![/\\])[\w.~%/?&=+:@-]{0,500}", re.ASCII)  # of ours, to which signing in leads
SIGNING_IN: Final = threading.BoundedSemaphore(8)  # at once, so that a provider that hangs holds up no other page


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


def begin(request: Request) -> Response:
    """Sends the browser to the provider, which sends it back to `finish`."""
    site, page = site_of(request), request.query_params.get("next", "")
    secret = [secrets.token_urlsafe(32) for _ in range(3)]
    with _provider(site, request) as callback:
        address = openid.authorization_url(site.authenticator.sign_on, callback, *secret)
    response = RedirectResponse(address, status_code=303)
    pending = (*secret, page if PAGE.fullmatch(page) else "/", format_time(site.now() + PENDING))
    cookie = site.authenticator.signer.sign(Purpose.SIGN_IN, *pending)
    site.authenticator.set_cookie(response, PENDING_COOKIE, cookie, int(PENDING.total_seconds()), "lax")
    return response


def finish(request: Request) -> Response:
    """Takes the answer of the provider, and starts a session of whom it names."""
    site, given, now = site_of(request), request.query_params, site_of(request).now()
    authenticator, access, provider = site.authenticator, site.settings.access, site.authenticator.sign_on
    pending = authenticator.signer.read(Purpose.SIGN_IN, request.cookies.get(PENDING_COOKIE, ""))
    if pending is None or given.get("state") != pending[0] or parse_time(pending[4]) <= now:
        raise HTTPException(403, "This sign-in was begun in another browser, or too long ago: begin again.")
    state, nonce, verifier, page, _ = pending
    if not given.get("code"):
        why = escape.headline(given.get("error_description") or given.get("error", "no reason given"))
        raise HTTPException(403, f"The provider did not sign you in: {why}")
    with _provider(site, request) as callback:
        claims = openid.claims(provider, callback, nonce, verifier, given["code"], access.claim, now)
    person, groups = _named(claims, access.claim)
    if not (groups := access.known(groups)):
        raise HTTPException(403, f"You are {person}, but no group that you are in has access here: ask the operators.")
    response = RedirectResponse(page, status_code=303)
    about = {"person": person, "groups": groups, "credential": provider.issuer, "request": state}
    with site.runtime.database.write() as session:
        authenticator.begin(request, response, session, now, about)
    response.delete_cookie(PENDING_COOKIE, path="/")
    logs.event("person.signed_in", person=person)
    return response


@contextmanager
def _provider(site: Site, request: Request) -> Iterator[str]:
    """Where the provider sends the browser back. Raises HTTPException where nobody can sign in there, or it fails."""
    callback = f"{site.address(request)}/sign-in/callback"
    if not site.authenticator.sign_on.issuer:
        raise HTTPException(404)
    if not is_secure_transport(callback):
        raise HTTPException(403, "Signing in needs https. Operators: set ALERTS_BASE_URL to the https address.")
    if not SIGNING_IN.acquire(blocking=False):
        raise HTTPException(503, "Too many people are signing in: try again.", {"Retry-After": "10"})
    try:
        yield callback
    except SignInError as error:
        logs.event("sign_in.failed", logging.WARNING, reason=escape.headline(str(error)))
        message = "Signing in failed: the provider does not answer, or its answer cannot be verified. Try again."
        raise HTTPException(502, message) from error
    finally:
        SIGNING_IN.release()


def _named(claims: Mapping[str, Any], claim: str) -> tuple[str, list[str]]:
    """The person that claims are about, and the groups. An address counts if the provider has verified it."""
    verified = claims.get("email_verified") in (True, "true")
    given = {key: value for key, value in claims.items() if verified or key != "email"}
    person = next(str(given[key]) for key in ("email", "preferred_username", "name", "sub") if given.get(key))
    groups = given.get(claim, [])
    return escape.headline(person, PERSON), [str(each) for each in (groups if isinstance(groups, list) else [groups])]


def leave(request: Request) -> Response:
    """Forgets the member's link on this device, and ends the session."""
    site = site_of(request)
    response = RedirectResponse("/", status_code=303)
    with site.runtime.database.write() as session:
        site.authenticator.leave(request, response, session, site.now())
    return response
