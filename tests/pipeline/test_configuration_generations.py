"""The configuration in force is a numbered generation in the database, whatever files a host has."""

from __future__ import annotations

import copy
import logging
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.system import SECRET, START, System, settings, write
from sqlalchemy import select

from alerts.insight.health import CONTEST, LATE, disagreements, health
from alerts.model.errors import ConfigError
from alerts.pipeline import publish, steps
from alerts.pipeline.send import BEHIND_WAIT
from alerts.runtime.configuration import ConfigBehindError, Files
from alerts.runtime.runtime import configuration_of
from alerts.store import system_state
from alerts.store.repositories import generations
from alerts.store.schema import AttemptRow, CaseRow, ConfigurationRow, DeliveryRow, FindingRow

pytestmark = pytest.mark.servers

OUTAGE = Entry("a1", "Acme Networks hit by outage", "Nothing works.", "https://wire.example/a1", START)


@pytest.fixture
def content(feeds: FeedServer) -> dict[str, Any]:
    return settings({"wire": f"{feeds.url}/wire"}, {"console": "console://"})


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts are told apart by their directories; these two have the same name."""
    monkeypatch.setattr("socket.gethostname", lambda: "host")


def other_host(line: System, content: dict[str, Any]) -> System:
    """A second host with files of its own on the same database."""
    directory = line.config.with_name(f"{line.config.name}-other")
    return System(line.database, directory, content, line.clock)


def number(line: System) -> int:
    with line.database.read() as session:
        return system_state.in_force(session).number


def test_an_edit_on_one_host_is_in_force_on_all_and_no_other_turns_it_back(lines: Any, content: dict[str, Any]) -> None:
    here: System = lines(content)
    there = other_host(here, content)
    assert number(here) == 1, "the same files are one generation"
    here.reconfigure({**content, "levels": {"margin": 0.04}})
    here.settle(seconds=1)
    assert number(here) == 2
    for _ in range(5):  # the other one has the former files all the while
        there.settle(seconds=1)
        here.settle(seconds=1)
    assert number(here) == 2
    assert there.runtime.configuration.current().settings.levels.margin == 0.04
    write(there.config, {**content, "levels": {"margin": 0.04}})
    there.look_again()
    there.settle(seconds=1)
    assert number(here) == 2


def test_files_that_are_turned_back_are_in_force_again(lines: Any, content: dict[str, Any]) -> None:
    line: System = lines(content)
    line.reconfigure({**content, "levels": {"margin": 0.04}})
    line.settle(seconds=1)
    line.reconfigure(content)
    line.settle(seconds=1)
    assert number(line) == 3
    assert line.runtime.configuration.current().settings.levels.margin != 0.04


def test_a_process_that_starts_with_former_files_takes_what_is_in_force(
    lines: Any, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    line: System = lines(content)
    line.reconfigure({**content, "levels": {"margin": 0.04}})
    line.settle(seconds=1)
    late = other_host(line, content)
    late.settle(seconds=1)
    assert number(line) == 2
    assert late.runtime.configuration.current().settings.levels.margin == 0.04
    assert "config.outdated" in caplog.messages
    assert publish.publish_files(late.runtime) is not None, "but an operator can put them in force there"
    assert number(line) == 3


def test_a_process_that_starts_while_its_files_are_broken_takes_what_is_in_force(
    lines: Any, content: dict[str, Any]
) -> None:
    line: System = lines(content)
    (line.config / "broken.yaml").write_text("nonsense: 1\n", encoding="utf-8")
    late = configuration_of(line.config, line.database, line.config, SECRET)
    assert late.current().settings == line.runtime.configuration.current().settings
    assert len(late.problems) == 1
    with pytest.raises(ConfigError, match="another ALERTS_SECRET"):
        configuration_of(line.config, line.database, line.config, {"ALERTS_SECRET": "of somebody else"})


def test_a_host_with_another_key_is_behind_until_its_own_files_are_published(
    lines: Any, content: dict[str, Any]
) -> None:
    """As after a renewal of ALERTS_SECRET while nothing ran."""
    line: System = lines(content)
    renewed = other_host(line, content)
    configuration = configuration_of(
        renewed.config, line.database, line.config, {"ALERTS_SECRET": "a new one, renewed"}
    )
    renewed.runtime.configuration = configuration
    line.reconfigure({**content, "levels": {"margin": 0.04}})
    with pytest.raises(ConfigBehindError, match="another ALERTS_SECRET"):
        steps.tick(renewed.runtime)
    late = configuration_of(renewed.config, line.database, line.config, {"ALERTS_SECRET": "a new one, renewed"})
    renewed.runtime.configuration = late
    with pytest.raises(ConfigBehindError):
        steps.tick(renewed.runtime)
    assert publish.publish_files(renewed.runtime) is not None
    steps.tick(renewed.runtime)
    assert number(line) == 3


def test_nothing_of_the_files_is_in_the_database_in_clear(lines: Any, content: dict[str, Any]) -> None:
    content["sources"][0]["url"] = "https://reader:PLANTEDa@feeds.example/wire"
    content["subscribers"][0]["channels"] = {"hook": "json://user:PLANTEDb@127.0.0.1:1/PLANTEDc"}
    line: System = lines(content)
    line.reconfigure({**content, "levels": {"margin": 0.04}})
    line.settle(seconds=1)
    assert [bool(each.content) for each in line.rows(ConfigurationRow)] == [True, True]
    with line.database.read() as session:
        kept = [bytes(str(tuple(each)), "utf-8") for each in session.execute(select(ConfigurationRow.__table__))]
    assert not any(b"PLANTED" in each or b"Acme" in each for each in kept)


# --- what turns empty ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", ["subscribers", "sources", "institutions"])
def test_an_edit_that_leaves_none_of_a_kind_needs_a_confirmation(
    lines: Any, feeds: FeedServer, content: dict[str, Any], section: str
) -> None:
    line: System = lines(content)
    line.runtime.enqueue = lambda hints: None
    feeds.put("wire", [OUTAGE])
    steps.poll_sources(line.runtime, "wire", due_only=False)
    steps.assess(line.runtime, "acme")
    less = copy.deepcopy(content)
    less[section] = []
    if section == "institutions":
        less["subscribers"][0]["watch"] = [{"all": True}]
    line.reconfigure(less)
    steps.tick(line.runtime)
    assert number(line) == 1
    (problem,) = line.runtime.configuration.problems
    assert section in problem.message
    assert "--accept-empty" in problem.message
    with line.database.read() as session:
        newest = generations.newest(session)
        report = health(session, Files.of(line.config, newest), line.clock())
    assert any("configuration refused" in each for each in report.problems)
    (delivery,) = line.deliveries()
    assert delivery.state == "pending"
    with pytest.raises(ConfigError):
        publish.publish_files(line.runtime)
    assert publish.publish_files(line.runtime, accept_empty=True) is not None
    steps.tick(line.runtime)
    assert (number(line), line.runtime.configuration.problems) == (2, ())


def test_a_file_that_turns_empty_needs_a_confirmation_and_one_that_is_renamed_does_not(
    lines: Any, content: dict[str, Any]
) -> None:
    line: System = lines(content)
    more = line.config / "more.yaml"
    more.write_text("institutions: [{id: initech, name: Initech}]\n", encoding="utf-8")
    line.look_again()
    line.settle(seconds=1)
    assert number(line) == 2
    more.write_text("# institutions:\n", encoding="utf-8")
    line.look_again()
    line.settle(seconds=1)
    assert number(line) == 2
    assert [each.file for each in line.runtime.configuration.problems] == [str(more)]
    more.write_text("institutions: [{id: initech, name: Initech}]\n", encoding="utf-8")
    more.rename(line.config / "other.yaml")
    line.look_again()
    line.settle(seconds=1)
    assert (number(line), line.runtime.configuration.problems) == (3, ())


# --- senders -------------------------------------------------------------------------------------------------


def with_more(content: dict[str, Any]) -> dict[str, Any]:
    first = content["subscribers"][0]
    return {**content, "subscribers": [first, {**first, "id": "second", "channels": {"new": "console://"}}]}


def test_a_sender_that_has_not_looked_sends_to_a_subscriber_that_is_new(
    lines: Any, feeds: FeedServer, content: dict[str, Any]
) -> None:
    line: System = lines(content)
    sender = other_host(line, content)
    line.runtime.enqueue = lambda hints: None
    line.reconfigure(with_more(content))
    steps.tick(line.runtime)
    feeds.put("wire", [OUTAGE])
    steps.poll_sources(line.runtime, "wire", due_only=False)
    steps.assess(line.runtime, "acme")
    for each in line.deliveries():
        assert steps.send(sender.runtime, each.id)[0].state == "sent"
    assert {each.subscriber for each in line.deliveries()} == {"desk", "second"}


def test_a_sender_that_cannot_use_the_configuration_in_force_leaves_the_delivery_without_an_attempt(
    lines: Any, feeds: FeedServer, content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    line: System = lines(content)
    sender = other_host(line, content)
    monkeypatch.setenv("NEW_CHANNEL", "console://")
    line.runtime.enqueue = lambda hints: None
    more = with_more(content)
    more["subscribers"][1]["channels"] = {"new": "${NEW_CHANNEL}"}
    line.reconfigure(more)
    steps.tick(line.runtime)
    feeds.put("wire", [OUTAGE])
    steps.poll_sources(line.runtime, "wire", due_only=False)
    steps.assess(line.runtime, "acme")
    monkeypatch.delenv("NEW_CHANNEL")  # the sender's host has not been given it yet
    (waiting,) = (each for each in line.deliveries() if each.subscriber == "second")
    assert steps.send(sender.runtime, waiting.id) == []
    (waits,) = line.rows(DeliveryRow, id=waiting.id)
    assert (waits.state, waits.due_at) == ("pending", line.clock() + BEHIND_WAIT)
    assert line.rows(AttemptRow) == []
    with pytest.raises(ConfigBehindError, match="NEW_CHANNEL"):
        steps.advance_desk(sender.runtime, "desk")
    monkeypatch.setenv("NEW_CHANNEL", "console://")
    sender.runtime.configuration._tried = float("-inf")  # as if it had waited for the next try
    line.clock.move(seconds=10)
    assert steps.send(sender.runtime, waiting.id)[0].state == "sent"


def test_a_channel_that_the_configuration_in_force_does_not_have_is_gone(
    lines: Any, feeds: FeedServer, content: dict[str, Any]
) -> None:
    line: System = lines(with_more(content))
    line.runtime.enqueue = lambda hints: None
    feeds.put("wire", [OUTAGE])
    steps.poll_sources(line.runtime, "wire", due_only=False)
    steps.assess(line.runtime, "acme")
    line.reconfigure(content)
    steps.tick(line.runtime)
    line.clock.move(minutes=1)
    states = {each.subscriber: steps.send(line.runtime, each.id)[0] for each in line.rows(DeliveryRow)}
    assert (states["second"].state, states["second"].result.reason) == ("dead", "gone")
    assert states["desk"].state == "sent"


# --- hosts that differ ---------------------------------------------------------------------------------------


def test_hosts_that_publish_against_each_other_are_said(
    lines: Any, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    here: System = lines(content)
    there = other_host(here, {**content, "levels": {"margin": 0.04}})
    assert number(here) == 2, "the files of the second were news"
    with here.database.read() as session:
        assert disagreements(session, here.clock()) == []
    publish.publish_files(here.runtime)
    with here.database.read() as session:
        (line,) = disagreements(session, here.clock())
        report = health(session, Files.of(here.config), here.clock())
    assert "publish against each other" in line
    assert str(here.config) in line
    assert str(there.config) in line
    assert line in report.problems
    here.clock.at += CONTEST
    here.settle(minutes=1)
    with here.database.read() as session:
        assert disagreements(session, here.clock()) == []


def test_a_host_whose_files_are_not_in_force_for_long_is_said(lines: Any, content: dict[str, Any]) -> None:
    here: System = lines(content)
    there = other_host(here, content)
    here.reconfigure({**content, "levels": {"margin": 0.04}})
    here.settle(seconds=1)
    there.settle(seconds=30)
    with here.database.read() as session:
        assert disagreements(session, here.clock()) == [], "an edit takes its time to arrive"
    for _ in range(int(LATE.total_seconds() / 60) + 1):
        there.settle(minutes=1)
    with here.database.read() as session:
        (line,) = disagreements(session, here.clock())
    assert str(there.config) in line
    assert "not in force" in line


# --- what an edit makes anew ---------------------------------------------------------------------------------


def work(line: System, caplog: pytest.LogCaptureFixture) -> tuple[int, dict[str, int]]:
    """How many chunks of the history the next settling matches again, and the versions of the cases after it."""
    caplog.clear()
    line.settle(seconds=1)
    rematched = caplog.messages.count("history.rematched")
    return rematched, {row.institution: row.version for row in line.rows(CaseRow)}


@pytest.fixture
def both(lines: Any, feeds: FeedServer, content: dict[str, Any], caplog: pytest.LogCaptureFixture) -> System:
    """Two institutions with a case each."""
    caplog.set_level(logging.INFO, logger="alerts")
    line: System = lines(content)
    ruling = Entry("g1", "Court ruling on Globex Corporation", "", "https://wire.example/g1", START)
    feeds.put("wire", [OUTAGE, ruling])
    line.poll("wire")
    assert {row.institution for row in line.rows(CaseRow)} == {"acme", "globex"}
    return line


@pytest.mark.parametrize(
    "edit", [{"tags": ["infra", "new"]}, {"relations": [{"kind": "owner", "to": "globex"}]}, {"region": "Mars"}]
)
def test_what_is_only_shown_or_routed_by_makes_nothing_anew(
    both: System, content: dict[str, Any], caplog: pytest.LogCaptureFixture, edit: dict[str, Any]
) -> None:
    _, before = work(both, caplog)
    content["institutions"][0] |= edit
    both.reconfigure(content)
    assert work(both, caplog) == (0, before)
    assert number(both) == 2


def test_what_tells_namesakes_apart_matches_history_again(
    both: System, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for institution in content["institutions"][:2]:
        institution["aliases"] = [*institution.get("aliases", []), "Wayland"]
    both.reconfigure(content)
    work(both, caplog)
    content["institutions"][0]["region"] = "Mars"
    both.reconfigure(content)
    rematched, _ = work(both, caplog)
    assert rematched == 1


def test_criticality_rebuilds_the_case_of_its_institution_alone(
    both: System, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    _, before = work(both, caplog)
    content["institutions"][0]["criticality"] = "high"
    both.reconfigure(content)
    rematched, after = work(both, caplog)
    assert rematched == 0
    assert after["acme"] > before["acme"]
    assert after["globex"] == before["globex"]


def test_a_name_matches_history_again_and_rebuilds_whom_it_was_found_for(
    both: System, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    _, before = work(both, caplog)
    content["institutions"][0]["aliases"] = ["Nothing works"]
    both.reconfigure(content)
    rematched, after = work(both, caplog)
    assert rematched == 1
    assert after["acme"] > before["acme"]
    assert after["globex"] == before["globex"], "nothing else was found about it"
    found = {row.institution: row.mentions for row in both.rows(FindingRow)}
    assert any(mention[3] == "Nothing works" for mention in found["acme"])


def test_a_new_source_makes_nothing_anew_and_another_reliability_rebuilds_whom_it_reported_on(
    both: System, feeds: FeedServer, content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    _, before = work(both, caplog)
    herald = {**content["sources"][0], "id": "herald", "url": f"{feeds.url}/herald"}
    both.reconfigure({**content, "sources": [*content["sources"], herald]})
    assert work(both, caplog) == (0, before)
    worse = {**content["sources"][0], "reliability": "E"}
    both.reconfigure({**content, "sources": [worse, herald]})
    rematched, after = work(both, caplog)
    assert rematched == 0
    assert all(after[name] > before[name] for name in before)


def test_the_directory_of_another_host_is_no_part_of_what_is_compared(tmp_path: Path) -> None:
    """Messages about adopted files name them as if they were here."""
    from alerts.config.load import load_contents

    with pytest.raises(ConfigError) as caught:
        load_contents(tmp_path, [("a.yaml", b"nonsense: 1\n")])
    assert str(caught.value).startswith(f"{tmp_path / 'a.yaml'}:1:1: ")
