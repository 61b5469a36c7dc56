"""The overview: levels by tag and region, what rose, who is blind, and the weeks behind."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from kit.browsing import Browser
from kit.system import System
from sqlalchemy import update

from alerts.model.level import LEVELS, Axis, Level
from alerts.model.subscriber import Tier
from alerts.model.week import Week
from alerts.store.schema import SourceRow
from alerts.web.overview import by_week

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = [Week.of(START + timedelta(weeks=number)) for number in range(4)]


def test_it_says_what_rose_and_what_is_quiet(browser: Browser) -> None:
    page = browser().get("/overview").text
    assert "3 institutions: 1 above low, 2 quiet" in page
    rose = page.partition('id="rose"')[2].partition("</section>")[0]
    assert "/institutions/acme" in rose
    assert "2 institutions are low on every axis" in page
    assert 'href="/?tag=rockets"' in page
    assert 'href="/?region=Europe"' in page


def test_the_weeks_behind_are_for_the_leadership_alliance(browser: Browser) -> None:
    assert 'class="weeks"' not in browser(Tier.STRATEGIC_CIRCLE).get("/overview").text
    assert 'class="weeks"' in browser(Tier.LEADERSHIP_ALLIANCE).get("/overview").text


def test_who_is_blind_is_said(town: System, browser: Browser) -> None:
    assert 'id="blind"' not in browser().get("/overview").text
    with town.runtime.database.write() as session:
        session.execute(update(SourceRow).values(error="HTTP 500", error_streak=9))
    page = browser().get("/overview").text
    assert "silence is no all-clear" in page
    assert "<b>3 blind</b>" in page


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"), st.sampled_from(Axis), st.sampled_from(LEVELS), st.integers(0, 4 * 7 * 24 - 1)
        ),
        max_size=30,
        unique_by=lambda move: move[3],
    )
)
def test_the_highest_level_of_each_week_is_found_from_the_end(drawn: list[tuple[str, Axis, Level, int]]) -> None:
    """Going forward through the changes hour by hour finds the same as going back from the levels of now."""
    levels = {key: dict.fromkeys(Axis, Level.LOW) for key in "ab"}
    moves = []
    for key, axis, to, hour in sorted(drawn, key=lambda move: move[3]):
        moves.append((key, axis, levels[key][axis], to, START + timedelta(hours=hour)))
        levels[key][axis] = to
    expected: dict[str, list[Level]] = {}
    for key in "ab":
        standing, expected[key] = dict.fromkeys(Axis, Level.LOW), []
        for week in WEEKS:
            highest = max(standing.values())
            for _, axis, from_, to, at in (move for move in moves if move[0] == key):
                if week.start <= at < week.end:
                    highest = max(highest, from_, to)
                    standing[axis] = to
            expected[key].append(highest)
    assert by_week(levels, moves[::-1], WEEKS) == expected
