"""What the pages work with, made once for each process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from jinja2 import Environment
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

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.runtime)

    @cached_property
    def collector(self) -> Collector:
        return Collector(self.runtime)

    @cached_property
    def checker(self) -> Checker:
        return Checker(self.runtime)

    @cached_property
    def _templates(self) -> Environment:
        return environment()

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
