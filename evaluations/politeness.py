"""How polite the polling is: a server that keeps score, and readers that poll it for simulated days.

    make score-politeness [ARGS="--days 6"]

The server plays publishers of every kind and writes down each request with the simulated time. Ours is
judged with its state stored as JSON and read back before each poll, so every poll is one after a restart, and
with the store's turns at a host. Beside it stand lemon24/reader (.venv/peers; left out where it is not
installed) with the same least interval and its scheduled updates run every minute, and a script as one writes
it with feedparser alone: every source each 15 minutes, with the `etag` and `modified` that its documentation
tells to pass. Exit status 1 where ours misses a criterion.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import feedparser

from alerts.feeds.diff import KnownItem, KnownItems
from alerts.feeds.fetching.fetch import make_client
from alerts.feeds.poll import poll_feed
from alerts.feeds.schedule import first_poll
from alerts.feeds.state import FeedState
from alerts.model.source import Source
from alerts.store.database import Database
from alerts.store.repositories.sources import reserve_hosts

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
INTERVAL = timedelta(minutes=15)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOST_GAP = timedelta(seconds=1)
PEER = Path(__file__).parents[1] / ".venv" / "peers" / "bin" / "python"


@dataclass
class Request:
    at: datetime
    path: str
    headers: dict[str, str]
    status: int = 0
    sent: dict[str, str] = field(default_factory=dict)  # the validators in the answer


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def rss(items: list[tuple[str, datetime]], head: str = "") -> bytes:
    entries = "".join(
        f"<item><guid>{title}</guid><title>{title}</title><link>http://a.example/{title}</link>"
        f"<pubDate>{format_datetime(when)}</pubDate></item>"
        for title, when in items
    )
    return f'<rss version="2.0"><channel><title>T</title>{head}{entries}</channel></rss>'.encode()


def quiet(head: str = "") -> bytes:
    """A feed that had news once a week."""
    return rss([(f"story-{week}", START - week * timedelta(days=7)) for week in range(1, 9)], head)


def busy(now: datetime, head: str = "") -> bytes:
    """A feed with news every twenty minutes, the newest first."""
    count = int((now - START) / (20 * MINUTE))
    return rss([(f"news-{n}", START + n * 20 * MINUTE) for n in range(count, count - 20, -1)], head)


class Publishers:
    """What each path answers, and the score sheet."""

    def __init__(self) -> None:
        self.now = START
        self.log: list[Request] = []
        self.versions: dict[str, int] = {}

    def answer(self, request: Request) -> Answer:
        scene: Callable[[Request], Answer] = getattr(self, "scene_" + request.path.strip("/").replace("-", "_"))
        answer = scene(request)
        request.status = answer.status
        request.sent = {k: v for k, v in answer.headers.items() if k in {"ETag", "Last-Modified"}}
        return answer

    def validated(self, request: Request, body: bytes, headers: dict[str, str], **more: str) -> Answer:
        """304 where every validator that we gave comes back as it was."""
        etag, modified = headers.get("ETag"), headers.get("Last-Modified")
        back = (etag is None or request.headers.get("if-none-match") == etag) and (
            modified is None or request.headers.get("if-modified-since") == modified
        )
        return Answer(304, headers | more) if back and headers else Answer(200, headers | more, body)

    def scene_plain(self, request: Request) -> Answer:
        return self.validated(request, busy(self.now), {"ETag": f'"{int((self.now - START) / (20 * MINUTE))}"'})

    def scene_odd_validators(self, request: Request) -> Answer:
        odd = {"ETag": 'W/"a, \\"b\\" c"', "Last-Modified": "monday, 2 march 2026 (about noon)"}
        return self.validated(request, quiet(), odd)

    def scene_fresh_validators(self, _request: Request) -> Answer:
        """The body stays, the ETag is another at each answer."""
        number = self.versions.get("fresh", 0)
        self.versions["fresh"] = number + 1
        return Answer(200, {"ETag": f'"v{number}"'}, quiet())

    def scene_no_validators(self, _request: Request) -> Answer:
        return Answer(200, {}, quiet())

    def scene_max_age(self, _request: Request) -> Answer:
        return Answer(200, {"Cache-Control": "public, max-age=7200", "ETag": '"x"'}, busy(self.now))

    def scene_expires(self, _request: Request) -> Answer:
        return Answer(
            200, {"Expires": format_datetime(self.now + 3 * HOUR, usegmt=True), "ETag": '"x"'}, busy(self.now)
        )

    def scene_ttl(self, request: Request) -> Answer:
        return self.validated(request, busy(START, "<ttl>150</ttl>"), {"ETag": '"x"'})

    def scene_skip_hours(self, request: Request) -> Answer:
        hours = "".join(f"<hour>{hour}</hour>" for hour in range(6))
        return self.validated(request, busy(START, f"<skipHours>{hours}</skipHours>"), {"ETag": '"x"'})

    def scene_skip_days(self, request: Request) -> Answer:
        days = "<day>Wednesday</day><day>Thursday</day>"
        return self.validated(request, busy(START, f"<skipDays>{days}</skipDays>"), {"ETag": '"x"'})

    def scene_busy_429(self, _request: Request) -> Answer:
        count = self.versions["429"] = self.versions.get("429", 0) + 1
        if count % 3 == 0:
            return Answer(429, {"Retry-After": str(36 * 3600)})
        return Answer(200, {"ETag": f'"{count}"'}, busy(self.now))

    def scene_busy_503(self, _request: Request) -> Answer:
        count = self.versions["503"] = self.versions.get("503", 0) + 1
        if count % 3 == 0:
            return Answer(503, {"Retry-After": format_datetime(self.now + 5 * HOUR, usegmt=True)})
        return Answer(200, {"ETag": f'"{count}"'}, busy(self.now))

    def scene_moved(self, _request: Request) -> Answer:
        return Answer(301, {"Location": "/moved-to"})

    def scene_moved_to(self, request: Request) -> Answer:
        return self.validated(request, quiet(), {"ETag": '"m"'})

    def scene_elsewhere(self, _request: Request) -> Answer:
        return Answer(302, {"Location": "/elsewhere-now"})

    def scene_elsewhere_now(self, request: Request) -> Answer:
        return self.validated(request, quiet(), {"ETag": '"e"'})

    def scene_gone(self, _request: Request) -> Answer:
        return Answer(410)

    def scene_missing(self, _request: Request) -> Answer:
        return Answer(404)

    def scene_broken(self, _request: Request) -> Answer:
        return Answer(500)

    def scene_cookies(self, request: Request) -> Answer:
        return self.validated(request, quiet(), {"ETag": '"c"'}, **{"Set-Cookie": "session=1; Path=/"})

    def of(self, path: str) -> list[Request]:
        return [request for request in self.log if request.path == "/" + path]


PATHS = [
    "plain", "odd-validators", "fresh-validators", "no-validators", "max-age", "expires", "ttl", "skip-hours",
    "skip-days", "busy-429", "busy-503", "moved", "elsewhere", "gone", "missing", "broken", "cookies",
]  # fmt: skip


@contextmanager
def serving(publishers: Publishers) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(publishers.now, self.path, headers)
            answer = publishers.answer(request)
            publishers.log.append(request)
            body = answer.body
            self.send_response_only(answer.status)
            self.send_header("Date", format_datetime(publishers.now, usegmt=True))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if body and "gzip" in headers.get("accept-encoding", ""):
                body = gzip.compress(body, 1)
                self.send_header("Content-Encoding", "gzip")
            if answer.status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# Readers


def ours(publishers: Publishers, base: str, end: datetime) -> dict[str, datetime]:
    """Poll until `end`; when each item of the plain feed was first seen."""
    seen: dict[str, datetime] = {}
    known: dict[str, dict[str, KnownItem]] = {path: {} for path in PATHS}
    states: dict[str, str] = {}
    agenda: list[tuple[datetime, str]] = []
    for path in PATHS:
        source = Source(id=path, url=f"{base}/{path}", publisher=path, interval=INTERVAL, allow_private=True)
        heapq.heappush(agenda, (first_poll(source, START, INTERVAL), path))
    client = make_client("https://example.org/about-us")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/turns.db")
        database.upgrade()
        while agenda and agenda[0][0] < end:
            at, path = heapq.heappop(agenda)
            with database.write() as session:
                (turn,) = reserve_hosts(session, ["127.0.0.1"], at, HOST_GAP, patience=timedelta(0))
            if turn > at:
                heapq.heappush(agenda, (turn, path))
                continue
            publishers.now = at
            source = Source(id=path, url=f"{base}/{path}", publisher=path, interval=INTERVAL, allow_private=True)

            def look_up(_wanted: object, path: str = path) -> KnownItems:
                return KnownItems(known[path], len(known[path]))

            state = FeedState.from_json(json.loads(states.get(path, "{}")))
            polled = poll_feed(client, source, state, look_up, now=at)
            states[path] = json.dumps(polled.plan.state.to_json())
            for change in polled.decision.new if polled.decision else ():
                known[path][change.known.id] = change.known
                if path == "plain":
                    seen.setdefault(change.item.title, at)
            if polled.plan.at is not None:
                heapq.heappush(agenda, (polled.plan.at, path))
        database.dispose()
    return seen


def plain_feedparser(publishers: Publishers, base: str, end: datetime) -> dict[str, datetime]:
    """The loop of feedparser's documentation: every source, every 15 minutes."""
    seen: dict[str, datetime] = {}
    memory: dict[str, tuple[str | None, str | None]] = {}
    now = START
    while now < end:
        for path in PATHS:
            publishers.now = now
            etag, modified = memory.get(path, (None, None))
            result = feedparser.parse(f"{base}/{path}", etag=etag, modified=modified)
            memory[path] = (result.get("etag") or etag, result.get("modified") or modified)
            for entry in result.entries if path == "plain" else ():
                seen.setdefault(entry.get("title", ""), now)
        now += INTERVAL
    return seen


def lemon24_reader(publishers: Publishers, base: str, end: datetime) -> dict[str, datetime]:
    """lemon24/reader in a process of its own, told the time minute by minute."""
    seen: dict[str, datetime] = {}
    command = [str(PEER), str(Path(__file__).with_name("peer_reader.py")), *(f"{base}/{path}" for path in PATHS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        now = START
        while now < end:
            publishers.now = now
            print(now.isoformat(), file=process.stdin, flush=True)
            answer = process.stdout.readline()
            if not answer:
                raise SystemExit("lemon24/reader ended before its time")
            for title in json.loads(answer):
                seen.setdefault(title, now)
            now += MINUTE
        process.stdin.close()
    return seen


# Criteria


def gaps(requests: list[Request]) -> list[timedelta]:
    return [later.at - earlier.at for earlier, later in pairwise(requests)]


def least(requests: list[Request], gap: timedelta) -> bool:
    return len(requests) > 1 and all(each >= gap for each in gaps(requests))


def conditional(requests: list[Request]) -> bool:
    """Every request after an answer with validators carries exactly the last ones, and no others."""
    current: dict[str, str] = {}
    for request in requests:
        if request.headers.get("if-none-match") != current.get("ETag"):
            return False
        if request.headers.get("if-modified-since") != current.get("Last-Modified"):
            return False
        if request.status == 200:
            current = request.sent
        elif request.status == 304:
            current = current | request.sent
    return len(requests) > 1


def after_status(requests: list[Request], status: int, gap: timedelta) -> bool:
    waits = [later.at - earlier.at for earlier, later in pairwise(requests) if earlier.status == status]
    return bool(waits) and all(wait >= gap for wait in waits)


def criteria(p: Publishers, seen: dict[str, datetime], end: datetime) -> list[tuple[str, bool]]:
    everything = p.log
    direct = [request for request in everything if request.path.strip("/") in PATHS]
    settled = [request for request in p.of("no-validators") if request.at > START]
    moved, target, elsewhere = p.of("moved"), p.of("moved-to"), p.of("elsewhere")
    missing, broken, gone = p.of("missing"), p.of("broken"), p.of("gone")
    last = {path: p.of(path)[-1].at for path in PATHS}
    by_time = sorted(request.at for request in everything if request.path not in {"/moved-to", "/elsewhere-now"})
    delays = [
        at - (START + int(title.removeprefix("news-")) * 20 * MINUTE)
        for title, at in seen.items()
        if int(title.removeprefix("news-")) > 0
    ]
    return [
        ("asks conditionally", conditional(p.of("plain"))),
        ("sends validators back byte for byte", conditional(p.of("odd-validators"))),
        ("takes new validators though the body is the old one", conditional(p.of("fresh-validators"))),
        ("invents no validators", conditional(p.of("no-validators"))),
        ("keeps to the interval", all(least(p.of(path), INTERVAL) for path in PATHS)),
        ("finds news within its interval and a tenth", bool(delays) and max(delays) <= INTERVAL * 1.1 + MINUTE),
        ("at most daily without validators, where a feed is quiet", least(settled, DAY)),
        ("obeys Cache-Control: max-age", least(p.of("max-age"), 2 * HOUR)),
        ("obeys Expires", least(p.of("expires"), 3 * HOUR)),
        ("obeys ttl", least(p.of("ttl"), 150 * MINUTE)),
        ("obeys skipHours", not any(request.at.hour < 6 for request in p.of("skip-hours")[1:])),
        ("obeys skipDays", not any(request.at.weekday() in {2, 3} for request in p.of("skip-days")[1:])),
        ("obeys Retry-After of 36 hours on 429, whole", after_status(p.of("busy-429"), 429, 36 * HOUR)),
        ("obeys Retry-After as a date on 503", after_status(p.of("busy-503"), 503, 5 * HOUR - timedelta(seconds=1))),
        ("follows a 301, and believes it only after days", bool(moved) and moved[-1].at - START >= 3 * DAY),
        ("then asks the new address alone", bool(target) and target[-1].at > moved[-1].at + HOUR),
        ("does not believe a 302", bool(elsewhere) and elsewhere[-1].at > end - DAY),
        ("stops after a 410 that is confirmed", 1 < len(gone) <= 6 and gone[-1].at < end - DAY),
        ("backs off from a 404", len(missing) < 30 and missing[-1].at > end - 2 * DAY),
        ("backs off from a 500, and goes on", len(broken) < 30 and last["broken"] > end - 2 * DAY),
        ("leaves a gap between two requests to a host", all(b - a >= HOST_GAP for a, b in pairwise(by_time))),
        ("sends no cookies", not any("cookie" in request.headers for request in everything)),
        ("sends no Referer", not any("referer" in request.headers for request in everything)),
        (
            "says who asks, with a contact",
            all(re.search("https?://|@", r.headers.get("user-agent", "")) for r in everything),
        ),
        ("accepts feeds by type", all("application/atom+xml" in r.headers.get("accept", "") for r in everything)),
        ("accepts gzip", all("gzip" in r.headers.get("accept-encoding", "") for r in everything)),
        ("asks different sources at different times", len({r.at for r in direct}) > len(direct) * 0.9),
    ]


def judge(
    reader: Callable[[Publishers, str, datetime], dict[str, datetime]], days: int
) -> tuple[list[tuple[str, bool]], int]:
    publishers = Publishers()
    end = START + days * DAY
    with serving(publishers) as base:
        seen = reader(publishers, base, end)
    return criteria(publishers, seen, end), len(publishers.log)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=6, help="simulated days (at least 6)")
    days = max(6, parser.parse_args().days)
    readers = {"ours": ours, "lemon24/reader": lemon24_reader, "feedparser alone": plain_feedparser}
    if not PEER.exists():
        del readers["lemon24/reader"]
        print("lemon24/reader is not installed in .venv/peers, so it is not beside them.\n")
    scores = {name: judge(reader, days) for name, reader in readers.items()}
    print(f"{days} simulated days, {len(PATHS)} sources, an interval of 15 minutes\n")
    rows = [("criterion", list(scores))]
    rows += [
        (row[0][0], ["yes" if good else "no" for _, good in row])
        for row in zip(*(score for score, _ in scores.values()), strict=True)
    ]
    rows.append(("met", [f"{sum(good for _, good in score)}/{len(score)}" for score, _ in scores.values()]))
    rows.append(("requests", [str(requests) for _, requests in scores.values()]))
    for name, cells in rows:
        print((f"{name:<58} " + "  ".join(f"{cell:<16}" for cell in cells)).rstrip())
    return 0 if all(good for _, good in scores["ours"][0]) else 1


if __name__ == "__main__":
    sys.exit(main())
