"""The configurations that are shipped: the starter and the example."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kit.feeds import Entry, FeedServer

from alerts.cli.main import status_of
from alerts.config.lint import doubts
from alerts.config.load import load_entries
from alerts.config.schema import ConfigTestForm
from alerts.config.yaml_output import FIELDS, write_starter
from alerts.model.errors import InputError

EXAMPLE = Path(__file__).parents[2] / "config"


@pytest.mark.parametrize("field", FIELDS)
def test_the_starter_is_sound(field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = write_starter(tmp_path / "new" / "config", field)
    loaded = load_entries(tmp_path / "new" / "config")
    assert doubts(loaded) == []
    assert loaded.entries.all("tests")
    assert loaded.settings.subscribers["desk"].channels["console"].reveal() == "console://"
    assert all(path.is_file() for path in written)
    assert status_of(["--config", str(tmp_path / "new" / "config"), "test"]) == 0, capsys.readouterr().out


def test_the_starter_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("# mine\n")
    with pytest.raises(InputError, match="already: choose an empty directory"):
        write_starter(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yml"]


def test_the_starter_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_starter(tmp_path / "file")


def test_the_example_is_sound_and_needs_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    loaded = load_entries(EXAMPLE)
    settings = loaded.settings
    assert doubts(loaded) == []
    assert len(settings.sources) >= 15
    assert len(settings.institutions) >= 14
    assert len(loaded.entries.all("tests")) >= 15
    assert [list(each.channels) for each in settings.subscribers.values()] == [["console"]]
    spoken_for = {institution for source in settings.sources.values() for institution in source.speaks_for}
    assert {"openai", "anthropic", "aws", "cloudflare", "ftc", "bis"} <= spoken_for


def test_every_topic_of_the_example_can_be_expected_somewhere() -> None:
    """The tests of the example reach every signal class and both outcomes of a name that means something else."""
    loaded = load_entries(EXAMPLE)
    settings = loaded.settings
    expected = [each for _, test in loaded.entries.valid("tests", ConfigTestForm) for each in test.expect]
    signals = {settings.topics[each.topic].signal for each in expected if each.topic}
    assert {signal.value for signal in signals} == {"continuity", "governance", "relationship"}
    assert {each.mentioned for each in expected} == {True, False, None}
    assert {each.alerts for each in expected} >= {0, 1}


@pytest.mark.servers
def test_the_starter_passes_its_checks_and_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From `init` to `run --once`, on a feed of our own instead of those of the starter."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ALERTS_")]:
        monkeypatch.delenv(name)
    assert status_of(["init", "mine"]) == 0
    assert status_of(["init", "mine"]) == 1
    assert status_of(["--config", "mine", "check"]) == 0
    assert status_of(["--config", "mine", "test"]) == 0
    with FeedServer() as server:
        now = datetime.now(UTC).replace(microsecond=0)
        server.put("news", [Entry("1", "ChatGPT outage affects all users", "", "https://o.example/1", now)])
        sources = tmp_path / "mine" / "sources.yaml"
        text = re.sub(r"url: \S+", f"url: {server.url}/news", sources.read_text())
        sources.write_text(re.sub(r"^( +)(publisher: .*)$", r"\1\2\n\1allow_private: true", text, flags=re.MULTILINE))
        capsys.readouterr()
        assert status_of(["--config", "mine", "run", "--once"]) == 0
    said = capsys.readouterr()
    assert re.search(r"polled 2 sources: 2 new items, 0 failed; [1-9] messages? sent", said.err)
    assert "priority (Now) rose from low to " in said.out
