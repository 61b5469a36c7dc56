"""The gauge's shortcuts must never be noticed: it says what computing every score in full says."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.model.level import Axis, Level, LevelRules
from alerts.scoring import axis as scoring
from alerts.scoring.axis import Term
from alerts.scoring.gauge import Gauge

RULES = LevelRules()
HOUR = 3_600_000_000

steps = st.lists(
    st.tuples(
        st.integers(0, 24 * 40),  # hours that pass
        st.integers(0, 7),  # the story
        st.one_of(st.none(), st.floats(0.001, 1.2)),  # its base, or that it goes
        st.integers(0, 100),  # how old, in hours, its newest report is
    ),
    min_size=1,
    max_size=60,
)


@given(steps, st.sampled_from(list(Axis)))
def test_levels_are_those_of_the_full_score(
    moves: list[tuple[int, int, float | None, int]], axis: Axis
) -> None:
    half_life = RULES.half_life[axis] / timedelta(microseconds=1)
    gauge = Gauge(axis, RULES)
    terms: dict[str, Term] = {}
    level = expected = Level.LOW
    now = 10**15
    for hours, story, base, age in moves:
        now += hours * HOUR
        name = f"s{story}"
        exact = scoring.score(terms.values(), now, half_life)
        fallen = expected is not Level.LOW and exact < scoring.floor(expected, RULES)
        assert gauge.has_fallen(level, now) == fallen
        term = None if base is None else Term(base, now - age * HOUR)
        gauge.put(name, term, now)
        if term is None:
            terms.pop(name, None)
        else:
            terms[name] = term
        expected = scoring.level_after(expected, scoring.score(terms.values(), now, half_life), RULES)
        level = gauge.level(level, now)
        assert level is expected
        assert gauge.score(now) == scoring.score(terms.values(), now, half_life)


def test_terms_that_have_faded_away_are_forgotten() -> None:
    gauge = Gauge(Axis.PRIORITY, RULES)
    gauge.put("old", Term(0.6, 0), 0)
    assert gauge.level(Level.LOW, 0) is Level.HIGH
    year = 365 * 24 * HOUR
    gauge.put("new", Term(0.6, year), year)
    assert gauge.level(Level.LOW, year) is Level.HIGH
    assert len(list(gauge)) == 1
