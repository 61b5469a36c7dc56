"""What operators do at night, and links, from the command line, on both databases."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import pytest
import yaml
from kit.system import Clock, System
from sqlalchemy import select, update

from alerts.access.links import member
from alerts.access.signing import signer
from alerts.cli.main import status_of
from alerts.feeds.state import FeedState
from alerts.model.answer import AnswerKind
from alerts.model.times import parse_time
from alerts.pipeline import answering, steps
from alerts.store.database import Database
from alerts.store.repositories import sessions
from alerts.store.schema import AlertRow, DeliveryRow, SourceRow

Alerts = Callable[..., tuple[int, str, str]]


@pytest.fixture
def town(database: Database, tmp_path: Path) -> System:
    return System(database, tmp_path / "config", clock=Clock(datetime.now(UTC)))


@pytest.fixture
def alerts(
    town: System, database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Alerts:
    """Runs the command: status, standard output, standard error."""
    for name in list(os.environ):
        if name.startswith("ALERTS_"):
            monkeypatch.delenv(name)

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        place = ["--config", str(tmp_path / "config"), "--database", database_url, "--state", str(tmp_path / "state")]
        status = status_of([*place, *arguments])
        out, err = capfd.readouterr()
        return status, out, err

    return run


def delivery_of(town: System) -> DeliveryRow:
    with town.runtime.database.read() as session:
        row = session.scalars(select(DeliveryRow).order_by(DeliveryRow.created_at)).first()
    assert row is not None
    return row


def kill(town: System) -> str:
    with town.runtime.database.write() as session:
        session.execute(update(DeliveryRow).values(state="dead", due_at=None))
    return delivery_of(town).id


def test_redeliver(town: System, alerts: Alerts) -> None:
    town.observe("tribune", "Acme hit by outage")
    delivery = kill(town)
    assert alerts("redeliver", delivery[:9]) == (0, f"{delivery}: due now\n", "")
    assert [row.id for row in town.deliveries("pending")] == [delivery]
    status, _, err = alerts("redeliver", delivery)
    assert status == 1
    assert "it is on its way" in err
    kill(town)
    status, out, _ = alerts("redeliver", "--dead", "--json")
    assert (status, json.loads(out)) == (0, {"delivery": delivery, "state": "pending"})
    assert alerts("redeliver", "--dead") == (0, "", "nothing is dead\n")
    assert alerts("redeliver")[0] == 2
    assert alerts("redeliver", "none")[0] == 1
    assert alerts("redeliver", "--dead", "--subscriber", "desk")[0] == 0
    assert alerts("redeliver", "--dead", "--subscriber", "nobody")[0] == 1
    assert alerts("redeliver", "--dead", "--subscriber", "@operators")[0] == 0


def test_ack(town: System, alerts: Alerts) -> None:
    town.observe("acme-news", "Acme reports an outage")
    with town.runtime.database.read() as session:
        alert = session.scalars(select(AlertRow.id)).first()
    assert alert is not None
    status, out, _ = alerts("ack", alert[:8], "--by", "night shift")
    assert status == 0
    assert re.search(r"no reminders of acme \(priority, continuity\) until it changes", out)
    status, out, _ = alerts("ack", "--institution", "acme", "--subscriber", "desk", "--json")
    assert json.loads(out)["institution"] == "acme"
    with town.runtime.database.read() as session:
        message = session.scalars(select(DeliveryRow.id)).first()
    assert message is not None
    status, out, _ = alerts("ack", message, "--json")
    assert status == 0
    assert {json.loads(line)["institution"] for line in out.splitlines()} == {"acme"}
    assert alerts("ack", "--institution", "initech", "--subscriber", "desk")[0] == 1
    assert alerts("ack")[0] == 2
    assert alerts("ack", "x", "--institution", "acme")[0] == 2
    town.later(hours=25)
    steps.advance_desk(town.runtime, "desk")
    with town.runtime.database.read() as session:
        reasons = set(session.scalars(select(DeliveryRow.reason).where(DeliveryRow.kind == "reminder")))
    assert reasons == {"acknowledged"}


def test_silence(town: System, alerts: Alerts) -> None:
    status, out, _ = alerts("silence", "--institution", "acme", "--for", "4h", "--reason", "planned", "--json")
    assert status == 0
    made = json.loads(out)
    assert (made["about"], made["reason"]) == ("acme", "planned")
    assert made["by"]
    town.later(seconds=5)
    town.observe("tribune", "Acme hit by outage")
    with town.runtime.database.read() as session:
        assert set(session.scalars(select(AlertRow.reason))) == {"silence"}
    assert json.loads(alerts("silence", "--list", "--json")[1])["id"] == made["id"]
    assert alerts("silence", "--end", made["id"])[0] == 0
    assert alerts("silence", "--end", made["id"])[0] == 1
    assert alerts("silence", "--list") == (0, "", "no silences\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say which institutions"),
        (("--all",), "say how long"),
        (("--all", "--for", "4h", "--until", "2030-01-01T00:00:00Z"), "say how long"),
        (("--all", "--list"), "say which institutions"),
        (("--all", "--for", "long"), "is no time"),
        (("--all", "--until", "soon"), "is no time"),
    ],
)
def test_a_silence_called_wrongly(alerts: Alerts, arguments: tuple[str, ...], said: str) -> None:
    status, _, err = alerts("silence", *arguments)
    assert status == 2
    assert said in err
    assert err.count("\n") == 1


def test_unsubscribe_and_back(town: System, alerts: Alerts) -> None:
    assert alerts("unsubscribe", "desk", "--channel", "console") == (0, "desk: unsubscribed: console\n", "")
    town.observe("tribune", "Acme hit by outage")
    with town.runtime.database.read() as session:
        assert set(session.scalars(select(AlertRow.reason))) == {"unsubscribed"}
    assert alerts("unsubscribe", "desk", "--undo")[0] == 0
    assert alerts("unsubscribe", "desk", "--channel", "fax")[0] == 1
    assert alerts("unsubscribe", "nobody")[0] == 1


def test_release(town: System, alerts: Alerts) -> None:
    def remember(state: FeedState) -> None:
        with town.runtime.database.write() as session:
            session.execute(update(SourceRow).where(SourceRow.id == "tribune").values(state=state.to_json()))

    remember(FeedState(held=3, held_since=town.now, held_polls=1))
    assert "3 items will be taken in" in alerts("release", "tribune")[1]
    remember(FeedState(stopped="gone"))
    assert "will be polled again now" in alerts("release", "tribune")[1]
    assert alerts("release", "acme-news")[0] == 1
    assert alerts("release", "nothing")[0] == 1


def test_send_test(alerts: Alerts, tmp_path: Path) -> None:
    status, out, _ = alerts("send-test", "desk")
    assert status == 0
    assert "console: sent (accepted) printed" in out
    assert "pager: sent (accepted) printed" in out
    file = tmp_path / "config" / "alerts.yaml"
    file.write_text(file.read_text().replace('pager: "console://"', 'pager: "json://127.0.0.1:1/hidden-path"'))
    status, out, err = alerts("send-test", "desk", "--channel", "pager", "--json")
    assert status == 1
    assert json.loads(out)["state"] == "failed"
    assert "hidden-path" not in out + err
    assert alerts("send-test", "nobody")[0] == 1
    assert alerts("send-test", "desk", "--channel", "fax")[0] == 1


# --- links ---------------------------------------------------------------------------------------------------


def test_a_link_is_made_listed_and_revoked(town: System, alerts: Alerts, tmp_path: Path) -> None:
    status, out, _ = alerts("link", "--tier", "strategic-circle", "--expires", "2d", "--name", "policy team", "--json")
    assert status == 0
    made = json.loads(out)
    assert made["url"].startswith("http://127.0.0.1:8321/enter/")
    token = made["url"].rpartition("/")[2]
    secret = tmp_path / "state" / "secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600

    def bearer() -> object:
        settings = town.runtime.configuration.current().settings
        with town.runtime.database.read() as session:
            return member(session, signer(tmp_path / "state", {}), settings, token, datetime.now(UTC))

    assert bearer() is not None
    assert "policy team" in alerts("link", "--list")[1]
    assert alerts("link", "--revoke", made["id"])[0] == 0
    assert bearer() is None
    assert "revoked" in alerts("link", "--list")[1]
    assert alerts("link", "--revoke", "none")[0] == 1


def test_a_token_for_programs_is_made_listed_and_revoked(alerts: Alerts) -> None:
    status, out, _ = alerts("link", "--scope", "read", "--scope", "metrics", "--tier", "strategic-circle", "--json")
    made = json.loads(out)
    assert (status, made["scopes"], made["tier"], made["state"]) == (0, ["read", "metrics"], "strategic-circle", "good")
    assert "url" not in made
    assert alerts("link", "--scope", "operate")[1].strip().count(".") == 1
    listed = alerts("link", "--list")[1]
    assert "read, metrics" in listed
    assert made["token"] not in listed
    assert alerts("link", "--revoke", made["id"])[0] == 0
    assert alerts("link", "--scope", "subscriber", "--subscriber", "desk")[0] == 0


def test_sessions_are_listed_and_ended(town: System, alerts: Alerts) -> None:
    assert alerts("sessions") == (0, "", "nobody is signed in\n")
    with town.runtime.database.write() as session:
        for person in ("ann@example.org", "ann@example.org", "ben"):
            sessions.begin(session, b"key", datetime.now(UTC), person=person, credential="", groups=["desk"])
    listed = [json.loads(line) for line in alerts("sessions", "--json")[1].splitlines()]
    assert {(each["person"], *each["groups"]) for each in listed} == {("ann@example.org", "desk"), ("ben", "desk")}
    assert "2 sessions ended" in alerts("sessions", "--end", "ann@example.org")[2]
    assert alerts("sessions", "--end", "ann@example.org")[0] == 1
    assert alerts("sessions", "--end", "")[0] == 1
    [ben] = [each["id"] for each in listed if each["person"] == "ben"]
    assert alerts("sessions", "--end", ben)[0] == 0
    assert "nobody is signed in" in alerts("sessions")[2]


def test_a_link_for_a_subscriber(alerts: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_BASE_URL", "https://alerts.example.org/")
    monkeypatch.setenv("ALERTS_SECRET", "a secret of more than sixteen characters")
    status, out, _ = alerts("link", "--subscriber", "board")
    assert status == 0
    assert re.fullmatch(r"https://alerts\.example\.org/enter/[\w.-]+\n", out)
    assert "leadership-alliance" in alerts("link", "--list")[1]
    assert alerts("link", "--subscriber", "nobody")[0] == 1
    assert alerts("link", "--subscriber", "board", "--tier", "open")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "variable", "value", "said"),
    [
        ((), "", "", "give --tier"),
        (("--tier", "open", "--list"), "", "", "give --tier"),
        (("--tier", "gold"), "", "", "gold"),
        (("--scope", "subscriber"), "", "", "say of whom with --subscriber"),
        (("--scope", "everything"), "", "", "everything"),
        (("--tier", "open", "--expires", "soon"), "", "", "is no duration"),
        (("--tier", "open"), "ALERTS_SECRET", "short", "ALERTS_SECRET has 5 characters"),
        (("--tier", "open"), "ALERTS_BASE_URL", "alerts.example.org", "is no address"),
    ],
)
def test_a_link_asked_for_wrongly(
    alerts: Alerts, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], variable: str, value: str, said: str
) -> None:
    if variable:
        monkeypatch.setenv(variable, value)
    status, out, err = alerts("link", *arguments)
    assert status in {1, 2}
    assert said in err
    assert out == ""


class Ahead(datetime):
    """The clock of a machine that is two days ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + timedelta(days=2)


def test_on_a_machine_whose_clock_is_wrong_it_is_the_time_of_the_database(
    alerts: Alerts, town: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    if town.runtime.database.is_sqlite:
        pytest.skip("all processes on one SQLite file share one machine and its clock")
    monkeypatch.setattr("alerts.runtime.runtime.datetime", Ahead)
    status, out, _ = alerts("silence", "--institution", "acme", "--for", "4h", "--json")
    assert status == 0
    assert parse_time(json.loads(out)["until"]) < datetime.now(UTC) + timedelta(hours=5)


def test_preferences(town: System, alerts: Alerts, tmp_path: Path) -> None:
    town.observe("tribune", "Acme hit by outage")
    with town.runtime.database.read() as session:
        [alert] = session.scalars(select(AlertRow.id).where(AlertRow.subscriber == "desk"))
    status, out, err = alerts("preferences", "desk")
    assert status == 0
    assert "level of all institutions" in out
    assert "nothing was chosen" in err
    for kind, days in ((AnswerKind.MUTE, 7), (AnswerKind.ONLY_CRITICAL, None), (AnswerKind.USEFUL, None)):
        town.later(microseconds=1)
        answering.give(town.runtime, alert, kind, who="a reader of console", days=days)
    status, out, _ = alerts("preferences", "desk", "--json")
    record = json.loads(out)
    assert [each["said"] for each in record["chosen"]] == ["mute acme for 7 days", "only critical"]
    assert [each["channels"] for each in record["rules"]] == [["console"], ["pager"]]
    status, out, _ = alerts("preferences", "desk")
    assert "a reader of console" in out
    # What is printed for the configuration is valid there and asks for what is left.
    status, out, _ = alerts("preferences", "desk", "--as-yaml")
    assert status == 0
    [written] = yaml.safe_load(out)["subscribers"]
    assert written["watch"] == [
        {
            "all": True,
            "on": ["level"],
            "at_least": "critical",
            "direction": "both",
            "to": ["console"],
            "not": {"institutions": ["acme"]},
        },
        {"institutions": ["globex"], "on": ["mention"], "to": ["pager"]},
    ]
    assert f"--undo {record['chosen'][0]['id']}" in out
    file = tmp_path / "config" / "alerts.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8").replace("on: [", "'on': ["))  # else it is true
    content["subscribers"][0] |= written
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert alerts("check")[0] == 0
    mute = record["chosen"][0]["id"]
    assert alerts("preferences", "board", "--undo", mute)[0] == 1, "it is of another subscriber"
    status, out, _ = alerts("preferences", "desk", "--undo", mute, "--by", "night shift", "--json")
    assert [each["said"] for each in json.loads(out)["chosen"]] == ["only critical"]
    assert alerts("preferences", "nobody")[0] == 1
    assert alerts("preferences", "desk", "--as-yaml", "--json")[0] == 2


def test_preferences_of_one_of_several_channels_become_rules_of_their_own(
    town: System, alerts: Alerts, tmp_path: Path
) -> None:
    file = tmp_path / "config" / "alerts.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8").replace("on: [", "'on': ["))  # else it is true
    content["subscribers"][0]["watch"] = [
        {"name": "both", "institutions": ["acme", "globex"], "on": ["level", "mention"]},
        {"institutions": ["acme"], "on": ["mention"]},
    ]
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    town.reconfigure()
    town.observe("tribune", "Acme hit by outage")
    with town.runtime.database.read() as session:
        alert = session.scalars(select(AlertRow.id).filter_by(subscriber="desk", channel="pager")).first()
    for kind in (AnswerKind.MUTE, AnswerKind.DAILY):
        answering.give(town.runtime, alert or "", kind, who="x", days=1 if kind is AnswerKind.MUTE else None)
    [written] = yaml.safe_load(alerts("preferences", "desk", "--as-yaml")[1])["subscribers"]
    assert written == {
        "id": "desk",
        "watch": [
            {
                "name": "both (console)",
                "institutions": ["acme", "globex"],
                "on": ["level", "mention"],
                "to": ["console"],
            },
            {"name": "both (pager)", "institutions": ["globex"], "on": ["level", "mention"], "to": ["pager"]},
            {"institutions": ["acme"], "on": ["mention"], "to": ["console"]},
        ],
        "digest": {"at": "08:00", "timezone": "UTC", "below": "critical"},
    }
    content["subscribers"][0] |= written
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert alerts("check")[0] == 0
