"""What every answer carries, and to which names the pages answer.

A foreign page must not reach them under a name of its own (DNS rebinding)."""

import ipaddress
import time
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.runtime import logs

HOSTS_ENV: Final = "ALERTS_HOSTS"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
# What a page shows depends on who asks, and must not stay in a cache for the next one who does.
CACHING: Final = "private, no-cache"
_MISDIRECTED: Final = PlainTextResponse(
    f"The pages do not answer to this name. Operators: add it to {HOSTS_ENV}, or set ALERTS_BASE_URL.\n",
    status_code=421,
)


class Hardening:
    """Adds the headers to every answer, errors included, and logs it without its address: it may hold a token."""

    def __init__(self, app: ASGIApp, *, https: bool, hosts: frozenset[str] | None) -> None:
        """`hosts` are the names of the pages (`known_hosts`); None: they answer to any."""
        self._app = app
        self._https = https
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def hardened(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS:
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", CACHING)
                headers.add_vary_header("Cookie")
                headers.add_vary_header("Authorization")
                if self._https:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        try:
            if self._hosts is not None and not is_allowed(Headers(scope=scope).get("host", ""), self._hosts):
                await _MISDIRECTED(scope, receive, hardened)
                return
            await self._app(scope, receive, hardened)
        finally:
            route = getattr(scope.get("route"), "path", "")
            ms = round((time.perf_counter() - began) * 1000, 1)
            logs.event("page.answered", route=route, method=scope["method"], status=status, ms=ms)


def known_hosts(base_url: str, environment: Mapping[str, str]) -> frozenset[str]:
    """The names that operators have given the pages: in ALERTS_BASE_URL and ALERTS_HOSTS (separated by commas)."""
    names = environment.get(HOSTS_ENV, "").split(",")
    return frozenset(name.strip().lower() for name in (urlsplit(base_url).hostname or "", *names) if name.strip())


def is_allowed(host: str, known: Iterable[str]) -> bool:
    """Whether a Host header names these pages.

    Addresses and names without a dot (localhost, the name of a service beside this one) are always good: no
    name of the public DNS can be made to point to them. So is a missing header, which no browser leaves out."""
    name = host.strip().lower()
    name = name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0]
    name = name.rstrip(".")
    if not name or ("." not in name and ":" not in name) or name in known:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
