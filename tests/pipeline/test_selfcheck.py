"""Operators are notified of an incident once when it opens and once when it closes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import FeedServer, Page
from kit.receiver import Answer, Receiver
from kit.system import START, Clock, System, settings, write

from alerts.cli.main import status_of
from alerts.config.load import load_entries
from alerts.insight.coverage import blind, by_source, coverage
from alerts.model.profile import CoverageState
from alerts.model.secret import Secret
from alerts.pipeline.selfcheck import selfcheck
from alerts.pipeline.send import send
from alerts.rendering.render import notice
from alerts.rendering.view import Tone
from alerts.store.database import Database
from alerts.store.schema import CaseRow, DeliveryRow, FindingRow, IncidentRow, SourceRow

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what the other database can add nothing to."""

FAILING = Page(b"down", 503, "text/plain")


def content(server: FeedServer, receiver: Receiver, *on: str, channels: dict[str, str] | None = None) -> dict[str, Any]:
    found = settings(
        {"acme-news": f"{server.url}/acme-news", "wire": f"{server.url}/wire"}, {"hook": receiver.channel("desk")}
    )
    pager = {"pager": receiver.channel("ops")} if channels is None else channels
    return {**found, "operators": {"channels": pager, "on": list(on) or ["dead"]}}


def check(line: System, **after: float) -> None:
    """A self-check after a while, and whatever it made is sent."""
    line.clock.move(**after)
    selfcheck(line.runtime)
    line.driver.settle(line.runtime)


def told(receiver: Receiver) -> list[tuple[list[str], list[str]]]:
    """What operators were told: the subjects that began and those that are over, message by message."""
    return [
        (
            [f"{each['kind']}:{each['subject']}" for each in got.body["begun"]],
            [f"{each['kind']}:{each['subject']}" for each in got.body["over"]],
        )
        for got in receiver.received
        if got.path == "/ops"
    ]


@pytest.mark.servers
def test_an_institution_that_turns_blind_is_told_once_and_so_is_its_end(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    line = lines(content(feeds, receiver, "blind"))
    feeds.put("wire", [])
    feeds.put("acme-news", [])
    line.run()
    feeds.put("acme-news", FAILING)
    for _ in range(3):
        line.clock.move(hours=1)
        line.poll("acme-news")
    check(line)
    assert told(receiver) == []  # it may pass
    check(line, minutes=2)
    assert told(receiver) == [(["blind:acme"], [])]  # nobody speaks for globex, and the wire works
    for _ in range(5):
        check(line, minutes=3)
    assert len(told(receiver)) == 1
    feeds.put("acme-news", [])
    check(line, hours=2)
    line.poll("acme-news")
    check(line, minutes=1)
    assert len(told(receiver)) == 1  # it may come back
    check(line, minutes=1)
    check(line, minutes=1)
    assert told(receiver)[1:] == [([], ["blind:acme"])]
    assert line.rows(IncidentRow, kind="blind") == []
    body = receiver.received[0].body
    assert body["kind"] == "operators"
    assert body["subject"] == "Alerts, for operators: 1 began"
    assert "no source that would report on Acme Networks works" in body["begun"][0]["line"]


@pytest.mark.servers
@on_sqlite
def test_what_flickers_is_not_told(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    line = lines(content(feeds, receiver))
    for _ in range(4):
        with line.database.write() as session:
            session.add(_dead(line, "d"))
        check(line, minutes=1)
        with line.database.write() as session:
            session.delete(session.get_one(DeliveryRow, "d"))
        check(line, minutes=3)
    assert told(receiver) == []


def _dead(line: System, name: str, subscriber: str = "desk") -> DeliveryRow:
    return DeliveryRow(
        id=name,
        created_at=line.clock.at,
        subscriber=subscriber,
        channel="hook",
        kind="alert",
        at=line.clock.at,
        message={"alerts": []},
        state="dead",
        reason="gone",
        attempts=1,
    )


@pytest.mark.servers
def test_dead_letters_are_told_for_each_channel_and_over_when_revived(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    line = lines(content(feeds, receiver))
    with line.database.write() as session:
        session.add_all([_dead(line, "a"), _dead(line, "b"), _dead(line, "c", "other")])
    check(line)
    check(line, minutes=2)
    assert told(receiver) == [(["dead:desk/hook", "dead:other/hook"], [])]
    with line.database.write() as session:
        session.delete(session.get_one(DeliveryRow, "c"))
        session.add(_dead(line, "d"))
    check(line, minutes=1)
    check(line, minutes=2)
    assert told(receiver)[1:] == [([], ["dead:other/hook"])]


@pytest.mark.servers
@on_sqlite
def test_work_that_is_overdue_is_told(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    line = lines(content(feeds, receiver, "stuck"))
    feeds.put("wire", [])
    feeds.put("acme-news", [])
    line.run()
    line.clock.move(hours=5)  # and nobody polls
    for _ in range(4):
        check(line, minutes=1)
    assert told(receiver) == [(["stuck:polls"], [])]
    assert "2 polls overdue, the oldest for 5h" in receiver.received[0].body["begun"][0]["line"]
    line.run()
    check(line, minutes=1)
    check(line, minutes=1)
    assert told(receiver)[1:] == [([], ["stuck:polls"])]


@pytest.mark.servers
@on_sqlite
def test_a_refused_configuration_is_told_without_its_secrets(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    line = lines(content(feeds, receiver, "refused"))
    good = (line.config / "alerts.yaml").read_text()
    (line.config / "alerts.yaml").write_text(good + "\nnonsense: hunter2\n")
    for _ in range(4):
        line.look_again()
        check(line, minutes=1)
    assert told(receiver) == [(["refused:configuration"], [])]
    assert "hunter2" not in str(receiver.received[0].body)
    (line.config / "alerts.yaml").write_text(good)
    line.look_again()
    check(line, minutes=1)
    check(line, minutes=2)
    assert told(receiver)[1:] == [([], ["refused:configuration"])]


@pytest.mark.servers
@on_sqlite
def test_only_what_operators_want_to_hear_of_is_sent(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    line = lines(content(feeds, receiver, "dead"))
    line.clock.move(hours=5)
    with line.database.write() as session:
        session.add(_dead(line, "a"))
    for _ in range(4):
        check(line, minutes=1)
    assert told(receiver) == [(["dead:desk/hook"], [])]
    assert {row.kind for row in line.rows(IncidentRow)} == {"dead", "stuck"}


@pytest.mark.servers
@on_sqlite
def test_a_message_to_operators_is_retried_like_all_others_and_its_end_is_no_loop(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    line = lines(content(feeds, receiver))
    receiver.then(Answer(503), Answer(200))
    with line.database.write() as session:
        session.add(_dead(line, "a"))
    check(line)
    check(line, minutes=2)
    check(line, minutes=2)
    assert [each.answered for each in receiver.received] == [503, 200]
    assert len({each.body["id"] for each in receiver.received}) == 1
    # The operators' own channel is gone for good: one more dead letter, and no message about it without end.
    receiver.default = Answer(410)
    with line.database.write() as session:
        session.add(_dead(line, "b", "other"))
    for _ in range(20):
        check(line, minutes=2)
    rows = line.rows(DeliveryRow, subscriber="@operators")
    assert sorted(row.state for row in rows) == ["dead", "dead", "sent"]


@pytest.mark.servers
@on_sqlite
def test_a_channel_that_is_no_longer_configured_ends_its_message(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    line = lines(content(feeds, receiver))
    with line.database.write() as session:
        session.add(_dead(line, "a"))
    line.runtime.enqueue = lambda _: None
    selfcheck(line.runtime)
    line.clock.move(minutes=2)
    (made,) = selfcheck(line.runtime)
    line.reconfigure(content(feeds, receiver, channels={}))
    assert send(line.runtime, made)[0].result.reason == "gone"
    assert receiver.received == []


@pytest.mark.servers
def test_two_checks_at_once_tell_it_once(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    line = lines(content(feeds, receiver))
    with line.database.write() as session:
        session.add(_dead(line, "a"))
    check(line)
    line.clock.move(minutes=3)
    made = [selfcheck(line.runtime) for _ in range(3)]
    assert [len(each) for each in made] == [1, 0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_blind_is_coverage_for_all_institutions_at_once(database: Database, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"i{n}" for n in range(12)]
    count = chance.choice([1, 2, 4])
    sources = [
        {
            "id": f"s{n}",
            "url": f"https://s{n}.example/",
            "publisher": "P",
            "speaks_for": chance.sample(names, chance.randrange(4)),
        }
        for n in range(count)
    ]
    config = {
        "sources": sources,
        "institutions": [{"id": name, "name": f"{name.title()} Corporation"} for name in names],
    }
    loaded = load_entries(write(tmp_path / "config", config)).settings
    now = START
    broken = [chance.random() < 0.6 for _ in range(count)]
    with database.write() as session:
        for n in range(count):
            session.add(
                SourceRow(
                    id=f"s{n}",
                    url="",
                    active=True,
                    next_poll_at=now,
                    last_success_at=now,
                    error="x" if broken[n] else None,
                    error_streak=3 if broken[n] else 0,
                    state={},
                )
            )
        for name in names[:9]:
            session.add(CaseRow(institution=name, cursor=now, version=1, configuration="", axes={}, reporter={}))
            for n in chance.sample(range(count + 1), chance.randrange(count + 1)):  # s{count} is not configured
                session.add(
                    FindingRow(
                        institution=name,
                        observed=Clock().move(days=-chance.choice([1, 89, 91])),
                        item=f"{name}-{n}",
                        revision=1,
                        title="",
                        url="",
                        source=f"s{n}",
                        publisher="",
                        salience=1.0,
                        topics=[],
                        mentions=[],
                        quiet=False,
                        features=b"",
                    )
                )
    with database.read() as session:
        expected = [
            each.id
            for each in loaded.institutions.values()
            if coverage(session, loaded, each, now).state is CoverageState.BLIND
        ]
        assert blind(session, loaded, now) == expected
        # And what each source does for coverage says the same from the other side.
        listed = by_source(session, loaded, now)
        assert set(listed) == set(loaded.sources)
        for name, institution in loaded.institutions.items():
            found = coverage(session, loaded, institution, now)
            mine = {each for each, covers in listed.items() if name in covers["covers"]}
            if not mine:  # nobody in particular: all of them count
                assert found.sources == count
                continue
            assert found.sources == len(mine)
            for each in mine:
                assert (name in listed[each]["blind"]) is (found.state is CoverageState.BLIND)
                assert (name in listed[each]["partial"]) is (found.state is CoverageState.PARTIAL)


@pytest.mark.parametrize(
    "url", ["slack://a/b/c", "mailto://a@example.org", "discord://a/b", "twilio://a:b@c/d", "tgram://a/b"]
)
def test_a_notice_fits_its_channel_and_is_escaped_for_it(url: str) -> None:
    hostile = "<!channel> <b>x</b> [link](http://evil.example) @everyone \u202e" + "x" * 300
    made = notice(Secret(url), id="n1", title="T " + hostile, lines=[hostile] * 60, tone=Tone.WARNING, payload={})
    from alerts.rendering.formats import service_of

    service = service_of(url)
    assert service.measure(made.body) <= service.limit
    assert len(made.title) <= service.title_limit
    assert "\u202e" not in made.body
    if url.startswith(("slack", "tgram")):
        assert "<!channel>" not in made.body
        assert "<b>x" not in made.body
    assert ("more" in made.body) is (service.limit < 20_000)


@pytest.mark.servers
def test_their_channels_can_be_tried(tmp_path: Path, receiver: Receiver) -> None:
    config = write(tmp_path / "config", {**settings({}), "operators": {"channels": {"pager": receiver.channel("ops")}}})
    assert status_of(["--config", str(config), "send-test", "@operators"]) == 0
    assert [each.path for each in receiver.received] == ["/ops"]
