"""How visitors come in and leave: links of members, the operator token, and a provider of OpenID Connect.

With a provider it is the authorization code flow with PKCE, by Authlib; the libraries are imported on first use, as
most deployments have none."""

import logging
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from authlib.common.security import is_secure_transport
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.access.sign_on import SignOn
from alerts.access.signing import Purpose
from alerts.model.errors import AlertsError
from alerts.model.times import format_time, parse_time
from alerts.rendering import escape
from alerts.runtime import logs
from alerts.web.auth import MEMBER_COOKIE, PERSON, Visitor, with_form
from alerts.web.site import Site, site_of

PENDING_COOKIE: Final = "alerts_sign_in"
PENDING: Final = timedelta(minutes=10)  # to sign in at the provider
PAGE: Final = re.compile(r"/(?![/\\])[\w.~%/?&=+:@-]{0,500}", re.ASCII)  # of ours, to which signing in leads
SIGNING_IN: Final = threading.BoundedSemaphore(8)  # at once, so that a provider that hangs holds up no other page
TIMEOUT_SECONDS: Final = 10.0  # of silence of the provider
LEEWAY_SECONDS: Final = 60  # that the provider's clock may differ
# Signatures that only the provider can make: never `none`, nor one by the secret that we hold, too.
ALGORITHMS: Final = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)] + ["EdDSA"]


class SignInError(AlertsError):
    """The provider does not answer, refuses, or says what cannot be verified."""


def follow_link(request: Request) -> Response:
    """Follows a member's link: remembers it and goes to the first page."""
    site = site_of(request)
    token = request.path_params["token"]
    now = site.now()
    with site.runtime.database.read() as session:
        known = site.authenticator.member(request, session, site.settings, token, now)
    response = RedirectResponse("/", status_code=303)
    lasting = int((known.expires_at - now).total_seconds())
    site.authenticator.set_cookie(response, MEMBER_COOKIE, token, lasting, "lax")
    return response


@with_form
def operator(request: Request, fields: QueryParams) -> Response:
    """Asks for the operator token, and starts a session with the right one."""
    site = site_of(request)
    if request.method != "POST":
        return site.page(request, "operate_enter.html.j2", Visitor(), {"wrong": False})
    site.authenticator.attempts.check(request, site.now())
    if not site.authenticator.is_operator(fields.get("token", "")):
        site.authenticator.attempts.was_wrong(request, site.now())
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


# --- OpenID Connect ---------------------------------------------------------------------------------------


def begin(request: Request) -> Response:
    """Sends the browser to the provider, which sends it back to `finish`."""
    site, page = site_of(request), request.query_params.get("next", "")
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    with _provider(site, request) as (client, about):
        asked = {"state": state, "nonce": nonce, "code_verifier": verifier}
        address, _ = client.create_authorization_url(about["authorization_endpoint"], **asked)
    response = RedirectResponse(address, status_code=303)
    pending = (state, nonce, verifier, page if PAGE.fullmatch(page) else "/", format_time(site.now() + PENDING))
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
    with _provider(site, request) as (client, about):
        grant = {"grant_type": "authorization_code", "code": given["code"], "code_verifier": verifier}
        token = client.fetch_token(about["token_endpoint"], **grant)
        claims = _claims(token, _json(client, about["jwks_uri"]), provider, nonce, now)
        if access.claim not in claims and "userinfo_endpoint" in about:
            more = _json(client, about["userinfo_endpoint"], withhold_token=False)
            claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
    person, groups = _named(claims, access.claim)
    if not (groups := access.known(groups)):
        raise HTTPException(403, f"You are {person}, but no group that you are in has access here: ask the operators.")
    response = RedirectResponse(page, status_code=303)
    with site.runtime.database.write() as session:
        known = {"person": person, "groups": groups, "credential": provider.issuer, "request": state}
        authenticator.begin(request, response, session, now, known)
    response.delete_cookie(PENDING_COOKIE)
    logs.event("person.signed_in", person=person)
    return response


def _claims(token: Any, keys: Any, provider: SignOn, nonce: str, now: datetime) -> Mapping[str, Any]:
    """What the ID token says. Raises JoseError unless the provider says it now, about this sign-in, to us."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.jwk import KeySet

    signed = jwt.decode(token["id_token"], KeySet.import_key_set(keys), ALGORITHMS)
    needed = {"iss": provider.issuer, "aud": provider.client_id, "nonce": nonce}
    options = {name: {"essential": True, "value": value} for name, value in needed.items()}
    known = {"client_id": provider.client_id, "nonce": nonce, "access_token": token["access_token"]}
    found = CodeIDToken(signed.claims, signed.header, options, known)
    found.validate(int(now.timestamp()), LEEWAY_SECONDS)
    return {**found}


def _named(claims: Mapping[str, Any], claim: str) -> tuple[str, list[str]]:
    """The person that claims are about, and the groups. An address counts if the provider has verified it."""
    verified = claims.get("email_verified") in (True, "true")
    given = {key: value for key, value in claims.items() if verified or key != "email"}
    person = next(str(given[key]) for key in ("email", "preferred_username", "name", "sub") if given.get(key))
    groups = given.get(claim, [])
    return escape.headline(person, PERSON), [str(each) for each in (groups if isinstance(groups, list) else [groups])]


@contextmanager
def _provider(site: Site, request: Request) -> Iterator[tuple[Any, dict[str, Any]]]:
    """As `connected`. Raises HTTPException where nobody can sign in there, or it fails."""
    provider, callback = site.authenticator.sign_on, f"{site.address(request)}/sign-in/callback"
    if not provider.issuer:
        raise HTTPException(404)
    if not is_secure_transport(callback):
        raise HTTPException(403, "Signing in needs https. Operators: set ALERTS_BASE_URL to the https address.")
    if not SIGNING_IN.acquire(blocking=False):
        raise HTTPException(503, "Too many people are signing in: try again.", {"Retry-After": "10"})
    try:
        with connected(provider, callback) as found:
            yield found
    except SignInError as error:
        logs.event("sign_in.failed", logging.WARNING, reason=escape.headline(str(error)))
        message = "Signing in failed: the provider does not answer, or its answer cannot be verified. Try again."
        raise HTTPException(502, message) from error
    finally:
        SIGNING_IN.release()


@contextmanager
def connected(provider: SignOn, callback: str = "") -> Iterator[tuple[Any, dict[str, Any]]]:
    """A client of the provider, and what that publishes about itself.

    Raises SignInError, which shows no secret, for whatever goes wrong with it."""
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.requests_client import OAuth2Session
    from joserfc.errors import JoseError
    from requests import RequestException

    options = {"scope": provider.scope, "redirect_uri": callback, "code_challenge_method": "S256"}
    secret = provider.client_secret.reveal() or None
    try:
        with OAuth2Session(provider.client_id, secret, default_timeout=TIMEOUT_SECONDS, **options) as client:
            about = _json(client, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
            if about["issuer"] != provider.issuer:
                raise SignInError(f"{provider.issuer} calls itself {about['issuer']}: write that in ALERTS_OIDC_ISSUER")
            yield client, about
    except (AuthlibBaseError, JoseError, RequestException, LookupError, TypeError, ValueError, AttributeError) as error:
        raise SignInError(f"{provider.issuer}: {type(error).__name__}: {error}") from error


def _json(client: Any, address: str, *, withhold_token: bool = True) -> Any:
    answer = client.get(address, withhold_token=withhold_token)
    answer.raise_for_status()
    return answer.json()
