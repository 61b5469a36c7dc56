"""What all handlers share: runtime, authentication, templates and caches, made once for each process."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerts.insight.health import health
from alerts.model.errors import StoreError
from alerts.model.settings import Settings
from alerts.runtime.configuration import Active
from alerts.runtime.runtime import Runtime
from alerts.store.repositories import sessions
from alerts.web.auth import Authenticator, Visitor
from alerts.web.metrics import Metrics
from alerts.web.show import environment

_Made = TypeVar("_Made")


class Cached(Generic[_Made]):
    """What is read from the database, at most once within some seconds: asking often costs nothing."""

    def __init__(self, runtime: Runtime, seconds: int, read: Callable[[Runtime, Session, datetime], _Made]) -> None:
        self._runtime = runtime
        self._lasting = timedelta(seconds=seconds)
        self._read = read
        self._made: tuple[datetime, _Made] | None = None

    def get(self) -> _Made:
        """Raises StoreError where the database does not answer."""
        now = self._runtime.clock()
        if self._made is None or not timedelta(0) <= now - self._made[0] < self._lasting:
            with self._runtime.database.read() as session:
                self._made = now, self._read(self._runtime, session, now)
        return self._made[1]


@dataclass
class Site:
    """`base_url` is where the pages are for the world, without a slash at its end; empty: as the request says."""

    runtime: Runtime
    authenticator: Authenticator
    base_url: str = ""

    def __post_init__(self) -> None:
        self.metrics = Cached(self.runtime, 5, Metrics)
        self.health = Cached(
            self.runtime, 2, lambda runtime, session, now: health(session, runtime.configuration.files, now)
        )
        self._templates = environment()

    @property
    def active(self) -> Active:
        return self.runtime.configuration.current()

    @property
    def settings(self) -> Settings:
        return self.active.settings

    def now(self) -> datetime:
        """May ask the database, so not for the loop; nor is what renders a page."""
        return self.runtime.clock()

    def visitor(self, request: Request, session: Session) -> Visitor:
        """Who asks. A session is noted to be in use. Raises HTTPException where a token is bad."""
        now = self.now()
        visitor = self.authenticator.visitor(request, session, self.settings, now)
        if visitor.session is not None and now - visitor.session.seen_at >= sessions.NOTED:
            with suppress(StoreError), self.runtime.database.write() as writing:  # the page is no worse without it
                sessions.note(writing, visitor.session.id, now)
        return visitor

    def address(self, request: Request) -> str:
        """The address of the site, without a slash at its end."""
        return self.base_url or str(request.base_url).rstrip("/")

    def page(
        self, request: Request, template: str, visitor: Visitor, values: Mapping[str, Any], *, status: int = 200
    ) -> Response:
        """A page."""
        acted = request.query_params.get("done", "")[:200] if visitor.operator else ""
        about = {"path": request.url.path, "provider": self.authenticator.sign_on.issuer}
        # An operator may choose whose view it is.
        subscribers = sorted(self.settings.subscribers) if visitor.operator else []
        shown = {**values, **about, "visitor": visitor, "now": self.now(), "acted": acted, "subscribers": subscribers}
        return HTMLResponse(self.render(template, shown), status_code=status)

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """A document. Every value is escaped where it is written."""
        return self._templates.get_template(template).render(values)


def unless_known(request: Request, body: bytes, media_type: str, caching: str) -> Response:
    """The document, or 304 where the reader has it already."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": etag, "Cache-Control": caching}
    known = request.headers.get("if-none-match", "")
    if etag in [each.strip().removeprefix("W/") for each in known.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def site_of(request: Request) -> Site:
    """The site that a request is for."""
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101
    return site


@contextmanager
def visit(request: Request, *, operators: bool = False) -> Iterator[tuple[Site, Session, Visitor]]:
    """The site, a transaction that reads its database, and who asks. Raises HTTPException where a token is bad, or for
    others where it is for operators: they are led to where they can show the operator token."""
    site = site_of(request)
    with site.runtime.database.read() as session:
        visitor = site.visitor(request, session)
        if operators and not visitor.operator:
            elsewhere = HTTPException(303, headers={"Location": "/operate/enter"})
            is_api = request.url.path.startswith("/api/")
            raise HTTPException(403, "This is for operators.") if is_api else elsewhere
        yield site, session, visitor
