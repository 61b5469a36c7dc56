"""The verifier of exported alerts: its numbers are those of the program, and it runs where the program is not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.system import CONFIG, System

from alerts.explain import verifier
from alerts.explain.alert import story_record
from alerts.explain.export import export
from alerts.model.institution import Criticality, Institution
from alerts.model.level import AXES, Axis, Level, LevelRules
from alerts.model.records import rounded
from alerts.model.source import Reliability
from alerts.model.story import Group, Report
from alerts.model.times import format_time, micros
from alerts.model.topic import Severity, Signal, Topic
from alerts.rendering.render import Renderer
from alerts.runtime.configuration import Active
from alerts.scoring import score as scores
from alerts.scoring.evidence import evidence
from alerts.scoring.impact import impact, term
from alerts.store.database import Database
from alerts.store.schema import AlertRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOPICS = {
    "outage": Topic("outage", Signal.CONTINUITY, severity=Severity(0.45, 0.05, 0.2)),
    "fine": Topic("fine", Signal.GOVERNANCE, severity=Severity(0.3, 0.4, 0.1)),
    "gossip": Topic("gossip", Signal.RELATIONSHIP, severity=Severity()),
}
shares = st.sampled_from([0.0, 0.12, 0.25, 0.5, 1.0])
minutes = st.integers(0, 60 * 24 * 30)


@st.composite
def reports(draw: st.DrawFn, item: str) -> Report:
    observed = NOON + timedelta(minutes=draw(minutes))
    published = draw(st.one_of(st.none(), minutes.map(lambda each: NOON + timedelta(minutes=each))))
    topics = tuple((name, draw(shares)) for name in draw(st.lists(st.sampled_from(list(TOPICS)), unique=True)))
    return Report(
        item=item,
        title=f"Headline {item}",
        url="",
        source="wire",
        publisher=f"Paper {draw(st.integers(0, 3))}",
        reliability=draw(st.sampled_from(Reliability)),
        direct=draw(st.booleans()),
        published=published,
        observed=observed,
        reported=observed if published is None else min(published, observed),
        salience=draw(st.sampled_from([0.21, 0.4, 0.56, 0.7, 0.8, 1.0])),
        topics=topics,
        resolved=tuple(name for name, _ in topics if draw(st.booleans())),
        correction=draw(st.booleans()),
    )


@st.composite
def worlds(draw: st.DrawFn) -> list[tuple[list[Report], list[Group]]]:
    """Stories, each with reports in independent groups."""
    found = []
    for story in range(draw(st.integers(1, 5))):
        made = [draw(reports(f"{story}-{number}")) for number in range(draw(st.integers(1, 4)))]
        cut = draw(st.integers(0, len(made) - 1))
        parts = [part for part in (made[:cut], made[cut:]) if part]
        found.append((made, [Group(tuple(each.item for each in part)) for part in parts]))
    return found


rules = st.builds(
    lambda raised, margin, days: LevelRules(
        dict(zip((Level.MEDIUM, Level.HIGH, Level.CRITICAL), raised, strict=True)),
        margin,
        {axis: timedelta(days=each) for axis, each in zip(AXES, days, strict=True)},
    ),
    st.sampled_from([(0.12, 0.30, 0.50), (0.02, 0.1, 0.2)]),
    st.sampled_from([0.0, 0.02, 0.15]),
    st.tuples(*[st.sampled_from([0.5, 7, 45])] * 3),
)


@given(worlds(), rules, st.sampled_from(Criticality), minutes, st.sampled_from(Level), st.sampled_from(AXES))
def test_its_numbers_are_those_of_the_program(
    world: list[tuple[list[Report], list[Group]]],
    levels: LevelRules,
    criticality: Criticality,
    after: int,
    origin: Level,
    axis: Axis,
) -> None:
    institution = Institution("acme", "Acme", criticality=criticality)
    at = NOON + timedelta(days=30, minutes=after)
    known = [evidence(f"s{number}", "acme", *story) for number, story in enumerate(world)]
    stories = json.loads(json.dumps([story_record(each, {}) for each in known]))
    configuration = {
        "levels": {
            "raise": {each.value: least for each, least in levels.raise_.items()},
            "margin": levels.margin,
            "half_life_s": {each.value: span.total_seconds() for each, span in levels.half_life.items()},
        },
        "criticality": {"factor": criticality.factor},
        "topics": {
            name: {"severity": {each.value: topic.severity.on(each) for each in AXES}} for name, topic in TOPICS.items()
        },
    }
    for each, record in zip(known, stories, strict=True):
        found = verifier.evidence(record)
        assert (found["grade"], found["mix"], found["salience"]) == (each.grade, each.mix.value, each.salience)
        assert found["confidence"] == each.confidence
        assert (found["topics"], found["newest"]) == (dict(each.topics), micros(each.newest))
        own = {"at": format_time(at), "axis": axis.value, "from": origin.value, "to": "high", "story": each.story}
        value = impact(each, axis, TOPICS, institution)
        assert verifier.assessed(stories, own, configuration)[:2] == (value, scores.level_of(value, levels).value)

    half_life = scores.half_life_of(levels, axis)
    ranking = scores.Ranking(half_life)
    for each in known:
        ranking.put(each.story, term(each, axis, TOPICS, institution))
    change = {"at": format_time(at), "axis": axis.value, "from": origin.value}
    score, level, listed = verifier.assessed(stories, change, configuration)
    assert score == pytest.approx(ranking.score.at(micros(at), half_life), abs=1e-12)
    assert level == scores.level_after(origin, ranking.score, micros(at), levels, half_life).value
    expected = [(story, scores.contributed(each, micros(at), half_life)) for story, each in ranking.leading()]
    assert [(each["story"], rounded(each["contribution"])) for each in listed] == [
        (story, rounded(value)) for story, value in expected if value >= verifier.LISTED
    ]


@pytest.mark.parametrize(("direct", "confidence"), [(False, 0.89), (True, 0.984)])
def test_without_a_direct_publisher_a_confidence_is_capped(direct: bool, confidence: float) -> None:
    papers = [Report(name, name, "", name, name, Reliability.A, False, None, NOON, NOON, 1.0, ()) for name in "abc"]
    papers[0] = replace(papers[0], direct=direct)
    known = evidence("s", "acme", papers, [Group((each.item,)) for each in papers])
    (record,) = json.loads(json.dumps([story_record(known, {})]))
    assert verifier.evidence(record)["confidence"] == known.confidence == confidence


SECRET = "hunter2hunter2"


@pytest.fixture
def played(database: Database, tmp_path: Path) -> Iterator[System]:
    content = CONFIG.replace('mail: "console://"', f'mail: "json://127.0.0.1:9/{SECRET}"').replace(
        "on: [level]}]", "on: [story, level]}]"
    )
    with System(database, tmp_path / "config", content) as made:
        made.observe("acme-news", "Acme outage in Rotterdam")
        made.later(minutes=10)
        made.observe("tribune", "Acme hit by outage in Rotterdam")
        made.observe("coastline", "Globex under investigation over parts")
        made.later(hours=1)
        made.observe("tribune", "Globex faces probe over parts", text="Prosecutors opened an investigation of Globex.")
        made.later(days=3)
        made.observe("coastline", "Acme shut down its plant")
        made.settle(days=8)
        yield made


def exported(made: System) -> list[dict[str, Any]]:
    active = Active(made.runtime.configuration.current().settings)
    ids = [row.id for row in sorted(made.rows(AlertRow), key=lambda row: row.at)]
    with made.database.read() as session:
        return [export(session, active, each, Renderer()) for each in ids]


def test_every_alert_verifies_where_the_program_is_not_installed(played: System, tmp_path: Path) -> None:
    documents = exported(played)
    assert {each["alert"]["on"] for each in documents} >= {"level", "mention", "story"}
    moved = [(Level(each["from"]), Level(each["to"])) for document in documents for each in document["transitions"]]
    assert any(before > after for before, after in moved), "a fall, too"
    extract = "import json, sys; exec(json.load(open(sys.argv[1]))['verifier'])"
    for number, document in enumerate(documents):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        bare = subprocess.run(
            [sys.executable, "-I", "-S", "-c", extract, str(file)], capture_output=True, text=True, check=False
        )
        assert bare.returncode == 0, bare.stderr
        records = [json.loads(line) for line in bare.stdout.splitlines()]
        assert records == verifier.verified(str(file))
        assert records[-1]["verified"]


def test_it_holds_no_secret_and_no_address_of_a_channel(played: System) -> None:
    for document in exported(played):
        assert SECRET not in json.dumps(document)
        assert "json://" not in json.dumps({**document, "verifier": ""})


def numbers(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """The paths of all numbers in a document."""
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from numbers(each, *path, key)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def test_a_number_that_was_changed_is_found_and_named(played: System, tmp_path: Path) -> None:
    document = next(each for each in exported(played) if len(each["transitions"]) > 1 and each["rises"])
    file = tmp_path / "alert.json"
    paths = [path for path in numbers(document) if path != ("format",)]
    assert len(paths) > 40
    for path in paths:
        changed = json.loads(json.dumps(document))
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] += 0.01
        file.write_text(json.dumps(changed), encoding="utf-8")
        *_, verdict = verifier.verified(str(file))
        assert not verdict["verified"]
        assert f"checksum of {path[0]}" in verdict["different"]
    changed = json.loads(json.dumps(document))
    changed["transitions"][0]["score"] = changed["alert"]["changes"][0]["score"] = 0.9
    file.write_text(json.dumps(changed), encoding="utf-8")
    axis = changed["transitions"][0]["axis"]
    assert f"score of {axis}" in verifier.verified(str(file))[-1]["different"]


def test_it_names_the_facts_without_which_a_level_would_not_hold(played: System) -> None:
    document = next(each for each in exported(played) if any(rise["to"] == "high" for rise in each["transitions"]))
    facts = verifier.decisive(document)
    reports = {each["item"] for each in facts if "item" in each and each["level"] == "priority high"}
    assert reports == {"acme-news-1"}
    (topic,) = (each for each in facts if each.get("topic") == "outage" and each["level"] == "priority high")
    assert (topic["score"], topic["needs"]) == (0.0, 0.5)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"alert": 1}', "[" * 100_000, "\x00", '{"stories": [{}]}'])
def test_a_file_that_is_no_export_is_said_to_be_none(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "none.json"
    file.write_text(content, encoding="utf-8")
    assert verifier.main([str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "no exported alert" in said.err


def test_it_is_short_enough_to_be_read() -> None:
    assert len(Path(verifier.__file__).read_text(encoding="utf-8").splitlines()) <= 200
