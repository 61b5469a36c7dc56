"""`alerts doctor`: each check on a machine that is well, and on one where something is broken."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kit.feeds import Entry, FeedServer, Page, rss
from kit.provider import CLIENT_SECRET, Provider

from alerts.cli.main import status_of
from alerts.store.database import Database

pytestmark = pytest.mark.servers


class Patient:
    """A configuration with one source on a local server, and the ways to ask for its findings."""

    def __init__(self, path: Path, server: FeedServer, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self.server, self.capsys = path, server, capsys
        server.put("news", [Entry("1", "Acme Networks hit by outage")])
        self.content: dict[str, Any] = {
            "sources": [{"id": "news", "url": f"{server.url}/news", "publisher": "News", "allow_private": True}],
            "institutions": [{"id": "acme", "name": "Acme Networks"}],
            "subscribers": [{"id": "desk", "channels": {"log": "console://"}, "watch": [{"all": True}]}],
            "operators": {"channels": {"log": "console://"}},
        }
        self.write()

    def write(self) -> None:
        (self.path / "config").mkdir(exist_ok=True)
        (self.path / "config" / "a.yaml").write_text(yaml.safe_dump(self.content))

    def call(self, *arguments: str) -> int:
        self.capsys.readouterr()
        return status_of(["--config", str(self.path / "config"), "--state", str(self.path / "state"), *arguments])

    def findings(self, *options: str) -> tuple[int, dict[str, tuple[str, str]]]:
        """The exit status, and by check its last finding."""
        status = self.call(*options, "doctor", "--json")
        records = [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]
        assert all(set(each) == {"check", "state", "message"} for each in records)
        return status, {each["check"]: (each["state"], each["message"]) for each in records}


@pytest.fixture
def patient(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Patient]:
    monkeypatch.delenv("ALERTS_SECRET", raising=False)
    with FeedServer() as server:
        yield Patient(tmp_path, server, capsys)


def test_a_system_that_is_well(patient: Patient) -> None:
    assert patient.call("run", "--once") == 0
    status, found = patient.findings()
    assert status == 0
    assert {state for state, _ in found.values()} == {"ok"}, found
    assert {"configuration", "channels", "secrets", "disk", "broker", "database", "sources", "network", "clock"} <= set(
        found
    )


def test_before_the_first_start_nothing_is_made(patient: Patient) -> None:
    status, found = patient.findings()
    assert status == 0
    assert found["database"] == ("warn", "nothing is recorded yet; `alerts run` makes it")
    assert not (patient.path / "state").exists()


def test_a_broken_configuration_hides_no_other_check(patient: Patient) -> None:
    (patient.path / "config" / "b.yaml").write_text("sources: [{id: x}]\n")
    status, found = patient.findings()
    assert status == 1
    state, message = found["configuration"]
    assert state == "fail"
    assert "b.yaml:1:" in message
    assert found["disk"][0] == "ok"


def test_channels_that_no_message_can_go_to(patient: Patient) -> None:
    patient.content["subscribers"][0]["channels"] = {"team": "slack://only-one-part"}
    del patient.content["operators"]
    patient.write()
    assert patient.call("doctor") == 1
    out = patient.capsys.readouterr().out
    assert "fail  channels" in out
    assert "warn  channels       nobody is notified of incidents" in out
    assert "only-one-part" not in out


def test_secrets_that_others_can_read(patient: Patient) -> None:
    assert patient.call("run", "--once") == 0
    secret = patient.path / "state" / "secret"
    secret.write_text("x" * 32)
    secret.chmod(0o644)
    status, found = patient.findings()
    assert (status, found["secrets"]) == (0, ("warn", f"{secret} can be read by others: chmod 600 {secret}"))
    secret.write_text("short")
    assert patient.findings()[1]["secrets"][0] == "fail"


def test_a_state_directory_that_cannot_be_written(patient: Patient) -> None:
    (patient.path / "state").write_text("a file is in its place")
    status, found = patient.findings()
    assert status == 1
    assert found["disk"][0] == "fail"
    assert "--state" in found["disk"][1]


def test_the_provider_of_the_sign_on(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "sign_in" not in patient.findings()[1]
    with Provider() as provider:
        for name, value in provider.environment().items():
            monkeypatch.setenv(name, value)
        status, findings = patient.findings()
        assert findings["sign_in"][0] == "warn", "nobody is given anything"
        patient.content["access"] = {"operators": ["admins"]}
        patient.write()
        assert patient.findings()[1]["sign_in"] == ("ok", f"{provider.issuer} answers")
    status, findings = patient.findings()
    assert (status, findings["sign_in"][0]) == (1, "fail")
    assert provider.issuer in findings["sign_in"][1]
    assert CLIENT_SECRET not in str(findings)


def test_no_source_answers(patient: Patient) -> None:
    patient.content["sources"][0]["url"] = "http://127.0.0.1:9/feed"
    patient.write()
    status, found = patient.findings()
    assert status == 1
    assert found["network"][0] == "fail"
    assert "check DNS, routes and firewall" in found["network"][1]


def test_a_server_that_refuses_was_reached(patient: Patient) -> None:
    patient.server.put("news", Page(b"no", 403, "text/plain"))
    assert patient.findings()[1]["network"][0] == "ok"


@pytest.mark.parametrize(("seconds", "state"), [(5, "ok"), (120, "warn"), (7200, "fail")])
def test_a_clock_that_is_behind(patient: Patient, seconds: int, state: str) -> None:
    """A cache says with Age how old the server's Date is."""
    patient.server.put("news", Page(rss([Entry("1", "News")]), headers={"Age": str(seconds)}))
    found = patient.findings()[1]["clock"]
    assert found[0] == state
    assert ("behind 127.0.0.1" in found[1]) == (state != "ok")


def test_a_database_of_another_version(patient: Patient) -> None:
    assert patient.call("run", "--once") == 0
    database = Database(f"sqlite:///{patient.path / 'state' / 'alerts.db'}")
    for revision, state in (("0001", "warn"), ("9999", "fail")):
        with database.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
        assert patient.findings()[1]["database"][0] == state
    database.dispose()


def test_an_unreachable_database_and_broker(patient: Patient) -> None:
    status, found = patient.findings(
        "--database", "postgresql://me:hidden@127.0.0.1:9/x", "--broker", "redis://127.0.0.1:9/0"
    )
    assert status == 1
    assert found["database"][0] == found["broker"][0] == "fail"
    assert "hidden" not in str(found)
    assert found["secrets"][0] == "warn"


def test_postgresql(patient: Patient, postgres_url: str) -> None:
    assert patient.call("--database", postgres_url, "run", "--once") == 0
    _, found = patient.findings("--database", postgres_url)
    assert found["database"][0] in {"ok", "fail"}  # servers of tests may run without fsync, and that is said
    assert ("fsync is off" in found["database"][1]) == (found["database"][0] == "fail")
    assert found["deliveries"][0] == "ok"


def test_failing_feeds_and_a_system_that_stands_still(patient: Patient) -> None:
    patient.server.put("news", Page(b"nothing", 404, "text/plain"))
    assert patient.call("run", "--once") == 1
    status, found = patient.findings()
    assert status == 1
    assert found["sources"] == ("fail", "the only source failed at the last poll: is the network up?")
