"""Whether alerts were right: exact intervals, groups, and verdicts in files."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.system import CONFIG, System
from sqlalchemy import select

from alerts.insight.feedback import exported, feedback, imported, interval, lower_bound
from alerts.model.answer import Answer, AnswerKind, WrongReason
from alerts.model.times import micros
from alerts.store.database import Database
from alerts.store.repositories import answers
from alerts.store.schema import AlertRow

COUNTS = st.integers(1, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


def tail(hits: int, of: int, share: float) -> float:
    """The probability of so many hits or more, term by term."""
    return math.fsum(math.comb(of, each) * share**each * (1 - share) ** (of - each) for each in range(hits, of + 1))


# --- intervals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [  # of published tables
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (5, 10, 0.1871, 0.8129),
        (8, 10, 0.4439, 0.9748),
        (29, 38, 0.5976, 0.8856),
        (0, 0, 0.0, 1.0),
    ],
)
def test_intervals_are_those_of_clopper_and_pearson(hits: int, of: int, low: float, high: float) -> None:
    assert interval(hits, of) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS)
def test_both_ends_leave_the_tail_that_they_are_to_leave(counts: tuple[int, int]) -> None:
    hits, of = counts
    low, high = interval(hits, of)
    assert 0 <= low <= hits / of <= high <= 1
    if hits:
        assert tail(hits, of, low) == pytest.approx(0.025, abs=1e-6)
    if hits < of:
        assert 1 - tail(hits + 1, of, high) == pytest.approx(0.025, abs=1e-6)


@given(COUNTS)
def test_an_interval_is_mirrored_and_narrows_with_more_of_the_same(counts: tuple[int, int]) -> None:
    hits, of = counts
    low, high = interval(hits, of)
    assert interval(of - hits, of) == pytest.approx((1 - high, 1 - low), abs=1e-8)
    more = interval(10 * hits, 10 * of)
    assert more[1] - more[0] < high - low + 1e-9


def test_ten_thousand_verdicts_are_no_trouble() -> None:
    assert lower_bound(9_000, 10_000, 0.025) == pytest.approx(0.89395, abs=1e-4)


# --- groups --------------------------------------------------------------------------------------------------


@pytest.fixture
def town(database: Database, tmp_path: Path) -> System:
    """Six outages of Acme in two papers and three probes of Globex, of which nobody has said anything yet."""
    config = CONFIG.replace("{all: true, on: [level]", "{all: true, name: all of them, on: [story]")
    town = System(database, tmp_path / "config", content=config)
    words = ("Rotterdam", "Hamburg", "Lisbon", "Trieste", "Antwerp", "Genoa", "Gdansk", "Bergen", "Malaga")
    for number, word in enumerate(words):
        source, what = ("tribune", "outage") if number % 3 else ("coastline", "probe")
        town.observe("acme-news" if number % 2 else source, f"Acme {what} at its plant of {word} {word} {word}")
        town.later(days=8)
    return town


def rows(town: System, subscriber: str | None = None) -> list[dict[str, Any]]:
    with town.runtime.database.read() as session:
        return feedback(session, town.runtime.configuration.current().settings, subscriber, None)


def alerts(town: System) -> list[AlertRow]:
    with town.runtime.database.read() as session:
        mine = AlertRow.subscriber == "desk", AlertRow.state == "sent"
        return list(session.scalars(select(AlertRow).where(*mine).order_by(AlertRow.at)))


def answer(town: System, row: AlertRow, kind: AnswerKind, reason: WrongReason | None = None, **more: Any) -> None:
    made = Answer(f"a{micros(town.now)}", row.id, "desk", row.channel, kind, row.institution, town.now, reason, **more)
    with town.runtime.database.write() as session:
        answers.add(session, [made])
    town.later(seconds=1)


def test_verdicts_are_counted_by_what_the_alerts_have_in_common_and_the_worst_come_first(town: System) -> None:
    sent = alerts(town)
    topics = [row.detail["lead"]["topics"][0] for row in sent]
    assert len(sent) >= 6
    for row, topic in zip(sent, topics, strict=True):
        wrong = topic == "probe"
        answer(town, row, AnswerKind.WRONG if wrong else AnswerKind.USEFUL, WrongReason.WRONG_TOPIC if wrong else None)
    answer(town, sent[0], AnswerKind.ACKNOWLEDGE)
    found = rows(town)
    (all_,) = [each for each in found if each["by"] == "all"]
    right = topics.count("outage")
    assert (all_["sent"], all_["judged"], all_["right"]) == (len(sent), len(sent), right)
    assert all_["precision"] == pytest.approx(right / len(sent), abs=1e-4)
    assert (all_["low"], all_["high"]) == pytest.approx(interval(right, len(sent)), abs=1e-4)
    assert all_["acknowledged"] == 1
    by_topic = [each for each in found if each["by"] == "topic"]
    assert [each["name"] for each in by_topic] == ["probe", "outage"]
    assert [each["right"] for each in by_topic] == [0, right]
    assert {each["by"] for each in found} == {"all", "rule", "topic", "source", "institution", "level"}
    assert [each["name"] for each in found if each["by"] == "rule"] == ["desk: all of them"]
    assert rows(town, "board") == []


def test_a_verdict_that_was_taken_back_counts_no_more_and_the_newest_one_counts(town: System) -> None:
    first, second = alerts(town)[:2]
    answer(town, first, AnswerKind.USEFUL, undone_at=town.now, undone_by="reader")
    answer(town, second, AnswerKind.USEFUL)
    answer(town, second, AnswerKind.WRONG, WrongReason.OLD)
    all_ = rows(town)[0]
    assert (all_["judged"], all_["right"]) == (1, 0)


def test_alerts_of_one_assessment_are_one_whatever_the_number_of_channels(database: Database, tmp_path: Path) -> None:
    config = CONFIG.replace("direction: both, to: [console]}", "direction: both}")
    town = System(database, tmp_path / "config", content=config)
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    assert len(alerts(town)) == 2
    answer(town, alerts(town)[1], AnswerKind.USEFUL)
    assert (rows(town)[0]["sent"], rows(town)[0]["judged"]) == (1, 1)


# --- files ---------------------------------------------------------------------------------------------------


def test_what_was_exported_is_taken_in_again_by_a_record_without_answers(town: System) -> None:
    settings = town.runtime.configuration.current().settings
    sent = alerts(town)
    answer(town, sent[0], AnswerKind.USEFUL)
    answer(town, sent[1], AnswerKind.WRONG, WrongReason.NOT_ABOUT)
    with town.runtime.database.read() as session:
        written = exported(session, settings, None, None)
    assert [each["verdict"] for each in written] == ["right", "wrong institution"]
    assert {*written[0]} == {"institution", "day", "headline", "topic", "verdict"}
    before = rows(town)
    with town.runtime.database.write() as session:
        for each in answers.find(session):
            answers.undo(session, each.id, town.now, "test")
    assert rows(town)[0]["judged"] == 0
    for expected in (2, 0):  # the second time they have their verdicts
        with town.runtime.database.write() as session:
            assert imported(session, settings, written, town.now) == expected
    assert rows(town) == before
    assert json.loads(json.dumps(written)) == written


def test_a_verdict_about_nothing_that_was_sent_judges_nothing(town: System) -> None:
    settings = town.runtime.configuration.current().settings
    other = {"institution": "acme", "day": "2020-01-01", "headline": "Acme", "topic": "outage", "verdict": "right"}
    with town.runtime.database.write() as session:
        assert imported(session, settings, [other], town.now + timedelta(days=1)) == 0
