"""Levels over time as an SVG picture. Pure: the same input gives the same bytes.

One panel an axis, one above the other on a common time scale: the score as a line, the thresholds of the
levels behind it, a mark for each transition. What it says with colour it also says with shapes and words, so
it reads in print; it stands alone as a file, and on a page a style sheet can take over by class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from html import escape

from alerts.model.level import Axis, Level, LevelRules, Transition

Point = tuple[datetime, float]

WIDTH = 960
MARKS = 200
"""Transitions drawn on one axis, the newest; the description counts all."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 88, 92, 10, 24
_PANEL, _GAP = 88, 20
_INK, _FAINT, _MUTED = "#1f2933", "#d5d9de", "#5b6670"
_COLOURS = {Level.LOW: "#6b7680", Level.MEDIUM: "#946200", Level.HIGH: "#b8400a", Level.CRITICAL: "#a3123a"}
_FONT = "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class _Span:
    """The instants at the left and the right edge of all panels."""

    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return _LEFT + min(1.0, max(0.0, share)) * (WIDTH - _LEFT - _RIGHT)


def levels_svg(
    series: Mapping[Axis, Sequence[Point]], transitions: Sequence[Transition], rules: LevelRules, *, title: str
) -> str:
    """The picture. `series` are scores (0 to 1) in order of time; their first and last instants span it.

    An axis without points has an empty panel; without any points the picture says that there is nothing.
    """
    axes = [axis for axis in Axis if axis in series]
    span = _span([point for axis in axes for point in (*series[axis][:1], *series[axis][-1:])])
    height = _TOP + max(1, len(axes)) * (_PANEL + _GAP) - _GAP + _BOTTOM
    name = "p" + blake2b(f"{title}|{span}".encode("utf-8", "replace"), digest_size=4).hexdigest()
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="{name}-t {name}-d" class="plot" font-family="{_FONT}" font-size="11">'
        f'<title id="{name}-t">{escape(title)}</title>'
    )
    if span is None:
        said = _text(WIDTH / 2, height / 2, "Nothing is recorded yet.", anchor="middle")
        return f'{head}<desc id="{name}-d">Nothing is recorded yet.</desc>{said}</svg>\n'
    mine = {
        axis: [each for each in transitions if each.axis is axis and span.start <= each.at <= span.end] for axis in axes
    }
    described = " ".join(_sentence(axis, series[axis], mine[axis]) for axis in axes)
    parts = [head, f'<desc id="{name}-d">{escape(described)}</desc>', *_time_scale(span, height)]
    for place, axis in enumerate(axes):
        parts += _panel(axis, _TOP + place * (_PANEL + _GAP), series[axis], mine[axis], rules, span)
    return "".join(parts) + "</svg>\n"


SPARK_WIDTH, SPARK_HEIGHT = 120, 22


def spark_svg(steps: Sequence[tuple[datetime, Level]], end: datetime, *, title: str) -> str:
    """A level over time as a small picture: from each instant on the level given with it, until `end`.

    `steps` are in order of time and not empty; the first instant is the left edge.
    """
    start = steps[0][0]
    width = max(end - start, timedelta(seconds=1))
    unit = (SPARK_HEIGHT - 4) / 3

    def x(at: datetime) -> float:
        return min(1.0, (at - start) / width) * SPARK_WIDTH

    def y(level: Level) -> float:
        return SPARK_HEIGHT - 1 - unit * level.rank

    path = [f"M0,{y(steps[0][1]):.1f}"]
    for at, level in steps[1:][-MARKS:]:
        path.append(f"H{x(at):.1f}V{y(level):.1f}")
    path.append(f"H{SPARK_WIDTH}")
    line = "".join(path)
    peak = max(level for _, level in steps)
    said = f"{title}: at most {peak}, now {steps[-1][1]}"
    name = "s" + blake2b(f"{said}|{line}".encode("utf-8", "replace"), digest_size=4).hexdigest()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" role="img" '
        f'aria-labelledby="{name}" class="spark"><title id="{name}">{escape(said)}</title>'
        f'<path d="{line}V{SPARK_HEIGHT}H0Z" fill="{_INK}" fill-opacity="0.07" class="plot-area"/>'
        f'<path d="{line}" fill="none" stroke="{_COLOURS[steps[-1][1]]}" stroke-width="1.5" '
        f'class="spark-line level-{steps[-1][1]}"/></svg>'
    )


def _span(edges: Sequence[Point]) -> _Span | None:
    if not edges:
        return None
    start, end = min(at for at, _ in edges), max(at for at, _ in edges)
    return _Span(start, end if end > start else start + timedelta(hours=1))


def _sentence(axis: Axis, points: Sequence[Point], moves: Sequence[Transition]) -> str:
    """What a reader who does not see the panel has to know."""
    if not points:
        return f"{axis.value.capitalize()}: nothing recorded."
    said = f"{axis.value.capitalize()}: score {points[0][1]:.2f} to {points[-1][1]:.2f}"
    if not moves:
        return said + ", no level change."
    last = moves[-1]
    count = "1 level change" if len(moves) == 1 else f"{len(moves)} level changes"
    return f"{said}, {count}, the last to {last.to} on {_day(last.at)}."


def _panel(
    axis: Axis, top: float, points: Sequence[Point], moves: Sequence[Transition], rules: LevelRules, span: _Span
) -> Iterator[str]:
    right = WIDTH - _RIGHT

    def y(score: float) -> float:
        return top + (1 - min(1.0, max(0.0, score))) * _PANEL

    yield _text(0, top + 11, axis.value.capitalize(), cls="plot-axis", weight="600", colour=_INK)
    yield _text(0, top + 25, axis.horizon)
    for level, threshold in sorted(rules.raise_.items(), key=lambda each: each[1]):
        yield _line(_LEFT, y(threshold), right, y(threshold), cls="plot-threshold", dash="1 3")
        yield _text(right + 8, y(threshold) + 4, f"{level} {threshold:.2f}")
    yield _line(_LEFT, y(0), right, y(0), cls="plot-base")
    if not points:
        return
    line = [f"{span.x(at):.1f},{y(score):.1f}" for at, score in _thinned(points, span)]
    first, last = line[0].partition(",")[0], line[-1].partition(",")[0]
    yield (
        f'<polygon points="{first},{y(0):.1f} {" ".join(line)} {last},{y(0):.1f}" fill="{_INK}" '
        f'fill-opacity="0.07" class="plot-area"/>'
        f'<polyline points="{" ".join(line)}" fill="none" stroke="{_INK}" stroke-width="1.5" '
        f'stroke-linejoin="round" class="plot-score"/>'
    )
    for move in moves[-MARKS:]:
        yield _mark(span.x(move.at), y(move.score or 0.0), y(0), move)


def _thinned(points: Sequence[Point], span: _Span) -> list[Point]:
    """At most the first, lowest, highest and last point of each unit of width, so that no peak is lost."""
    if len(points) <= 2 * WIDTH:
        return list(points)
    columns: dict[int, list[Point]] = {}
    for point in points:
        columns.setdefault(int(span.x(point[0])), []).append(point)
    kept: list[Point] = []
    for column in columns.values():
        score = [point[1] for point in column]
        places = {0, score.index(min(score)), score.index(max(score)), len(column) - 1}
        kept += [column[place] for place in sorted(places)]
    return kept


def _mark(x: float, y: float, base: float, move: Transition) -> str:
    """A rise points up, a fall points down; the stalk leads the eye to the time scale."""
    tip = -1 if move.rises else 1
    shape = f"{x:.1f},{y + 5 * tip:.1f} {x - 4.5:.1f},{y - 3 * tip:.1f} {x + 4.5:.1f},{y - 3 * tip:.1f}"
    colour = _COLOURS[move.to]
    said = f"{_minute(move.at)}: {move.axis} {move.from_} to {move.to}, score {move.score:.2f} ({move.cause})"
    return (
        f'<g class="plot-mark level-{move.to}"><title>{escape(said)}</title>'
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{base:.1f}" stroke="{colour}" stroke-width="1"/>'
        f'<polygon points="{shape}" fill="{colour}"/></g>'
    )


# --- the time scale ----------------------------------------------------------------------------------------

_STEPS = tuple(
    timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 7 * 24, 14 * 24, 28 * 24, 91 * 24, 182 * 24, 365 * 24)
)
_TICKS = 8
_DAY = timedelta(days=1)


def _time_scale(span: _Span, height: float) -> Iterator[str]:
    bottom = height - _BOTTOM
    step = next((each for each in _STEPS if (span.end - span.start) / each <= _TICKS), None)
    for at in _ticks(span, step or (span.end - span.start) / _TICKS):
        x = span.x(at)
        yield _line(x, _TOP, x, bottom, cls="plot-tick")
        label = _day(at) if step is None or step >= _DAY else f"{at:%H:%M}" if at.hour else _day(at)
        yield _text(x, bottom + 16, label, anchor="middle")


def _ticks(span: _Span, step: timedelta) -> Iterator[datetime]:
    """Multiples of the step, counted from a Monday at midnight, within the span."""
    monday = datetime(1970, 1, 5, tzinfo=UTC)
    at = monday + -((monday - span.start) // step) * step
    while at <= span.end:
        yield at
        at += step


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"


def _minute(at: datetime) -> str:
    return f"{_day(at)} {at:%H:%M} UTC"


def _line(x1: float, y1: float, x2: float, y2: float, *, cls: str, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{_FAINT}"{dashed} class="{cls}"/>'


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    cls: str = "plot-label",
    weight: str = "400",
    colour: str = _MUTED,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}" '
        f'class="{cls}">{escape(text)}</text>'
    )
