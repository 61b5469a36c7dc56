from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.system import START, System, look, settings, write

from alerts.model.errors import ConfigError
from alerts.runtime.configuration import Configuration
from alerts.store.schema import AlertRow, CaseRow, SourceRow, TransitionRow

pytestmark = pytest.mark.servers

OUTAGE = Entry("a1", "Acme Networks hit by outage", "Nothing works.", "https://wire.example/a1", START)


@pytest.fixture
def content(feeds: FeedServer) -> dict[str, Any]:
    return settings({"wire": f"{feeds.url}/wire"}, {"console": "console://"})


def levels(low: float) -> dict[str, Any]:
    return {"raise": {"medium": low, "high": 0.5, "critical": 0.75}}


def test_an_edit_moves_levels_and_says_that_it_was_the_edit(
    lines: Any, feeds: FeedServer, content: dict[str, Any]
) -> None:
    made: System = lines({**content, "levels": levels(0.45)})
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    assert made.rows(TransitionRow) == []
    made.reconfigure({**content, "levels": levels(0.25)})
    made.settle(minutes=1)
    (change,) = made.rows(TransitionRow)
    assert (change.from_level, change.to_level, change.cause) == ("low", "medium", "config")
    assert change.at == made.clock.at
    assert len(made.rows(AlertRow)) == 1
    made.settle(minutes=1)
    assert len(made.rows(TransitionRow)) == 1


def test_an_edit_is_in_force_before_what_waits_to_be_assessed(
    lines: Any, feeds: FeedServer, content: dict[str, Any]
) -> None:
    from alerts.pipeline import steps

    made: System = lines({**content, "levels": levels(0.45)})
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    second = Entry("a9", "Acme Networks and a court ruling", "x", "https://wire.example/a9", START)
    feeds.put("wire", [second, OUTAGE])
    made.clock.move(hours=1)
    steps.poll_sources(made.runtime, "wire", due_only=False)
    made.driver._waiting.clear()
    observed = made.clock.at
    made.reconfigure({**content, "levels": levels(0.25)})
    made.settle(minutes=5)
    changes = [(row.axis, row.to_level, row.cause, row.at) for row in made.rows(TransitionRow)]
    assert changes == [
        ("priority", "medium", "config", observed - timedelta(microseconds=1)),
        ("policy", "medium", "evidence", observed),
    ]


def test_a_broken_edit_is_refused_and_the_last_good_one_stays_in_force(
    lines: Any, feeds: FeedServer, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    made: System = lines(content)
    good = made.runtime.configuration.current().settings.hash
    broken = made.config / "broken.yaml"
    broken.write_text("subscribers:\n  - id: night\n    tier: platinum\n", encoding="utf-8")
    assert look(made.runtime.configuration).settings.hash == good
    (problem,) = made.runtime.configuration.problems
    assert str(problem).startswith(f"{broken}:3:11: ")
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    assert len(made.rows(AlertRow)) == 1, "work goes on"
    broken.unlink()
    assert look(made.runtime.configuration).settings.hash == good
    assert made.runtime.configuration.problems == ()
    assert "config.refused" in caplog.messages


def look_again(configuration: Configuration) -> None:
    """As if the time between two looks, and between two tries of the same files, had passed."""
    configuration._read = float("-inf")
    look(configuration)


def test_files_that_were_away_for_a_moment_are_in_force_again(tmp_path: Path) -> None:
    config = write(tmp_path / "config", settings({"wire": "https://wire.example/feed"}))
    read = Configuration(config)
    config.rename(tmp_path / "away")
    look_again(read)
    assert len(read.problems) == 1
    (tmp_path / "away").rename(config)
    look_again(read)
    assert not read.problems, "though they are what they were"


def test_a_secret_file_that_was_missing_needs_no_edit_once_it_is_there(tmp_path: Path) -> None:
    config = write(tmp_path / "config", settings({"wire": "https://wire.example/feed"}))
    read = Configuration(config)
    secret = tmp_path / "secret"
    write(config, settings({"wire": "https://wire.example/feed"}, {"hook": f"${{file:{secret}}}"}))
    look_again(read)
    (problem,) = read.problems
    assert "does not exist" in problem.message
    secret.write_text("console://\n", encoding="utf-8")
    assert look(read).settings.subscribers == {}, "not every second: a large one takes its time"
    look_again(read)
    assert read.problems == ()
    assert "desk" in read.current().settings.subscribers


def test_a_broken_configuration_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("sources:\n  - id: x\n    uri: nonsense\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Configuration(tmp_path)
    assert {problem.line for problem in caught.value.problems} <= {2, 3}


def test_sources_follow_the_configuration(lines: Any, feeds: FeedServer, content: dict[str, Any]) -> None:
    made: System = lines(content)
    moved = settings({"wire": f"{feeds.url}/moved", "herald": f"{feeds.url}/herald"}, {"console": "console://"})
    made.reconfigure(moved)
    made.settle(seconds=1)
    assert {(row.id, row.url, row.active) for row in made.rows(SourceRow)} == {
        ("wire", f"{feeds.url}/moved", True),
        ("herald", f"{feeds.url}/herald", True),
    }
    made.reconfigure(content)
    made.settle(seconds=1)
    assert {row.id: row.active for row in made.rows(SourceRow)} == {"wire": True, "herald": False}


def test_a_worker_that_missed_an_edit_looks_again_instead_of_turning_it_back(
    lines: Any, feeds: FeedServer, content: dict[str, Any]
) -> None:
    from alerts.pipeline import steps

    behind: System = lines({**content, "levels": levels(0.45)})
    feeds.put("wire", [OUTAGE])
    behind.poll("wire")
    ahead = System(behind.database, behind.config, None, behind.clock)
    more = settings({"wire": f"{feeds.url}/wire", "herald": f"{feeds.url}/h"}, {"console": "console://"})
    ahead.reconfigure({**more, "levels": levels(0.25)})
    ahead.settle(seconds=1)
    # Within the second in which it would not have looked by itself.
    assert behind.runtime.configuration.number == 1
    steps.tick(behind.runtime)
    steps.assess(behind.runtime, "acme")
    assert all(row.active for row in behind.rows(SourceRow))
    assert [row.cause for row in behind.rows(TransitionRow)] == ["config"]


def test_a_process_that_matches_nothing_builds_no_matcher_and_one_that_does_builds_the_next_ahead(
    tmp_path: Path,
) -> None:
    config = write(tmp_path / "config", settings({}))
    read = Configuration(config)
    for number, matches in enumerate((False, True), start=1):
        if matches:
            read.current().matcher  # noqa: B018
        (config / "more.yaml").write_text(f"institutions:\n  - {{id: more-{number}, name: More {number}}}\n")
        active = look(read)
        assert f"more-{number}" in active.settings.institutions
        assert ("matcher" in vars(active)) is matches


def test_an_institution_that_is_new_has_its_history_and_nobody_is_told_of_it(
    lines: Any, feeds: FeedServer, content: dict[str, Any]
) -> None:
    content["subscribers"][0]["watch"] = [{"all": True, "on": ["level", "mention", "grade", "spike"]}]
    acme, globex = content["institutions"]
    made: System = lines({**content, "institutions": [acme]})
    ruling = Entry("g1", "Court ruling on Globex Corporation", "", "https://wire.example/g1", START)
    feeds.put("wire", [ruling])
    made.poll("wire")
    assert made.rows(CaseRow) == []
    made.clock.move(hours=1)
    made.reconfigure({**content, "institutions": [acme, globex]})
    made.settle(minutes=1)
    (case,) = made.rows(CaseRow)
    assert (case.institution, case.axes["policy"]["level"]) == ("globex", "medium")
    assert [row.cause for row in made.rows(TransitionRow)] == ["config"]
    assert [row.reason for row in made.rows(AlertRow)] == ["config-change"], "and no mention of old"
    assert made.out.getvalue() == ""
    made.clock.move(hours=1)
    fresh = Entry("g2", "Globex Corporation opens a harbour", "", "https://wire.example/g2", made.clock())
    feeds.put("wire", [fresh, ruling])
    made.poll("wire")
    assert [row.on for row in made.rows(AlertRow) if row.state == "sent"] == ["mention"], "what is new is told"
    assert fresh.title in made.out.getvalue()
