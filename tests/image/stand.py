"""A feed and a receiver in one small server, run in a container of its own beside the services under test.

GET /feed       RSS of what was published so far
POST /publish   adds an item with the body as its title
POST /hook      a message for subscribers arrives
GET /received   the messages so far, a JSON list
"""

from __future__ import annotations

import json
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

PORT = 8000
ITEMS: list[tuple[str, str]] = []
RECEIVED: list[object] = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/received":
            self._answer(json.dumps(RECEIVED), "application/json")
        else:
            items = "".join(
                f"<item><guid>{number}</guid><title>{escape(title)}</title><pubDate>{date}</pubDate></item>"
                for number, (title, date) in enumerate(ITEMS)
            )
            feed = f'<rss version="2.0"><channel><title>Wire</title>{items}</channel></rss>'
            self._answer(feed, "application/rss+xml")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/publish":
            ITEMS.append((body, formatdate(usegmt=True)))
        else:
            RECEIVED.append(json.loads(body))
        self._answer("ok\n", "text/plain")

    def _answer(self, body: str, kind: str) -> None:
        content = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keeps the log of the container empty."""


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
