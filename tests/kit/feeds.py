"""A feed server on the loopback interface whose every answer a test scripts, feeds that grow version by version."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from xml.sax.saxutils import escape

from kit.local_server import LocalServer


@dataclass(frozen=True)
class Entry:
    """One entry of a feed."""

    id: str
    title: str
    text: str = ""
    link: str = ""
    published: datetime | None = None


def rss(entries: Iterable[Entry], title: str = "feed") -> bytes:
    """An RSS 2.0 feed with these entries, the first on top."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{escape(each.id)}</guid><title>{escape(each.title)}</title>"
        + (f"<link>{escape(each.link)}</link>" if each.link else "")
        + f"<description>{escape(each.text)}</description>"
        + (f"<pubDate>{format_datetime(each.published)}</pubDate>" if each.published else "")
        + "</item>"
        for each in entries
    )
    head = f"<title>{escape(title)}</title><link>https://{title}.example/</link><description>x</description>"
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>{head}{items}</channel></rss>".encode()


@dataclass(frozen=True)
class Page:
    """One answer. `delay` is in seconds; `promised` a Content-Length other than the body's, as of a cut-off one."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/rss+xml; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    promised: int | None = None
    validators: bool = True


class FeedServer(LocalServer):
    """Serves `pages` by name at `url`/NAME; 404 for what is not there. A context manager.

    `requests` are the names asked for, in order, 304s among them; `appeared` says when each page was last set.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[str] = []
        self.appeared: dict[str, float] = {}
        self._lock = threading.Lock()
        super().__init__(_handler(self))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, name: str, content: Page | bytes | Sequence[Entry]) -> None:
        """What the feed answers from now on."""
        if isinstance(content, bytes):
            content = Page(content)
        elif not isinstance(content, Page):
            content = Page(rss(content, name))
        with self._lock:
            self.pages[name] = content
            self.appeared[name] = time.time()

    def count(self, name: str) -> int:
        """How often it was asked for."""
        with self._lock:
            return self.requests.count(name)

    def _page(self, name: str) -> Page:
        with self._lock:
            self.requests.append(name)
            return self.pages.get(name, Page(b"nothing here", 404, "text/plain"))


def _handler(feeds: FeedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = feeds._page(self.path.removeprefix("/").split("?")[0])
            if page.delay:
                time.sleep(page.delay)
            etag = f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'
            known = page.status == 200 and page.validators and self.headers.get("If-None-Match") == etag
            if known:
                page = replace(page, body=b"", status=304)
            try:
                self.send_response(page.status)
                self.send_header("Content-Type", page.content_type)
                self.send_header("Content-Length", str(len(page.body) if page.promised is None else page.promised))
                if page.validators:
                    self.send_header("ETag", etag)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page.body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the reader had enough

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    return Handler
