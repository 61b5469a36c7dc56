"""Recorded feeds, version after version over HTTP, through the real program: every expected alert exactly once."""

from __future__ import annotations

import json
import re
import shutil
import socket
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from kit.feeds import Entry, FeedServer, Page
from kit.program import Program, until
from kit.receiver import Receiver

from alerts.config.load import load_entries
from alerts.model.alert import AlertState
from alerts.replay.backtest import rehearse
from alerts.store.database import Database
from alerts.store.repositories import items
from alerts.store.schema import DeliveryRow, TransitionRow

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
FEEDS = {"anthropic_news": "A", "openai_research": "A", "techcrunch": "B", "wired": "B", "tweakers": "C"}
SPEAKS = {"anthropic_news": ["anthropic"], "openai_research": ["openai"]}
VERSIONS = 12
PROBES = 8
_ITEM = re.compile(rb"<item[ >].*?</item>", re.DOTALL)
_LINK = re.compile(rb"<link>(.*?)</link>", re.DOTALL)
_DATE = re.compile(rb"<pubDate>.*?</pubDate>", re.DOTALL)


class Recording:
    """The versions of one recorded feed as if they were published today.

    The real clock decides about levels and about when to poll again. So an entry is dated when its version is
    served first; what the first version holds, three days ago, one entry a second.
    """

    def __init__(self, folder: Path) -> None:
        files = sorted(folder.glob("*.xml"), key=lambda file: datetime.strptime(file.stem, "%Y-%m-%dT%H%M%S%z"))
        self._bodies = [file.read_bytes() for file in files[-VERSIONS:]]
        self._dates: dict[bytes, datetime] = {}

    def version(self, number: int, now: datetime) -> bytes:
        if number == 0:
            now -= timedelta(days=3)

        def redated(match: re.Match[bytes]) -> bytes:
            entry = match[0]
            link = _LINK.search(entry)
            key = link[1] if link else entry
            at = self._dates.setdefault(key, now - timedelta(seconds=len(self._dates) if number == 0 else 0))
            return _DATE.sub(f"<pubDate>{format_datetime(at)}</pubDate>".encode(), entry)

        return _ITEM.sub(redated, self._bodies[min(number, len(self._bodies) - 1)])


def configuration(directory: Path, server: FeedServer, channel: str) -> None:
    """The shipped institutions and topics, fast half-lives, one desk that wants to know everything."""
    directory.mkdir()
    for name in ("institutions.yaml", "topics.yaml"):
        shutil.copy(ROOT / "config" / name, directory)
    sources = [
        {
            "id": name.replace("_", "-"),
            "url": f"{server.url}/{name}",
            "publisher": name.title(),
            "reliability": reliability,
            "speaks_for": SPEAKS.get(name, []),
        }
        for name, reliability in FEEDS.items()
    ]
    sources.append({"id": "probe", "url": f"{server.url}/probe", "publisher": "Probe", "reliability": "A"})
    probes = [{"id": f"probe-{n}", "name": f"Zyx{_letters(n)} Holdings", "tags": ["probe"]} for n in range(PROBES)]
    more: dict[str, Any] = {
        "sources": [{**each, "interval": "1s", "allow_private": True} for each in sources],
        "levels": {
            "raise": {"medium": 0.03, "high": 0.2, "critical": 0.5},
            "margin": 0.01,
            "half_life": {"priority": "2s", "policy": "3s", "continuity": "4s"},
        },
        "institutions": probes,
        "topics": [
            {
                "id": "probe-topic",
                "signal": "continuity",
                "any": ["zyxoutage"],
                "severity": {"priority": 0.5, "policy": 0.0, "continuity": 0.0},
            }
        ],
        "subscribers": [
            {
                "id": "desk",
                "tier": "leadership-alliance",
                "channels": {"hook": channel},
                "watch": [{"all": True, "on": ["level"], "at_least": "medium", "direction": "both"}],
                "group": "0s",
            }
        ],
    }
    (directory / "more.yaml").write_text(yaml.safe_dump(more), encoding="utf-8")


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def test_every_expected_alert_arrives_exactly_once(
    data: Path, server: FeedServer, receiver: Receiver, tmp_path: Path
) -> None:
    recordings = {name: Recording(data / "feeds_recorded" / name) for name in FEEDS}
    configuration(tmp_path / "config", server, receiver.channel())
    server.put("probe", [])
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with Program(tmp_path / "config", tmp_path / "state", port=port) as program:
        assert program.says("watching"), program.err
        for number in range(VERSIONS):
            _serve(server, recordings, number)
        played = time.monotonic() - began
        waits = _probe(server, receiver, program)
        memory = program.memory()
        # All that was reported fades within a minute; then nothing more can happen.
        database = Database(f"sqlite:///{tmp_path / 'state' / 'alerts.db'}")
        settings = load_entries(tmp_path / "config").settings
        assert until(lambda: _at_rest(database), 90, every=0.5)
        before = len(receiver.received)
        _poll_everything_again(server)
        program.stop()
    assert len(receiver.received) == before, "polling everything again sends nothing"
    with database.read() as session:
        expected = rehearse(items.record(session), settings)
        delivered = {row.id: row for row in session.query(DeliveryRow)}
    database.dispose()
    told = [alert for alert in expected.alerts if alert.state is AlertState.SENT]
    assert len(told) >= 20
    assert {alert.transition.cause.value for alert in told if alert.transition} == {"evidence", "decay"}
    arrived = Counter(alert["id"] for alert in receiver.alerts())
    assert arrived == Counter(alert.id for alert in told)
    assert Counter(body["id"] for body in receiver.accepted) == Counter(list(delivered))
    assert "Traceback" not in program.err
    _report(played, waits, memory, len(told), receiver, delivered)


def _serve(server: FeedServer, recordings: dict[str, Recording], number: int) -> None:
    """Puts a version of every feed, and waits until each has been read."""
    now = datetime.now(UTC).replace(microsecond=0)
    asked = {name: server.count(name) for name in recordings}
    for name, recording in recordings.items():
        server.put(name, recording.version(number, now))
    assert until(lambda: all(server.count(name) > asked[name] for name in asked), 30), number


def _probe(server: FeedServer, receiver: Receiver, program: Program) -> list[float]:
    """Seconds from the appearance of an entry on the server to its alert at the receiver."""
    waits = []
    entries: list[Entry] = []
    for number in range(PROBES):
        now = datetime.now(UTC).replace(microsecond=0)
        entries.insert(
            0, Entry(f"p{number}", f"Zyxoutage at Zyx{_letters(number)} Holdings", f"Number {number}.", "", now)
        )
        server.put("probe", entries)
        appeared = server.appeared["probe"]
        who = f"probe-{number}"

        def arrivals(who: str = who) -> list[float]:
            return [
                each.at
                for each in list(receiver.received)
                for alert in each.body["alerts"]
                if alert["institution"] == who
            ]

        assert until(arrivals, 30, every=0.005), (who, program.err)
        waits.append(arrivals()[0] - appeared)
    return waits


def _at_rest(database: Database) -> bool:
    """Whether every level is low again and every message sent."""
    with database.read() as session:
        last = {
            (row.institution, row.axis): row.to_level for row in session.query(TransitionRow).order_by(TransitionRow.at)
        }
        waiting = session.query(DeliveryRow).filter(DeliveryRow.state != "sent").count()
    return set(last.values()) == {"low"} and waiting == 0


def _poll_everything_again(server: FeedServer) -> None:
    """The same entries in other bytes, without validators: everything is read again."""
    asked = {}
    for name in (*FEEDS, "probe"):
        body = server.pages[name].body.replace(b"</channel>", b"<generator>another</generator></channel>")
        asked[name] = server.count(name)
        server.put(name, Page(body, validators=False))
    assert until(lambda: all(server.count(name) > asked[name] + 1 for name in asked), 30)


def _report(
    played: float,
    waits: list[float],
    memory: dict[str, float],
    alerts: int,
    receiver: Receiver,
    delivered: dict[str, DeliveryRow],
) -> None:
    observed = []
    for each in receiver.received:
        row = delivered[each.body["id"]]
        if row.observed_at is not None:
            observed.append(each.at - row.observed_at.timestamp())
    print()
    print(f"{VERSIONS} versions of {len(FEEDS)} feeds in {played:.1f} s, {alerts} alerts")
    print(
        f"from appearance to receiver: p50 {statistics.median(waits):.2f} s, max {max(waits):.2f} s (polled every 1 s)"
    )
    print(f"from observation to receiver: p50 {statistics.median(observed):.3f} s, max {max(observed):.3f} s")
    print(f"{len(memory)} processes, MB: " + json.dumps({name: round(size) for name, size in memory.items()}))
