"""Secrets as files: a URL stands in the variable itself or in the file that NAME_FILE names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alerts.access.signing import operator_token, signer
from alerts.cli.main import status_of
from alerts.config.environment import required, setting
from alerts.model.errors import UsageError

NAME = "ALERTS_DATABASE"


def test_the_variable_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("  postgresql://from-a-file/x\n")
    assert setting({NAME: "sqlite:///x", f"{NAME}_FILE": str(file)}, NAME) == "sqlite:///x"
    assert setting({NAME: "  ", f"{NAME}_FILE": str(file)}, NAME) == "postgresql://from-a-file/x"
    assert setting({}, NAME) == ""


def test_what_is_needed_and_missing_says_both_ways_to_give_it() -> None:
    with pytest.raises(UsageError, match="ALERTS_DATABASE is not set: set it, or ALERTS_DATABASE_FILE"):
        required({}, NAME)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"postgresql://u:hunter2@h/x\npostgresql://second", "must hold one line"),
        (b"hunter2" * 20_000, "is larger than 65536 bytes"),
        (b"hunter2\xff", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_its_content_is_not(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        setting({f"{NAME}_FILE": str(file)}, NAME)
    assert says in str(caught.value)
    assert str(file) in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_secrets_of_the_pages_may_be_files_too(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("0123456789abcdef-signing\n")
    (tmp_path / "token").write_text("0123456789abcdef-operator\n")
    environment = {
        "ALERTS_SECRET_FILE": str(tmp_path / "secret"),
        "ALERTS_OPERATOR_TOKEN_FILE": str(tmp_path / "token"),
    }
    assert signer(tmp_path / "state", environment).key == b"0123456789abcdef-signing"
    assert operator_token(tmp_path / "state", environment) == "0123456789abcdef-operator"
    assert not (tmp_path / "state").exists()


def test_the_command_reads_the_database_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "url"
    file.write_text(f"sqlite:///{tmp_path / 'named.db'}\n")
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    assert status_of(["db", "upgrade"]) == 0
    assert (tmp_path / "named.db").is_file()
    # An option names another one.
    assert status_of(["--database", f"sqlite:///{tmp_path / 'given.db'}", "db", "upgrade"]) == 0
    assert (tmp_path / "given.db").is_file()
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "nowhere"))
    capsys.readouterr()
    assert status_of(["db", "upgrade"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ALERTS_TICK", "0", "ALERTS_TICK is '0'; write a number of seconds above 0, or unset it"),
        ("ALERTS_TICK", "nan", "ALERTS_TICK is 'nan'; write a number of seconds above 0, or unset it"),
        ("ALERTS_LOG", "loud", "ALERTS_LOG is 'loud'; write DEBUG, INFO, WARNING or ERROR"),
        ("ALERTS_BROKER_FILE", "/nowhere", "ALERTS_BROKER_FILE: /nowhere cannot be read: No such file"),
    ],
)
def test_a_worker_refuses_what_makes_no_sense_in_one_line(name: str, value: str, says: str) -> None:
    kept = {key: text for key, text in os.environ.items() if not key.startswith("ALERTS_")}
    done = subprocess.run(
        [sys.executable, "-c", "import worker.app"],
        env={**kept, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"alerts: {says}")


@pytest.mark.servers
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ALERTS_BASE_URL", "nonsense", "ALERTS_BASE_URL: 'nonsense' is no address"),
        ("ALERTS_HEARTBEAT_URL", "https://[hunter2", "ALERTS_HEARTBEAT_URL is no address"),
        ("ALERTS_SECRET", "hunter2", "ALERTS_SECRET has 7 characters; give at least 16"),
        ("ALERTS_DATABASE", "", "ALERTS_DATABASE is not set: set it"),
        ("ALERTS_DATABASE", "mysql://u:hunter2@h/x", "database 'mysql' is not supported"),
    ],
)
def test_a_worker_refuses_at_its_start_what_each_task_would_fail_of(
    tmp_path: Path, name: str, value: str, says: str
) -> None:
    kept = {key: text for key, text in os.environ.items() if not key.startswith("ALERTS_")}
    given = {
        "ALERTS_DATABASE": f"sqlite:///{tmp_path / 'alerts.db'}",
        "ALERTS_BROKER": "redis://127.0.0.1:1/0",
        "ALERTS_STATE": str(tmp_path),
        "ALERTS_BASE_URL": "https://alerts.example.org",
        name: value,
    }
    command = [sys.executable, "-m", "celery", "--app", "worker.app", "--quiet", "worker", "--pool", "threads"]
    done = subprocess.run(command, env={**kept, **given}, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"alerts: {says}")
    assert "hunter2" not in line
