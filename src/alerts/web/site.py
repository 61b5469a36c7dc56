"""What the pages work with, made once for each process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerts.model.settings import Settings
from alerts.runtime.ports import Serving
from alerts.web.auth import Authenticator, Visitor
from alerts.web.health import Checker
from alerts.web.metrics import Collector
from alerts.web.reading import Reading
from alerts.web.show import environment


@dataclass
class Site:
    """`base_url` is where the pages are for the world, without a slash at its end; empty: as the request says."""

    runtime: Serving
    authenticator: Authenticator
    base_url: str = ""

    def __post_init__(self) -> None:
        self.reading = Reading(self.runtime)
        self.collector = Collector(self.runtime)
        self.checker = Checker(self.runtime)
        self._templates = environment()

    @property
    def settings(self) -> Settings:
        return self.runtime.configuration.current().settings

    def now(self) -> datetime:
        """May ask the database, so not for the loop; nor is what renders a page."""
        return self.runtime.clock()

    def visitor(self, request: Request, session: Session) -> Visitor:
        return self.authenticator.visitor(request, session, self.settings, self.now())

    def address(self, request: Request) -> str:
        """The address of the site, without a slash at its end."""
        return self.base_url or str(request.base_url).rstrip("/")

    def page(
        self, request: Request, template: str, visitor: Visitor, values: Mapping[str, Any], *, status: int = 200
    ) -> Response:
        """A page. Every value is escaped where it is written."""
        html = self._templates.get_template(template).render(
            **values, visitor=visitor, path=request.url.path, now=self.now()
        )
        return HTMLResponse(html, status_code=status)


def site_of(request: Request) -> Site:
    """The site that a request is for."""
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101
    return site


@contextmanager
def visit(request: Request) -> Iterator[tuple[Site, Session, Visitor]]:
    """The site, a transaction that reads its database, and who asks. Raises HTTPException where a token is bad."""
    site = site_of(request)
    with site.runtime.database.read() as session:
        yield site, session, site.visitor(request, session)
