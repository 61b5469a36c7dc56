"""Every command on an empty and on a filled state: what it prints, how it ends."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer, Page
from sqlalchemy import update

from alerts.feeds.state import FeedState
from alerts.model.times import parse_time
from alerts.model.week import Week
from alerts.store.database import Database
from alerts.store.schema import SourceRow

pytestmark = pytest.mark.servers

Call = Any
State = Any

TRANSITION = {*("kind", "at", "institution", "axis", "from", "to", "score", "cause", "contributions")}
CONTRIBUTION = {
    *("story", "title", "topics", "severity", "confidence", "grade", "salience", "criticality"),
    *("age_s", "contribution"),
}
ALERT = {"kind", "at", "subscriber", "channel", "institution", "on", "level", "lead", "changes", "transition",
         "state", "reason"}  # fmt: skip
MENTION = {"institution", "field", "start", "end", "text", "rule", "salience"}
HIT = {"topic", "signal", "field", "start", "end", "text"}

NEEDS_STATE = [
    ["profile", "acme"],
    ["explain", "abc"],
    ["export", "abc"],
    ["why-not", "desk", "--institution", "acme"],
    ["institutions"],
    ["sources"],
    ["stories"],
    ["transitions"],
    ["deliveries"],
    ["status"],
    ["plan", "--against", "{config}"],
    ["ack", "--institution", "acme", "--subscriber", "desk"],
    ["silence", "--list"],
    ["silence", "--all", "--for", "1h"],
    ["unsubscribe", "desk"],
    ["redeliver", "--dead"],
    ["release", "wire"],
    ["link", "--list"],
]


@pytest.mark.parametrize("arguments", NEEDS_STATE, ids=" ".join)
def test_without_any_state_a_command_says_where_it_looked(call: Call, empty: State, arguments: list[str]) -> None:
    done = call(empty, *(each.format(config=empty.config) for each in arguments))
    assert (done.status, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert "nothing is recorded there yet" in line
    assert str(empty.path) in line
    assert not empty.path.exists(), "asking makes nothing"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["check"], 0),
        (["check", "--schema"], 0),
        (["test"], 0),
        (["export-opml"], 0),
        (["institutions"], 0),
        (["institutions", "--tag", "infra", "--at-least", "medium"], 0),
        (["sources"], 0),
        (["sources", "--failing"], 0),
        (["stories"], 0),
        (["stories", "--institution", "acme", "--since", "2d", "--limit", "1"], 0),
        (["stories", "--topic", "ruling"], 0),
        (["transitions"], 0),
        (["transitions", "--axis", "policy", "--since", "2020-01-01T00:00:00Z"], 0),
        (["deliveries"], 0),
        (["deliveries", "--state", "dead", "--subscriber", "desk"], 0),
        (["status"], 1),  # nothing ticks
        (["names", "acme"], 0),
        (["names", "acme", "--missing"], 0),
        (["names", "--missing"], 0),
        (["names"], 2),
        (["profile", "acme"], 0),
        (["profile", "acme", "--tier", "open"], 0),
        (["profile", "acme", "--at", "1h"], 0),
        (["why-not", "desk", "--institution", "globex"], 0),
        (["plan", "--against", "{config}"], 0),
        (["briefing", "--week", "{week}"], 0),
        (["briefing", "--week", "{week}", "--subscriber", "desk", "--tier", "open"], 0),
        (["silence-report", "--from", "2d"], 0),
        (["feedback"], 0),
        (["feedback", "--subscriber", "desk", "--since", "30d", "--export", "{config}/verdicts.jsonl"], 0),
        (["tune", "desk", "--wrong", "0.2"], 1),  # nobody has judged anything
        (["ack", "--institution", "acme", "--subscriber", "desk"], 0),
        (["silence", "--institution", "acme", "--for", "2h", "--reason", "drill"], 0),
        (["silence", "--list"], 0),
        (["unsubscribe", "desk", "--channel", "hook"], 0),
        (["redeliver", "--dead"], 0),
        (["release", "wire"], 1),  # nothing is held back
        (["link", "--tier", "open"], 0),
        (["link", "--list"], 0),
        (["db", "upgrade"], 0),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else None,
)
def test_on_a_filled_state(call: Call, filled: State, arguments: list[str], status: int) -> None:
    assert filled.at is not None
    given = [each.format(config=filled.config, week=Week.of(filled.at)) for each in arguments]
    done = call(filled, *given)
    assert done.status == status, done.err
    assert done.out or done.err
    assert len(done.err.splitlines()) <= 1


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["institutions"], {"institution", "name", "impact", "priority", "policy", "continuity", "stories"}),
        (["sources"], {"source", "publisher", "reliability", "last_success", "next_poll", "failures", "error"}),
        (["stories"], {"story", "institution", "title", "grade", "confidence", "reports", "publishers", "topics"}),
        (["transitions"], TRANSITION),
        (["deliveries"], {"delivery", "subscriber", "channel", "kind", "state", "reason", "alerts", "attempts"}),
        (["feedback"], {"by", "name", "sent", "judged", "right", "precision", "low", "high", "acknowledged"}),
        (["silence-report"], {"kind", "subscriber", "sources", "blind", "items", "mentions", "nearest"}),
        (["status"], {"healthy", "last_tick", "sources", "waiting", "deliveries", "problems"}),
        (["silence", "--all", "--for", "1h"], {"id", "about", "until", "reason"}),
        (["link", "--tier", "open"], {"id", "tier", "expires", "url"}),
        (["redeliver", "--dead"], {"delivery", "state"}),
        (["test"], {"test", "passed", "failures"}),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else None,
)
def test_json_is_one_object_a_line_with_the_keys_of_the_contract(
    call: Call, filled: State, arguments: list[str], keys: set[str]
) -> None:
    done = call(filled, *arguments, "--json")
    assert done.err == ""
    assert done.records
    for record in done.records:
        assert keys <= record.keys()


def test_transitions_explain_themselves(call: Call, filled: State) -> None:
    records = call(filled, "transitions", "--json").records
    assert _in_order_of_time(records)
    first = next(each for each in records if each["institution"] == "globex")
    assert first.keys() == TRANSITION
    assert (first["axis"], first["from"], first["to"], first["cause"]) == ("policy", "low", "medium", "evidence")
    # A secondary B alone: 0.60 x 0.50
    assert first["score"] == 0.3
    (why,) = first["contributions"]
    assert why.keys() == CONTRIBUTION
    assert (why["severity"], why["confidence"], why["salience"], why["criticality"]) == (0.6, 0.5, 1.0, 1.0)


def _in_order_of_time(records: list[dict[str, Any]]) -> bool:
    times = [parse_time(record["at"]) for record in records]
    return times == sorted(times)


def test_an_alert_is_explained_from_its_id_or_the_beginning_of_it(call: Call, filled: State) -> None:
    deliveries = call(filled, "deliveries", "--institution", "globex", "--json").records
    (alert,) = {each for record in deliveries if record["channel"] == "console" for each in record["alerts"]}
    whole = call(filled, "explain", alert, "--json")
    assert whole.status == 0
    (record,) = whole.records
    assert record["alert"]["id"] == alert
    assert record["transition"].keys() == TRANSITION
    assert record["stories"][0]["items"][0]["mentions"][0]["text"] == "Globex Corporation"
    assert record["deliveries"][0]["state"] == "sent"
    said = call(filled, "explain", alert[:12])
    assert said.status == 0
    assert "severity 0.6 x confidence 0.5" in said.out
    assert "Globex Corporation" in said.out
    (message,) = [record for record in deliveries if record["channel"] == "console"]
    by_message = call(filled, "explain", message["delivery"][:12], "--json")
    assert [each["alert"]["id"] for each in by_message.records] == message["alerts"]
    unknown = call(filled, "explain", "zzz")
    assert unknown.status == 1
    assert len(unknown.err.splitlines()) == 1


def test_profiles_follow_the_tier(call: Call, filled: State) -> None:
    whole = call(filled, "profile", "acme", "--json").records[0]
    open_ = call(filled, "profile", "acme", "--tier", "open", "--json").records[0]
    text, shown = json.dumps(whole), json.dumps(open_)
    assert "https://wire.example/w1" in text
    assert "https://wire.example/w1" not in shown
    assert "contribution" in text
    assert "0.6" not in shown


def test_a_dead_delivery_is_listed_and_revived(call: Call, filled: State) -> None:
    (dead,) = call(filled, "deliveries", "--state", "dead", "--json").records
    assert dead["attempts"][0]["line"].endswith("status 404")
    done = call(filled, "redeliver", dead["delivery"][:8])
    assert done.status == 0
    assert call(filled, "deliveries", "--state", "dead", "--json").out == ""
    assert call(filled, "redeliver", "--dead").err == "nothing is dead\n"


def test_status_names_what_is_wrong(call: Call, filled: State) -> None:
    (report,) = call(filled, "status", "--json").records
    assert report["healthy"] is False
    assert report["sources"]["failing"] == ["herald"]
    assert any("dead" in problem for problem in report["problems"])


def test_sources_say_how_they_fare_and_what_to_do(call: Call, filled: State) -> None:
    moved = FeedState(adopted_url="https://u:hunter2@new.example/feed?key=hunter2", rhythm=5400.0)
    held = FeedState(held=12, last_success=datetime.now(UTC))
    database = Database(f"sqlite:///{filled.path / 'alerts.db'}")
    with database.write() as session:
        for source, state in (("acme-news", moved), ("wire", held)):
            session.execute(update(SourceRow).where(SourceRow.id == source).values(state=state.to_json()))
        session.execute(update(SourceRow).where(SourceRow.id == "acme-news").values(error_streak=3, error="no answer"))
    database.dispose()
    news, wire, herald = call(filled, "sources", "--json").records
    assert (news["moved_to"], news["moved"]) == ("https://new.example/feed?…", "adopted")
    assert news["note"] == "moved for good: write url: https://new.example/feed?…; no answer"
    assert (news["rhythm_s"], news["failures"]) == (5400, 3)
    assert news["covers"] == ["acme"]
    assert news["partial"] == ["acme"], "wire reported on it, too, and works"
    assert set(wire["covers"]) == {"acme", "globex"}
    assert wire["blind"] == []
    assert "alerts release wire" in wire["note"]
    assert (herald["covers"], herald["failures"]) == ([], 1)
    assert herald["note"] == herald["error"] != ""
    head, *lines = call(filled, "sources").out.splitlines()
    for column in ("ago", "next", "rhythm", "covers", "reports", "failures", "held", "note"):
        assert column in head
    assert "every 1h30m" in lines[0]
    assert "hunter2" not in "".join(lines)


def test_a_source_that_alone_covers_an_institution_makes_it_blind(call: Call, filled: State) -> None:
    database = Database(f"sqlite:///{filled.path / 'alerts.db'}")
    with database.write() as session:
        session.execute(update(SourceRow).where(SourceRow.id == "wire").values(error_streak=3, error="down"))
    database.dispose()
    wire = call(filled, "sources", "--json").records[1]
    assert (wire["blind"], wire["partial"]) == (["globex"], ["acme"])
    assert "2, 1 blind" in call(filled, "sources").out


def test_the_feeds_of_a_page_are_found(call: Call, empty: State) -> None:
    page = (
        b"<head><link rel='alternate' type='application/rss+xml' title='News' href='/wire'></head>"
        b"<a href='/atom.xml'>feed</a>"
    )
    with FeedServer() as feeds:
        feeds.put("page", Page(page, content_type="text/html"))
        feeds.put("wire", [Entry("a", "Hello")])
        feeds.put("plain", Page(b"<p>nothing</p>", content_type="text/html"))
        found = call(empty, "sources", "discover", f"{feeds.url}/page", "--allow-private", "--json").records
        assert [each["url"] for each in found] == [f"{feeds.url}/wire", f"{feeds.url}/atom.xml"]
        assert (found[0]["title"], found[0]["type"]) == ("News", "application/rss+xml")
        (itself,) = call(empty, "sources", "discover", f"{feeds.url}/wire", "--allow-private", "--json").records
        assert (itself["url"], itself["title"]) == (f"{feeds.url}/wire", "wire")
        for name, options, says in (
            ("plain", ["--allow-private"], "names no feed"),
            ("nothing", ["--allow-private"], "404"),
            ("page", [], "add --allow-private"),
        ):
            done = call(empty, "sources", "discover", f"{feeds.url}/{name}", *options)
            assert (done.status, done.out) == (1, "")
            (line,) = done.err.splitlines()
            assert says in line


def test_match_and_cluster_need_no_state(
    call: Call, empty: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text(
        json.dumps({"id": "1", "title": "Acme Networks hit by outage"})
        + "\n"
        + json.dumps({"id": "2", "title": "Nothing at all", "summary": "Globex Corporation was there."})
        + "\n",
        encoding="utf-8",
    )
    with items.open() as lines:
        monkeypatch.setattr("sys.stdin", lines)
        records = call(empty, "match").records
    assert [record["id"] for record in records] == ["1", "2"]
    (mention,) = records[0]["mentions"]
    assert mention.keys() == MENTION
    assert (mention["institution"], mention["field"], mention["start"], mention["end"]) == ("acme", "title", 0, 13)
    assert mention["text"] == "Acme Networks"
    assert [hit.keys() for hit in records[0]["topics"]] == [HIT]
    assert records[1]["mentions"][0]["field"] == "summary"
    with items.open() as lines:
        monkeypatch.setattr("sys.stdin", lines)
        assert [record.keys() for record in call(empty, "cluster").records] == [{"id", "story"}] * 2
    assert not empty.path.exists()


def test_replay_writes_transitions_and_alerts_in_order_of_time(call: Call, empty: State, tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    record = {
        "id": "1",
        "title": "Acme Networks hit by outage",
        "source": "wire",
        "published": "2026-02-24T09:00:00Z",
        "observed": "2026-02-24T09:00:00Z",
    }
    items.write_text(json.dumps(record) + "\n", encoding="utf-8")
    done = call(empty, "replay", str(items))
    assert done.status == 0
    records = done.records
    assert _in_order_of_time(records)
    assert {record["kind"] for record in records} == {"transition", "alert"}
    for each in records:
        assert each.keys() == (TRANSITION if each["kind"] == "transition" else ALERT)
    # 0.60 x 0.50 rises; 0.30 falls below 0.20 after 7 d x log2(1.5)
    assert [(each["from"], each["to"], each["cause"]) for each in records if each["kind"] == "transition"] == [
        ("low", "medium", "evidence"),
        ("medium", "low", "decay"),
    ]
    assert not empty.path.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["profile", "nobody"], "no institution 'nobody'"),
        (["names", "nobody"], "no institution 'nobody'"),
        (["deliveries", "--subscriber", "nobody"], "no subscriber 'nobody'"),
        (["transitions", "--institution", "nobody"], "no institution 'nobody'"),
        (["explain", "nothing"], "no alert 'nothing'"),
        (["redeliver", "nothing"], "no delivery 'nothing'"),
        (["silence", "--end", "nothing"], "no silence 'nothing'"),
        (["unsubscribe", "nobody"], "no subscriber 'nobody'"),
        (["send-test", "nobody"], "no subscriber 'nobody'"),
        (["release", "nothing"], "no source 'nothing'"),
        (["briefing", "--week", "2999-W01"], "no edition '2999-W01': the record ends at "),
        (["feedback", "--subscriber", "nobody"], "no subscriber 'nobody'"),
        (["briefing", "--week", "2001-W01", "--subscriber", "nobody"], "no subscriber 'nobody'"),
        (["why-not", "nobody", "--institution", "acme"], "no subscriber 'nobody'"),
        (["why-not", "Desks", "--institution", "acme"], "did you mean 'desk'?"),
        (["profile", "ACME"], "did you mean 'acme'?"),
        (["silence", "--institution", "acmee", "--for", "1h"], "did you mean 'acme'?"),
        (["link", "--subscriber", "nobody"], "no subscriber 'nobody'"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else None,
)
def test_what_is_not_there_is_one_line(call: Call, filled: State, arguments: list[str], says: str) -> None:
    done = call(filled, *arguments)
    assert (done.status, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert says in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["run", "--nonsense"],
        ["profile"],
        ["transitions", "--axis", "nonsense"],
        ["tune", "desk", "--wrong", "150%"],
        ["briefing", "--week", "2026-13"],
        ["silence-report", "--from", "1d", "--to", "2d"],
        ["transitions", "--since", "nonsense"],
        ["deliveries", "--state", "nonsense"],
        ["deliveries", "--limit", "0"],
        ["profile", "acme", "--at", "2999-01-01T00:00:00Z"],
        ["profile", "acme", "--at", "0001-01-01T00:00:00Z"],
        ["profile", "acme", "--at", "99999999999999999d"],
        ["why-not", "desk", "--institution", "acme", "--at", "0001-01-01T00:00:00+14:00"],
        ["silence"],
        ["silence", "--all"],
        ["silence", "--all", "--for", "nonsense"],
        ["ack"],
        ["redeliver"],
        ["link"],
        ["plan"],
        ["--database", "sqlite:///x.db", "run", "--demo"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_status_2(call: Call, filled: State, arguments: list[str]) -> None:
    done = call(filled, *arguments)
    assert (done.status, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("alerts: ")


@pytest.mark.parametrize("arguments", [["test", "--junit"], ["replay", "--plot"]], ids=" ".join)
def test_a_file_that_cannot_be_written_is_named(
    call: Call, filled: State, arguments: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "nowhere" / "file"
    done = call(filled, *arguments, str(file))
    assert (done.status, done.err) == (1, f"alerts: {file}: cannot be written: No such file or directory\n")


def test_every_command_has_help_that_says_what_it_does(call: Call, empty: State, command: str) -> None:
    done = call(empty, command, "--help")
    assert done.status == 0
    assert done.out.startswith(f"Usage: alerts {command}")


BROKEN = """\
sources:
  - id: wire
    url: nonsense
    publisher: Wire
    speed: fast
institutions:
  - {id: acme, name: Acme, criticality: enormous}
topics: 7
"""


@pytest.mark.parametrize(
    "arguments",
    [["check"], ["run"], ["run", "--once"], ["institutions"], ["profile", "acme"], ["status"], ["test"], ["match"]],
    ids=" ".join,
)
def test_a_broken_configuration_shows_every_error_with_its_place(
    call: Call, empty: State, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = empty.config / "alerts.yaml"
    file.write_text(BROKEN, encoding="utf-8")
    done = call(empty, *arguments)
    assert (done.status, done.out) == (1, "")
    if arguments == ["status"]:
        return  # it looks at the state first, and there is none
    places = [line.removeprefix(f"{file}:").split(": ")[0] for line in done.err.splitlines()]
    assert {place.split(":")[0] for place in places} == {"3", "5", "7", "8"}
    assert all(line.startswith(f"{file}:") for line in done.err.splitlines())
    assert not empty.path.exists()


def test_status_says_that_the_configuration_is_refused(call: Call, filled: State) -> None:
    (filled.config / "alerts.yaml").write_text(BROKEN, encoding="utf-8")
    done = call(filled, "status")
    assert done.status == 1
    assert "configuration refused" in done.out


@pytest.mark.parametrize("content", [b"", b"garbage, and no database at all" * 500])
def test_a_file_that_is_no_database_is_one_line(call: Call, filled: State, content: bytes) -> None:
    for each in filled.path.glob("alerts.db*"):
        each.unlink()
    (filled.path / "alerts.db").write_bytes(content)
    done = call(filled, "institutions")
    if content:
        assert (done.status, done.out) == (1, "")
        assert len(done.err.splitlines()) == 1
    else:
        assert done.status == 0, "an empty file is an empty database"


def test_a_state_that_may_not_be_read_is_one_line(call: Call, filled: State) -> None:
    shutil.rmtree(filled.path)
    filled.path.write_text("a file where a directory is wanted")
    for arguments in (["institutions"], ["run"], ["run", "--once"], ["db", "upgrade"]):
        done = call(filled, *arguments)
        assert (done.status, done.out) == (1, ""), arguments
        assert len(done.err.splitlines()) == 1, arguments
