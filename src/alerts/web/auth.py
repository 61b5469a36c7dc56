"""Authentication: an open visitor, the bearer of a link or token, somebody signed on, or an operator."""

import hashlib
import hmac
import ipaddress
import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerts.access.links import Scope, member
from alerts.access.sign_on import NOBODY, SignOn
from alerts.access.signing import Purpose, Signer
from alerts.feeds.fetching.network import is_in
from alerts.model.settings import Settings
from alerts.model.subscriber import Tier
from alerts.model.times import format_duration
from alerts.rendering import escape
from alerts.runtime import logs
from alerts.store.database import Database
from alerts.store.repositories import sessions
from alerts.store.repositories.links import Link
from alerts.store.repositories.sessions import WebSession

MEMBER_COOKIE: Final = "alerts_member"
SESSION_COOKIE: Final = "alerts_session"
LARGEST_FORM: Final = 32_768  # bytes of a form: the largest names 200 things
MAX_WRONG: Final = 10  # wrong tokens that an address may give within WINDOW
WINDOW: Final = timedelta(minutes=10)
MAX_ADDRESSES: Final = 10_000  # that a process remembers; the one that was wrong longest ago is forgotten first
PERSON: Final = 80  # characters of the name of somebody who signed on
# The scope that a token for programs needs, by the first part of an address; all else is for `read`.
SCOPES: Final = dict.fromkeys(
    ("audit", "configurations", "operate", "readyz", "sources", "status"), Scope.OPERATE
) | dict.fromkeys(("subscribers", "me", "feedback"), Scope.SUBSCRIBER)


@dataclass(frozen=True, slots=True)
class Visitor:
    """`tier` is what may be seen; `subscriber` whose alerts, empty for none, and an operator sees everybody's.

    `person` is who signed on, or the name of a program's token; empty for links and the operator token.
    `form` is what the forms of an operator must carry where a browser shows by itself who asks, so that no foreign page
    can act with it; empty where the request bears a token."""

    tier: Tier = Tier.OPEN
    subscriber: str = ""
    operator: bool = False
    form: str = ""
    session: WebSession | None = None
    person: str = ""

    def may_read(self, subscriber: str) -> bool:
        return self.operator or (self.subscriber != "" and self.subscriber == subscriber)


class Attempts:
    """Wrong tokens by address, in memory: each process counts for itself. Thread-safe."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, request: Request, now: datetime) -> None:
        """Raises HTTPException where this address has given too many bad tokens: good ones wait as well."""
        with self._lock:
            recent = [each for each in self._wrong.get(_network(_address(request)), ()) if now - each < WINDOW]
        if len(recent) >= MAX_WRONG:
            wait = timedelta(seconds=max(1, round((recent[0] + WINDOW - now).total_seconds())))
            message = f"Too many wrong tokens came from this address: try again in {format_duration(wait)}."
            raise HTTPException(429, message, {"Retry-After": str(wait // timedelta(seconds=1))})

    def was_wrong(self, request: Request, now: datetime) -> None:
        """Notes that this address gave a bad token."""
        key = _network(_address(request))
        with self._lock:
            self._wrong.setdefault(key, deque(maxlen=MAX_WRONG)).append(now)
            self._wrong.move_to_end(key)
            if len(self._wrong) > MAX_ADDRESSES:
                self._wrong.popitem(last=False)
        logs.event("token.refused", logging.WARNING, address=_address(request))


def _network(address: str) -> str:
    """An IPv6 client usually has a whole /64 to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address


@dataclass
class Authenticator:
    """Knows members by their links, programs and operators by their tokens, and people by who vouches for them."""

    signer: Signer
    operator_token: str = field(repr=False)
    https: bool
    metrics_token: str = field(default="", repr=False)
    sign_on: SignOn = NOBODY

    def __post_init__(self) -> None:
        self._session_key = self.signer.derived_key(Purpose.SESSION)
        self.attempts = Attempts()
        self.credential = hashlib.sha256(self.operator_token.encode()).hexdigest()[:16]

    def visitor(self, request: Request, session: Session, settings: Settings, now: datetime) -> Visitor:
        """The visitor who sent a request. A bad token that was given on purpose is refused; a stale cookie is ignored.

        Raises HTTPException where the token is bad, or where this address has given too many bad ones."""
        bearer = _bearer(request)
        given = bearer or request.query_params.get("key", "")
        if given:
            self.attempts.check(request, now)
            if bearer and self.is_operator(bearer):
                return Visitor(Tier.LEADERSHIP_ALLIANCE, operator=True)
            scope = _scope_of(request)
            if (program := self._program(session, settings, bearer, scope, now)) is not None:
                subscriber = program.subscriber if Scope.SUBSCRIBER in program.scopes else ""
                name = escape.headline(f"token {program.name or program.id}", PERSON)
                return Visitor(program.tier, subscriber, operator=scope is Scope.OPERATE, person=name)
            known = self.member(request, session, settings, given, now)
            return Visitor(known.tier, known.subscriber)
        signed_in = sessions.find(session, self._session_key, request.cookies.get(SESSION_COOKIE, ""), now)
        if signed_in is not None:
            form = self.signer.sign(Purpose.FORM, signed_in.id)
            if signed_in.credential == self.credential:
                return Visitor(Tier.LEADERSHIP_ALLIANCE, operator=True, form=form, session=signed_in)
            if signed_in.credential == self.sign_on.issuer:
                return _granted(settings, signed_in.person, signed_in.groups, form, signed_in)
        if person := self._named_by_proxy(request):
            form = self.signer.sign(Purpose.FORM, person, f"{now:%Y-%m-%d}")
            groups = [each.strip() for each in request.headers.get(self.sign_on.groups_header, "").split(",")]
            return _granted(settings, person, groups, form)
        cookie = request.cookies.get(MEMBER_COOKIE, "")
        remembered = member(session, self.signer, settings, cookie, now) if cookie else None
        return Visitor() if remembered is None else Visitor(remembered.tier, remembered.subscriber)

    def member(self, request: Request, session: Session, settings: Settings, token: str, now: datetime) -> Link:
        """The bearer of a link. Raises HTTPException where it is bad, or this address has given too many bad ones."""
        self.attempts.check(request, now)
        known = member(session, self.signer, settings, token, now)
        if known is None:
            self.attempts.was_wrong(request, now)
            raise HTTPException(403, "This link is not good any more: it expired or was revoked.")
        return known

    def _program(self, session: Session, settings: Settings, token: str, scope: Scope, now: datetime) -> Link | None:
        """The bearer of a token for programs; None for another token. Raises HTTPException where it lacks the scope."""
        known = member(session, self.signer, settings, token, now, Purpose.TOKEN)
        if known is not None and scope not in known.scopes:
            raise HTTPException(403, f"This token lacks the scope “{scope}”.")
        return known

    def _named_by_proxy(self, request: Request) -> str:
        """The person that a trusted proxy names; empty where none does, or more than one."""
        named = request.headers.getlist(self.sign_on.header) if self.sign_on.header else []
        peer = getattr(request.state, "peer", "")
        if named and not any(peer and is_in(peer, each) for each in self.sign_on.proxies):
            logs.event("header.ignored", logging.WARNING, address=peer)
            return ""
        return escape.headline(named[0], PERSON) if len(named) == 1 else ""

    def may_scrape(self, request: Request, database: Database, settings: Settings, now: datetime) -> bool:
        """Whether the metrics may be read: by all, or by who bears their token, one with the scope, or operators."""
        if not self.metrics_token:
            return True
        bearer = _bearer(request)
        if not bearer:
            return False
        self.attempts.check(request, now)
        if self.is_operator(bearer) or hmac.compare_digest(bearer.encode(), self.metrics_token.encode()):
            return True
        with database.read() as session:
            known = self._program(session, settings, bearer, Scope.METRICS, now)
        if known is None:
            self.attempts.was_wrong(request, now)
        return known is not None

    def leave(self, request: Request, response: Response, session: Session, now: datetime) -> None:
        """Forgets the link on this device, and ends the session for whoever holds its cookie."""
        sessions.end(session, sessions.digest(self._session_key, request.cookies.get(SESSION_COOKIE, "")), now)
        for name in (MEMBER_COOKIE, SESSION_COOKIE):
            response.delete_cookie(name)

    def is_operator(self, token: str) -> bool:
        """Compares in constant time."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.operator_token.encode())

    def begin(
        self, request: Request, response: Response, session: Session, now: datetime, about: Mapping[str, Any]
    ) -> None:
        """Starts a session under a new id, with `about` as `sessions.begin` takes it; one that the browser had ends.

        Raises HTTPException where the sign-in request that it answers was answered before."""
        sessions.end(session, sessions.digest(self._session_key, request.cookies.get(SESSION_COOKIE, "")), now)
        token = sessions.begin(session, self._session_key, now, **about)
        if not token:
            raise HTTPException(403, "This sign-in was used before: begin again.")
        # `strict` would hide who signed on from the page to which the provider, or a message, leads.
        same_site: Literal["lax", "strict"] = "lax" if "request" in about else "strict"
        self.set_cookie(response, SESSION_COOKIE, token, int(sessions.LASTING.total_seconds()), same_site)

    def set_cookie(
        self, response: Response, name: str, value: str, seconds: int, same_site: Literal["lax", "strict"]
    ) -> None:
        """A cookie that no script reads, and none but https carries where the pages are at https."""
        response.set_cookie(name, value, max_age=seconds, secure=self.https, httponly=True, samesite=same_site)


def _granted(
    settings: Settings, person: str, groups: Sequence[str], form: str, session: WebSession | None = None
) -> Visitor:
    """Somebody for whom a sign-on vouches, with what the configuration gives to the groups."""
    access, subscribers = settings.access, settings.subscribers
    if not access.operators.isdisjoint(groups):
        return Visitor(Tier.LEADERSHIP_ALLIANCE, "", True, form, session, person)
    named = [subscribers[key] for group, key in access.subscribers.items() if group in groups and key in subscribers]
    tiers = [Tier.OPEN, *(tier for group, tier in access.tiers.items() if group in groups)]
    tier = max([*tiers, *(each.tier for each in named[:1])], key=lambda each: each.rank)
    return Visitor(tier, named[0].id if named else "", session=session, person=person)


def _scope_of(request: Request) -> Scope:
    """The scope that a token for programs needs for a request."""
    if request.method not in {"GET", "HEAD"}:
        return Scope.OPERATE
    return SCOPES.get(request.url.path.removeprefix("/api").split("/")[1], Scope.READ)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def body_of(request: Request, most: int) -> bytes | None:
    """The body; None where it has more than `most` bytes, of which no more are read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def with_form(
    handler: Callable[[Request, QueryParams], Response],
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Passes the fields of a posted form to a handler, which runs in a thread.

    Raises HTTPException where the form is too large or cannot be read."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        body = await body_of(request, LARGEST_FORM) if request.method == "POST" else b""
        if body is None:
            raise HTTPException(413, "The form is too large.")
        try:
            fields = QueryParams(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=250))
        except ValueError:
            raise HTTPException(400, "The form cannot be read.") from None
        return await run_in_threadpool(handler, request, fields)

    return answer


def check_form(request: Request, visitor: Visitor, fields: QueryParams) -> None:
    """Raises HTTPException unless an operator asks, and by one of our own forms or with the token itself."""
    if not visitor.operator:
        raise HTTPException(403, "Only operators can do this.")
    if visitor.form:
        ours = hmac.compare_digest(fields.get("form", "").encode(), visitor.form.encode())
        # `Origin` is null under our referrer policy; browsers that send Sec-Fetch-Site say it there.
        if not ours or request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise HTTPException(403, "This form is out of date: go back, reload the page and try again.")
