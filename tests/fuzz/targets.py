"""What is fuzzed: each target takes any bytes, and fails where the program breaks a promise about them.

The tests run each seed and mutations of the seeds through it; `make fuzz` lets atheris look for more.
"""

from __future__ import annotations

import functools
import os
import random
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import httpx
from kit.browsing import OPERATOR, SIGNER
from kit.system import System
from starlette.testclient import TestClient

from alerts.access.links import Pages
from alerts.access.signing import Purpose
from alerts.config.items import read_items
from alerts.config.load import load_entries
from alerts.config.tree import split_lines
from alerts.feeds.diff import KnownItems, decide, wanted
from alerts.feeds.feed import FetchResult, ParsedFeed
from alerts.feeds.parsing import lxmlfeed, xmlfeed
from alerts.feeds.parsing.document import parse_document
from alerts.feeds.parsing.parse import parse
from alerts.feeds.schedule import next_poll
from alerts.feeds.state import FeedState
from alerts.matching.matcher import Matcher
from alerts.model.errors import ConfigError, InputError
from alerts.model.institution import Institution, MatchRules
from alerts.model.item import Item
from alerts.model.mention import Mention, Rejection, TopicHit
from alerts.model.records import to_line
from alerts.model.settings import Settings
from alerts.model.source import Source
from alerts.model.topic import Near, Signal, Topic
from alerts.replay.backtest import records, rehearse
from alerts.runtime.configuration import Active
from alerts.store import system_state
from alerts.store.database import Database
from alerts.web.app import create_app

SEEDS = Path(__file__).parent / "seeds"
NOW = datetime(2026, 2, 24, 12, tzinfo=UTC)
SOURCE = Source(id="wire", url="https://wire.example/feed.xml", publisher="Wire")
UNSEEN = {*map(chr, range(32)), "\x7f", *"\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


def config(data: bytes) -> None:
    """YAML: settings, or problems whose places are in the file. What loads can be put in force."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"S": "slack://a/b/c"}):
        Path(folder, "a.yaml").write_bytes(data)
        try:
            settings = load_entries(Path(folder)).settings
        except ConfigError as error:
            lines = split_lines(data.decode("utf-8-sig", "replace"))
            for problem in error.problems:
                assert problem.message.isprintable(), problem
                assert 1 <= problem.line <= len(lines), problem
                assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem
            return
    active = Active(settings)
    active.matcher.match(_item(["Acme: outage", "x", ""]))
    assert active.matching_key
    for institution in settings.institutions:
        assert active.case_key(institution)


def feed(data: bytes) -> None:
    """A body from a server: clean text and http(s) links, or an error that says so; the second look is calm."""
    head, _, body = data.partition(b"\n")
    content_type = head.decode("latin-1")
    parsed = parse(body, content_type, base_url=SOURCE.url, source=SOURCE)
    if parsed.error is not None:
        assert parsed.detail
        return
    _is_clean(parsed)
    root = parse_document(body, content_type)
    raw = None if root is None else lxmlfeed.read(root)
    if raw is not None:
        fast = xmlfeed.cleaned(raw, body, SOURCE.url)
        assert fast == xmlfeed.read(body, content_type, base_url=SOURCE.url), "lxml and feedparser differ"
    decision = decide(SOURCE, parsed, KnownItems(), FeedState(), NOW)
    assert wanted(SOURCE, parsed).ids or not decision.new
    ids = [each.item.id for each in decision.new]
    assert len(ids) == len(set(ids)), "one id twice"
    answer = FetchResult(url=SOURCE.url, final_url=SOURCE.url, status=200, body=body)
    plan = next_poll(SOURCE, FeedState(), answer, parsed, decision, now=NOW)
    assert plan.at is not None
    assert plan.at > NOW
    assert FeedState.from_json(plan.state.to_json()) == plan.state
    again = parse(body, content_type, base_url=SOURCE.url, source=SOURCE)
    known = KnownItems({each.known.id: each.known for each in decision.new}, len(decision.new))
    second = decide(SOURCE, again, known, plan.state, NOW)
    assert not second.new, "the same feed again is no news"


def _is_clean(parsed: ParsedFeed) -> None:
    for entry in parsed.entries:
        assert not UNSEEN & set(entry.title), repr(entry.title)
        assert not entry.link or entry.link.startswith(("http://", "https://")), entry.link
        for name in (each.name for each in fields(entry)):
            value = getattr(entry, name)
            if isinstance(value, str):
                value.encode()  # no lone surrogates: they cannot be stored
            if isinstance(value, datetime):
                assert value.tzinfo is not None
    assert not parsed.link or parsed.link.startswith(("http://", "https://")), parsed.link


def items(data: bytes) -> None:
    """JSON Lines for replay: items or one-line errors, and a replay that does not depend on the order of lines."""
    found = list(read_items(data.splitlines(), "stdin"))
    for each in found:
        if isinstance(each, InputError):
            assert str(each).isprintable(), str(each)
    given = [each for each in found if isinstance(each, Item)][:30]
    lines = [to_line(each) for each in records(rehearse(given, _settings(), until=None))]
    for line in lines:
        line.encode()
    random.Random(1).shuffle(given)
    assert [to_line(each) for each in records(rehearse(given, _settings(), until=None))] == lines


@functools.cache
def _settings() -> Settings:
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"S": "slack://a/b/c"}):
        Path(folder, "a.yaml").write_bytes((SEEDS / "config" / "whole.yaml").read_bytes())
        return load_entries(Path(folder)).settings


def matcher(data: bytes) -> None:
    """Names, then a line of dashes, then the fields of an item: spans that select the text that they report."""
    names, _, text = data.decode("utf-8", "replace").partition("\n---\n")
    institutions = []
    for number, line in enumerate(names.split("\n")[:20]):
        name, *rest = (part.strip() for part in line.split("|"))
        if name:
            rules = MatchRules(
                require_any=tuple(rest[2:3]) if rest[2:3] != [""] else (), exclude=tuple(filter(None, rest[3:4]))
            )
            institutions.append(
                Institution(
                    f"i{number}", name, tuple(filter(None, rest[:1])), tuple(filter(None, rest[1:2])), match=rules
                )
            )
    topics = [
        Topic("a", Signal.CONTINUITY, ("outage*", "shut down"), near=Near.SENTENCE),
        Topic("b", Signal.GOVERNANCE, ("court ruling*",), none=("no court ruling",)),
    ]
    item = _item(text.split("\n===\n"))
    found = Matcher(institutions, topics, {}).match(item, explain=True)
    spans: list[Mention | TopicHit | Rejection] = [*found.mentions, *found.topics, *found.rejections]
    for span in spans:
        field = item.field(span.field)
        assert 0 <= span.start < span.end <= len(field)
        assert field[span.start : span.end] == span.text
    for mention in found.mentions:
        assert 0 < mention.salience <= 1
    assert Matcher(institutions[::-1], topics, {}).match(item) == Matcher(institutions, topics, {}).match(item)


def _item(parts: list[str]) -> Item:
    title, summary, content = (*parts, "", "", "")[:3]
    return Item("1", title, NOW, summary=summary, content=content)


def web(data: bytes) -> None:
    """A request, `METHOD PATH`, header lines, an empty line, a body: answered, and by no defect."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    method, _, path = first.partition(" ")
    for name, value in _tokens().items():
        path = path.replace(name, value)
    headers = {"Host": "pages.example"}
    for line in lines[:20]:
        name, _, value = line.partition(":")
        if name.strip().isascii() and name.strip().replace("-", "").isalnum() and value.isprintable():
            headers[name.strip()] = value.strip().replace("@OPERATOR", OPERATOR)
    path = "/" + "".join(each for each in path.lstrip("/") if each.isprintable() and each not in " \\")[:2000]
    method = method.strip() if method.strip().isalpha() and method.isascii() else "GET"
    try:
        request = httpx.Request(method, "http://pages.example" + path, headers=headers, content=body)
    except (ValueError, httpx.InvalidURL):  # the client's own, for what is no request
        return
    answer = _pages().send(request, follow_redirects=False)
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    assert OPERATOR not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@functools.cache
def _tokens() -> Mapping[str, str]:
    return {
        "@HUB": SIGNER.sign(Purpose.HUB, "tribune"),
        "@UNSUBSCRIBE": SIGNER.sign(Purpose.UNSUBSCRIBE, "desk", "console"),
        "@NOBODY": SIGNER.sign(Purpose.UNSUBSCRIBE, "gone", "console"),
    }


@functools.cache
def _pages() -> TestClient:
    """The pages over a small world; a defect is raised, not answered."""
    folder = Path(tempfile.mkdtemp(prefix="alerts-fuzz-"))
    database = Database(f"sqlite:///{folder / 'alerts.db'}")
    database.upgrade()
    town = System(database, folder / "config")
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    town.observe("tribune", "Globex opens a plant")
    town.settle()
    town.runtime.pages = Pages("https://pages.example", SIGNER)
    with database.write() as session:
        known = {"hub": "https://hub.example/", "topic": "https://tribune.example/feed"}
        system_state.put(session, "websub/tribune", town.now, known)
    assert town.deliveries("sent")
    return TestClient(
        create_app(town.runtime, SIGNER, OPERATOR), base_url="http://pages.example", raise_server_exceptions=True
    )


TARGETS: Mapping[str, Callable[[bytes], None]] = {each.__name__: each for each in (config, feed, items, matcher, web)}
