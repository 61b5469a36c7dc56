"""The picture of levels over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from alerts.model.level import Axis, Cause, Level, LevelRules, Transition
from alerts.rendering.plot import MARKS, WIDTH, levels_svg

START = datetime(2026, 2, 24, 9, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def move(hours: float, to: Level = Level.HIGH, axis: Axis = Axis.POLICY) -> Transition:
    from_ = Level.LOW if to is not Level.LOW else Level.HIGH
    return Transition(START + timedelta(hours=hours), "acme", axis, from_, to, 0.6, Cause.EVIDENCE)


def hours(*scores: float) -> list[tuple[datetime, float]]:
    return [(START + timedelta(hours=place), score) for place, score in enumerate(scores)]


def test_the_same_input_gives_the_same_bytes() -> None:
    series = {Axis.POLICY: hours(0.1, 0.6, 0.5)}
    drawn = [levels_svg(series, [move(1)], LevelRules(), title="Acme") for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_says_in_words_what_it_draws() -> None:
    series = {Axis.POLICY: hours(0.1, 0.6, 0.5), Axis.PRIORITY: hours(0.2, 0.2, 0.2)}
    root = ElementTree.fromstring(levels_svg(series, [move(1)], LevelRules(), title="Acme"))
    title, said = root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc") or ""
    assert title == "Acme"
    assert "Policy: score 0.10 to 0.50, 1 level change, the last to high on 24 Feb 2026." in said
    assert "Priority: score 0.20 to 0.20, no level change." in said
    labelled = (root.get("aria-labelledby") or "").split()
    assert [element.get("id") for element in root[:2]] == labelled


def test_marks_each_transition_with_its_direction_and_words() -> None:
    moves = [move(1), move(2, Level.LOW), move(99)]
    root = ElementTree.fromstring(levels_svg({Axis.POLICY: hours(0, 0.6, 0, 0)}, moves, LevelRules(), title="Acme"))
    marks = list(root.iter(f"{SVG}g"))
    assert [mark.findtext(f"{SVG}title") for mark in marks] == [
        "24 Feb 2026 10:00 UTC: policy low to high, score 0.60 (evidence)",
        "24 Feb 2026 11:00 UTC: policy high to low, score 0.60 (evidence)",
    ]
    tips = [mark[2].get("points", "").partition(",")[2].partition(" ")[0] for mark in marks]
    stalks = [mark[1].get("y1", "") for mark in marks]
    assert float(tips[0]) < float(stalks[0])
    assert float(tips[1]) > float(stalks[1])


def test_an_axis_without_points_and_nothing_at_all() -> None:
    empty = ElementTree.fromstring(levels_svg({}, [], LevelRules(), title="Acme"))
    assert empty.findtext(f"{SVG}desc") == "Nothing is recorded yet."
    drawn = levels_svg({Axis.POLICY: [], Axis.PRIORITY: hours(0.3)}, [], LevelRules(), title="Acme")
    assert "Policy: nothing recorded." in drawn


def test_foreign_text_stays_text() -> None:
    drawn = levels_svg({Axis.POLICY: hours(0.3, 0.4)}, [], LevelRules(), title="<script>\"&'</script>")
    assert "<script" not in drawn
    assert ElementTree.fromstring(drawn).findtext(f"{SVG}title") == "<script>\"&'</script>"


def test_a_long_history_is_drawn_small_and_keeps_its_peak() -> None:
    scores = [0.1] * 50_000
    scores[31_234] = 0.93
    moves = [move(each / 10, Level.HIGH if each % 2 else Level.LOW) for each in range(5_000)]
    drawn = levels_svg({Axis.POLICY: hours(*scores)}, moves, LevelRules(), title="Acme")
    root = ElementTree.fromstring(drawn)
    line = root.find(f"{SVG}polyline")
    assert line is not None
    points = [tuple(map(float, each.split(","))) for each in line.get("points", "").split()]
    assert len(points) <= 4 * WIDTH
    assert min(y for _, y in points) < min(y for x, y in points if x < 200) - 50
    assert len(list(root.iter(f"{SVG}g"))) == MARKS
    assert "5000 level changes" in drawn


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 1)), min_size=1, max_size=30),
    st.text(max_size=20).filter(lambda text: text.isprintable()),
)
def test_always_well_formed_and_within_its_frame(points: list[tuple[int, float]], title: str) -> None:
    series = {Axis.PRIORITY: sorted((START + timedelta(seconds=at), score) for at, score in points)}
    root = ElementTree.fromstring(levels_svg(series, [], LevelRules(), title=title))
    line = root.find(f"{SVG}polyline")
    assert line is not None
    for pair in line.get("points", "").split():
        x, y = map(float, pair.split(","))
        assert 0 <= x <= WIDTH
        assert 0 <= y <= 200
    assert len(list(root.iter(f"{SVG}line"))) < 30  # thresholds and ticks, whatever the span
