"""A feed server on the loopback interface: RSS over real HTTP."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from jinja2 import Environment, PackageLoader

from alerts.model.tables import table


class FeedServer:
    """Serves the shipped scenario: one RSS feed a source at `url`/SOURCE.xml; `publish` adds the entries of a step.

    A context manager."""

    def __init__(self) -> None:
        self.steps: Sequence[Mapping[str, Any]] = table("alerts.demo", "scenario.yaml")
        self._feeds: dict[str, list[tuple[Mapping[str, Any], datetime]]] = {}
        templates = Environment(loader=PackageLoader("alerts.demo", "."), autoescape=True)
        self._template = templates.get_template("feed.xml.j2")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def publish(self, step: Mapping[str, Any], at: datetime) -> None:
        """Puts each entry of a step on top of its feed."""
        for number, entry in enumerate(step["publishes"]):
            former = self._feeds.get(entry["source"], ())
            self._feeds[entry["source"]] = [(entry, at - timedelta(seconds=number)), *former]

    def body(self, source: str) -> bytes:
        """The feed as served now."""
        entries = self._feeds.get(source, ())
        return self._template.render(source=source, url=self.url, entries=entries, rfc_2822=format_datetime).encode()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        feeds = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = feeds.body(self.path.removeprefix("/").removesuffix(".xml"))
                self.send_response(200)
                self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """No access log: the narrator prints what came in."""

        return Handler
