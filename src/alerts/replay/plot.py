"""The levels of a replay as one picture: a panel of three axes for every institution whose level changed."""

import re
from datetime import timedelta
from html import escape

from alerts.model.fields import grouped
from alerts.model.level import Axis, Transition
from alerts.model.settings import Settings
from alerts.rendering.plot import WIDTH, levels_svg
from alerts.replay.backtest import Result
from alerts.scoring.score import curve, grid, half_life_of

POINTS = 400
_GAP, _HEADING = 24, 32
_STYLE = 'font-family="system-ui, sans-serif" font-size="15" font-weight="600"'
_HEIGHT = re.compile(r'viewBox="0 0 [\d.]+ ([\d.]+)"')


def draw(result: Result, settings: Settings) -> str:
    """An SVG document. Institutions are in order of their first level change."""
    moved = grouped((transition.institution, transition) for transition in result.transitions)
    panels = [_panel(result, settings, institution, moves) for institution, moves in moved.items()]
    names = [settings.institutions[institution].name for institution in moved]
    if not panels:
        names = ["No level changed"]
        panels = [levels_svg({}, (), settings.levels, title="No level changed")]
    top, placed = 0.0, []
    for name, panel in zip(names, panels, strict=True):
        found = _HEIGHT.search(panel)
        height = float(found.group(1)) if found else 0.0
        placed.append(f'<text y="{top + _HEADING - 8:g}" {_STYLE}>{escape(name)}</text>')
        placed.append(f'<svg y="{top + _HEADING:g}" width="{WIDTH}" height="{height:g}">{panel}</svg>')
        top += _HEADING + height + _GAP
    body = "\n".join(placed)
    size = f'width="{WIDTH}" height="{top:g}" viewBox="0 0 {WIDTH} {top:g}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{body}\n</svg>\n'


def _panel(result: Result, settings: Settings, institution: str, moves: list[Transition]) -> str:
    case = result.cases[institution]
    start, end = moves[0].at - timedelta(days=1), max(moves[-1].at, result.end or moves[-1].at)
    instants = grid(start, end, POINTS, moves)
    series = {axis: curve(case.courses[axis], instants, half_life_of(settings.levels, axis)) for axis in Axis}
    return levels_svg(series, moves, settings.levels, title=f"{case.institution.name}: levels over time")
