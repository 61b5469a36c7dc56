"""Publishers of every kind, as pure functions of the time: what each has published, and what it answers.

Nothing is random at run time: a seed makes the world, so what a reader should have found can be told exactly.
Times are seconds since the beginning of the soak; negative ones are before it.
"""

from __future__ import annotations

import hashlib
import json
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
FORMATS = ("rss", "atom", "json", "rss1")
TRACKED = 20
"""Institutions that titles mention; one title in forty names one of them."""


@dataclass(frozen=True)
class Kind:
    """How one sort of publisher behaves. `share` is its part of a thousand."""

    name: str
    share: int
    every: float  # seconds between two items, on average
    interval: str  # of the source in the configuration
    validators: str = "etag"  # etag | date | none | fresh: another ETag at each answer
    burst: int = 1
    window: int = 25  # entries that the feed holds


KINDS = (
    Kind("quiet", 250, 4 * DAY, "12h"),
    Kind("daily", 230, DAY, "8h", "date"),
    Kind("hourly", 60, HOUR, "1h"),
    Kind("busy", 10, 12 * MINUTE, "15m", window=40),
    Kind("bursts", 80, 10 * HOUR, "2h", burst=8, window=30),
    Kind("no validators", 50, 12 * HOUR, "2h", "none"),
    Kind("only dates change", 60, 6 * HOUR, "4h", "fresh"),
    Kind("reordered", 40, 4 * HOUR, "3h"),
    Kind("edited", 30, 5 * HOUR, "3h"),
    Kind("rolled back", 30, 3 * HOUR, "2h"),
    Kind("404 for hours", 20, 3 * HOUR, "2h", window=30),
    Kind("429, Retry-After", 20, 3 * HOUR, "1h", window=30),
    Kind("503, Retry-After", 30, 4 * HOUR, "2h", window=30),
    Kind("hangs up for hours", 10, 3 * HOUR, "2h"),
    Kind("cut off", 10, 3 * HOUR, "2h", "none"),
    Kind("slow", 10, 3 * HOUR, "3h"),
    Kind("301", 20, 5 * HOUR, "3h"),
    Kind("410", 10, 5 * HOUR, "3h"),
    Kind("new ids for all", 10, 4 * HOUR, "2h"),
    Kind("somebody else's", 10, 4 * HOUR, "2h"),
    Kind("max-age, ttl, skipHours", 10, 3 * HOUR, "1h", window=40),
)


@dataclass(frozen=True)
class Feed:
    """One source: `times` are the instants of its items, in order."""

    name: str
    kind: Kind
    format: str
    number: int
    times: tuple[float, ...]

    def published(self, at: float) -> int:
        """How many items there are by then."""
        return bisect_right(self.times, at)

    def title(self, index: int) -> str:
        about = (self.number * 7 + index * 13) % (40 * TRACKED)
        who = f"Tracked{about} Corporation" if about < TRACKED else "The harbour office"
        return f"{who} reports item {index} of {self.name}"

    @property
    def path(self) -> str:
        return f"/feed/{self.name}"


@dataclass
class Answer:
    """`shows`: up to when the items are in it, or None where it shows none. `cut`: bytes that are missing."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    shows: float | None = None
    cut: int = 0
    hangs_up: bool = False
    delay: float = 0.0  # seconds by the wall


def feeds(count: int, days: float, seed: int = 6) -> list[Feed]:
    """`count` feeds of all kinds, each at least once where there are enough."""
    chooser = random.Random(seed)
    each = [kind for kind in KINDS for _ in range(max(1, round(kind.share * count / 1000)))]
    while len(each) < count:
        each.append(KINDS[0])
    while len(each) > count:
        each.remove(max(KINDS, key=each.count))
    return [_feed(number, kind, days, chooser) for number, kind in enumerate(each)]


def _feed(number: int, kind: Kind, days: float, chooser: random.Random) -> Feed:
    times: list[float] = []
    at = -10 * kind.every * chooser.uniform(0.5, 1)
    while at < days * DAY:
        times += [at + n * 70 for n in range(kind.burst)]
        at += kind.every * chooser.uniform(0.4, 1.6) + kind.burst * 70
    before = sum(when < 0 for when in times)
    # What was there before the beginning fits into the feed, together with a burst before the first poll.
    times = times[max(0, before - kind.window + 5 + 2 * kind.burst) :]
    return Feed(f"f{number}", kind, FORMATS[number % len(FORMATS)], number, tuple(sorted(times)))


def moment(at: float) -> datetime:
    return START + timedelta(seconds=at)


def seconds(at: datetime) -> float:
    return (at - START).total_seconds()


def answer(feed: Feed, at: float, etag: str, modified: str, asked: int) -> Answer:
    """What the publisher answers at an instant to the validators of a request, its `asked`-th."""
    hour = (at + feed.number * 997) % DAY / HOUR  # the feed's own hour of the day
    shows, shape = at, ""
    match feed.kind.name:
        case "404 for hours" if 6 <= hour < 10:
            return Answer(404)
        case "429, Retry-After" if int(hour) % 8 == 5:
            return Answer(429, {"Retry-After": str(int((1 - hour % 1) * HOUR) + 60)})
        case "503, Retry-After" if 12 <= hour < 14:
            back = moment(at + (14 - hour) * HOUR + 1)
            return Answer(503, {"Retry-After": format_datetime(back, usegmt=True)})
        case "hangs up for hours" if 3 <= hour < 7:
            return Answer(hangs_up=True)
        case "410" if at > DAY / 2:
            return Answer(410)
        case "rolled back" if 8 <= hour < 10:
            shows = at - 6 * HOUR
        case "new ids for all" if at > 1.5 * DAY:
            shape = "anew"
        case "somebody else's" if 1.2 * DAY < at < 1.2 * DAY + 5 * HOUR:
            shape = "other"
        case "reordered":
            shape = f"order{int(at // HOUR)}"
        case "edited":
            shape = f"edit{feed.published(at - 2 * HOUR)}"
        case "only dates change":
            shape = f"dates{asked}"
        case _:
            pass
    made = _validated(feed, shows, shape, etag, modified)
    if shape == "other":
        made.shows = None
    if feed.kind.name == "slow":
        made.delay = 0.05 + feed.number % 3 * 0.05
    if feed.kind.name == "cut off" and int(hour) % 6 == 2:
        made.cut, made.shows = len(made.body) // 3, None
    if feed.kind.name.startswith("max-age") and feed.number % 2:
        made.headers["Cache-Control"] = "public, max-age=5400"
    return made


def _validated(feed: Feed, shows: float, shape: str, etag: str, modified: str) -> Answer:
    count = feed.published(shows)
    headers = {}
    match feed.kind.validators:
        case "etag" | "fresh":
            mine = hashlib.blake2b(f"{feed.name} {count} {shape}".encode(), digest_size=6).hexdigest()
            headers["ETag"] = f'"{mine}"'
            if etag == headers["ETag"]:
                return Answer(304, headers, shows=shows)
        case "date":
            newest = feed.times[count - 1] if count else 0.0
            headers["Last-Modified"] = format_datetime(moment(newest), usegmt=True)
            if modified == headers["Last-Modified"]:
                return Answer(304, headers, shows=shows)
        case _:
            pass
    headers["Content-Type"] = "application/feed+json" if feed.format == "json" else "application/xml"
    return Answer(200, headers, body(feed, shows, shape), shows)


# Bodies


@dataclass(frozen=True)
class _Entry:
    id: str
    title: str
    link: str
    text: str
    when: datetime


def body(feed: Feed, shows: float, shape: str) -> bytes:
    """The feed as it is with what was published by `shows`."""
    count = feed.published(shows)
    first = max(0, count - feed.kind.window)
    entries = [_entry(feed, index, shows, shape) for index in range(count - 1, first - 1, -1)]
    if shape.startswith("order"):
        random.Random(f"{feed.name}{shape}").shuffle(entries)
    built = moment(shows)
    return _WRITERS[feed.format](feed, entries, built)


def _entry(feed: Feed, index: int, shows: float, shape: str) -> _Entry:
    when = moment(feed.times[index])
    title, text = feed.title(index), f"What item {index} of {feed.name} is about: number {index * 31 % 97}."
    name = f"{feed.name}-{index}"
    link = f"https://news.example/{feed.name}/{index}"
    if shape.startswith("edit") and feed.times[index] <= shows - 2 * HOUR:
        text += " Corrected."
    elif shape.startswith("dates"):
        when += timedelta(seconds=int(shape[5:]) % 50)  # `dcterms:modified` and the like, at each answer
    elif shape == "anew":
        name = f"new-{name}"
    elif shape == "other":
        title, text = f"Cheap watches {index}", f"Buy number {index}"
        name, link = f"spam-{index}", f"https://spam.example/{index}"
        when = moment(feed.times[index] - 90 * DAY)
    return _Entry(name, title, link, text, when)


def _rss(feed: Feed, entries: Sequence[_Entry], built: datetime) -> bytes:
    asks = ""
    if feed.kind.name.startswith("max-age"):
        asks = "<ttl>120</ttl><skipHours><hour>2</hour><hour>3</hour></skipHours>"
    items = "".join(
        f'<item><guid isPermaLink="false">{each.id}</guid><title>{each.title}</title><link>{each.link}</link>'
        f"<description>{each.text}</description><pubDate>{format_datetime(each.when)}</pubDate></item>"
        for each in entries
    )
    head = f"<title>{feed.name}</title><link>https://news.example/{feed.name}/</link>{asks}"
    date = f"<lastBuildDate>{format_datetime(built)}</lastBuildDate>"
    return f'<rss version="2.0"><channel>{head}{date}{items}</channel></rss>'.encode()


def _rss1(feed: Feed, entries: Sequence[_Entry], built: datetime) -> bytes:
    items = "".join(
        f'<item rdf:about="{each.link}"><title>{each.title}</title><link>{each.link}</link>'
        f"<dc:identifier>{each.id}</dc:identifier>"
        f"<description>{each.text}</description><dc:date>{each.when.isoformat()}</dc:date></item>"
        for each in entries
    )
    spaces = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )
    head = f"<title>{feed.name}</title><link>https://news.example/{feed.name}/</link>"
    channel = f'<channel rdf:about="https://news.example/">{head}<dc:date>{built.isoformat()}</dc:date></channel>'
    return f"<rdf:RDF {spaces}>{channel}{items}</rdf:RDF>".encode()


def _atom(feed: Feed, entries: Sequence[_Entry], built: datetime) -> bytes:
    items = "".join(
        f'<entry><id>urn:x:{each.id}</id><title>{each.title}</title><link href="{each.link}"/>'
        f"<summary>{each.text}</summary><published>{each.when.isoformat()}</published>"
        f"<updated>{each.when.isoformat()}</updated></entry>"
        for each in entries
    )
    head = f'<id>urn:x:{feed.name}</id><title>{feed.name}</title><link href="https://news.example/{feed.name}/"/>'
    date = f"<updated>{built.isoformat()}</updated>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{date}{items}</feed>'.encode()


def _json(feed: Feed, entries: Sequence[_Entry], _built: datetime) -> bytes:
    items = [
        {
            "id": each.id,
            "url": each.link,
            "title": each.title,
            "content_text": each.text,
            "date_published": each.when.isoformat(),
        }
        for each in entries
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": feed.name}
    return json.dumps({**head, "home_page_url": f"https://news.example/{feed.name}/", "items": items}).encode()


_WRITERS = {"rss": _rss, "rss1": _rss1, "atom": _atom, "json": _json}
