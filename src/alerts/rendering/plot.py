"""Levels over time as SVG pictures. Pure: the same input gives the same bytes.

`levels_svg` has one panel an axis, one above the other on a common time scale: the score as a line, the thresholds of
the levels behind it, a mark for each transition. What it says with colour it also says with shapes and words, so it
reads in print; it stands alone as a file, and on a page a style sheet can take over by class. The shapes are in the
templates of `pictures/`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts.model.counted import counted
from alerts.model.fields import grouped
from alerts.model.level import Axis, Level, LevelRules, Transition

Point = tuple[datetime, float]

WIDTH = 960
MARKS = 200  # transitions drawn on one axis, the newest; the description counts all

_LEFT, _RIGHT, _TOP, _BOTTOM = 88, 92, 10, 24
_PANEL, _GAP = 88, 20
_LOOK = {
    "ink": "#1f2933",
    "colours": {Level.LOW: "#6b7680", Level.MEDIUM: "#946200", Level.HIGH: "#b8400a", Level.CRITICAL: "#a3123a"},
}
_DAY = timedelta(days=1)
_STEPS = [timedelta(hours=hours) for hours in (1, 3, 6, 12)] + [_DAY * days for days in (1, 2, 7, 14, 28, 91, 182, 365)]
_TICK_WIDTH = 120


@cache
def _pictures() -> Environment:
    return Environment(loader=PackageLoader("alerts.rendering", "pictures"), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class _Span:
    """The instants at the left and the right edge of all panels."""

    start: datetime
    end: datetime
    width: int

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return _LEFT + min(1.0, max(0.0, share)) * (self.width - _LEFT - _RIGHT)


def levels_svg(
    series: Mapping[Axis, Sequence[Point]],
    transitions: Sequence[Transition],
    rules: LevelRules,
    *,
    title: str,
    width: int = WIDTH,
) -> str:
    """The picture. `series` are scores (0 to 1) in order of time; their first and last instants span it.

    An axis without points has an empty panel; without any points the picture says that there is nothing."""
    axes = [axis for axis in Axis if axis in series]
    span = _span([point for axis in axes for point in (*series[axis][:1], *series[axis][-1:])], width)
    height = _TOP + max(1, len(axes)) * (_PANEL + _GAP) - _GAP + _BOTTOM
    panels, said = [], []
    for place, axis in enumerate(axes if span is not None else ()):
        assert span is not None  # noqa: S101
        moves = [each for each in transitions if each.axis is axis and span.start <= each.at <= span.end]
        panels.append(_panel(axis, _TOP + place * (_PANEL + _GAP), series[axis], moves, rules, span))
        said.append(_sentence(axis, series[axis], moves))
    size = {"width": width, "height": height}
    edges = {"top": _TOP, "bottom": height - _BOTTOM, "left": _LEFT, "right": width - _RIGHT}
    words = {"title": title, "said": " ".join(said) or "Nothing is recorded yet."}
    ticks = [] if span is None else list(_ticks(span))
    picture = _pictures().get_template("levels.svg.j2")
    name = "p" + blake2b(f"{title}|{span}".encode("utf-8", "replace"), digest_size=4).hexdigest()
    return picture.render(_LOOK, **size, **edges, **words, name=name, span=span, panels=panels, ticks=ticks) + "\n"


def _span(edges: Sequence[Point], width: int) -> _Span | None:
    if not edges:
        return None
    start, end = min(at for at, _ in edges), max(at for at, _ in edges)
    return _Span(start, end if end > start else start + timedelta(hours=1), width)


def _sentence(axis: Axis, points: Sequence[Point], moves: Sequence[Transition]) -> str:
    """What a reader who does not see the panel has to know."""
    if not points:
        return f"{axis.value.capitalize()}: nothing recorded."
    said = f"{axis.value.capitalize()}: score {points[0][1]:.2f} to {points[-1][1]:.2f}"
    if not moves:
        return said + ", no level change."
    return f"{said}, {counted(len(moves), 'level change')}, the last to {moves[-1].to} on {_day(moves[-1].at)}."


def _panel(
    axis: Axis, top: float, points: Sequence[Point], moves: Sequence[Transition], rules: LevelRules, span: _Span
) -> dict[str, Any]:
    """What the template draws of one axis."""

    def y(score: float) -> float:
        return top + (1 - min(1.0, max(0.0, score))) * _PANEL

    def mark(move: Transition) -> dict[str, Any]:
        when, moved = f"{_day(move.at)} {move.at:%H:%M} UTC", f"{move.axis} {move.from_} to {move.to}"
        said = f"{when}: {moved}, score {move.score:.2f} ({move.cause})"
        return {"move": move, "x": span.x(move.at), "y": y(move.score or 0.0), "said": said}

    placed = [(span.x(at), y(score)) for at, score in _thinned(points, span)]
    thresholds = sorted(rules.raise_.items(), key=itemgetter(1))
    return {
        "axis": axis,
        "top": top,
        "base": y(0),
        "thresholds": [(y(least), f"{level} {least:.2f}") for level, least in thresholds],
        "points": placed,
        "line": " ".join(f"{x:.1f},{height:.1f}" for x, height in placed),
        "marks": [mark(move) for move in (moves[-MARKS:] if points else ())],
    }


def _thinned(points: Sequence[Point], span: _Span) -> list[Point]:
    """At most the first, lowest, highest and last point of each unit of width, so that no peak is lost."""
    if len(points) <= 2 * WIDTH:
        return list(points)
    columns = grouped((int(span.x(point[0])), point) for point in points)
    kept: list[Point] = []
    for column in columns.values():
        score = [point[1] for point in column]
        places = {0, score.index(min(score)), score.index(max(score)), len(column) - 1}
        kept += [column[place] for place in sorted(places)]
    return kept


def _ticks(span: _Span) -> Iterator[tuple[float, str]]:
    """Labels of the time scale with their places: multiples of a step, counted from a Monday at midnight."""
    length, most = span.end - span.start, max(span.width // _TICK_WIDTH, 4)
    step = next((each for each in _STEPS if length / each <= most), length / most)
    monday = datetime(1970, 1, 5, tzinfo=UTC)
    at = monday + -((monday - span.start) // step) * step
    while at <= span.end:
        label = _day(at) if span.width >= WIDTH else f"{at.day} {at:%b}"
        yield span.x(at), f"{at:%H:%M}" if step < _DAY and at.hour else label
        at += step


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"
