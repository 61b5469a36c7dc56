"""The overview for a desk: levels by tag and region, week by week, what rose, and who is blind."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from alerts.insight.coverage import blind
from alerts.model.institution import Institution
from alerts.model.level import LEVELS, Axis, Level
from alerts.model.week import Week
from alerts.rendering.tiers import ANALYSIS, NEWS
from alerts.store.queries import dashboard
from alerts.store.queries.reports import recorded_since
from alerts.web.institutions import levels_of
from alerts.web.site import visit

WEEKS: Final = 8
LISTED: Final = 100
"""Institutions in the heat map, those that stand highest; and rises that are listed."""

Move = tuple[str, str, str, str, datetime]
RANK: Final = {level.value: level.rank for level in Level}


@dataclass(frozen=True, slots=True)
class Group:
    """The institutions of a tag or a region by their highest level, and how many rose this week or are blind."""

    name: str
    levels: Mapping[Level, int]
    rose: int
    blind: int


def overview(request: Request) -> Response:
    """Levels of now for everybody; those of the weeks before are history."""
    with visit(request) as (site, session, visitor):
        now, known = site.now(), site.settings.institutions
        levels = levels_of(session, site.settings)
        week = [move for move in dashboard.moves_since(session, now - NEWS) if move[0] in known]
        unseen = set(blind(session, site.settings, now))
        highest = {key: max(axes.values()) for key, axes in levels.items()}
        rises = _rises(week)
        raised = [key for key in known if highest[key] > Level.LOW]
        raised.sort(key=lambda key: (-highest[key].rank, key not in rises, known[key].name.casefold()))
        weeks = [Week.of(now - timedelta(weeks=back)) for back in reversed(range(WEEKS))]
        weeks = [each for each in weeks if each.end > recorded_since(session)] or weeks[-1:]
        heat: Mapping[str, Sequence[Level]] = {}
        if visitor.tier.allows(ANALYSIS):
            shown = raised[:LISTED]
            heat = by_week(
                {key: levels[key] for key in shown}, dashboard.moves_since(session, weeks[0].start, shown), weeks
            )
    groups = {
        "tag": _groups([(tag, each) for each in known.values() for tag in each.tags], highest, rises, unseen),
        "region": _groups([(each.region, each) for each in known.values() if each.region], highest, rises, unseen),
    }
    values = {
        "institutions": known,
        "groups": groups,
        "highest": highest,
        "raised": raised,
        "heat": heat,
        "weeks": weeks,
    }
    shown_rises = sorted(rises.values(), key=lambda move: (-RANK[move[3]], -move[4].timestamp()))
    quiet = [key for key in known if highest[key] is Level.LOW]
    rest = {"rises": shown_rises, "blind": [key for key in known if key in unseen], "quiet": quiet, "most": LISTED}
    return site.page(request, "overview.html.j2", visitor, {**values, **rest})


def _rises(moves: Sequence[Move]) -> dict[str, Move]:
    """Of each institution that rose the rise to the highest level, the newest of them."""
    found: dict[str, Move] = {}
    for move in moves:
        if RANK[move[3]] > max(RANK[move[2]], RANK[found[move[0]][3]] if move[0] in found else 0):
            found[move[0]] = move
    return found


def by_week(
    levels: Mapping[str, Mapping[Axis, Level]], moves: Sequence[Move], weeks: Sequence[Week]
) -> dict[str, list[Level]]:
    """The highest level of each institution in each week, from the levels of now back through its changes, the newest
    first. `weeks` are in order, the last one is this one."""
    standing = {key: {axis.value: level.rank for axis, level in axes.items()} for key, axes in levels.items()}
    found: dict[str, list[Level]] = {key: [] for key in levels}
    waiting = iter(moves)
    move = next(waiting, None)
    for week in reversed(weeks):
        highest = {key: max(axes.values()) for key, axes in standing.items()}
        while move is not None and move[4] >= week.start:
            key, axis, from_, _, _ = move
            standing[key][axis] = RANK[from_]
            highest[key] = max(highest[key], RANK[from_])
            move = next(waiting, None)
        for key, rank in highest.items():
            found[key].insert(0, LEVELS[rank])
    return found


def _groups(
    members: Sequence[tuple[str, Institution]],
    highest: Mapping[str, Level],
    rises: Mapping[str, Move],
    unseen: set[str],
) -> list[Group]:
    """The group with the most of the highest level first."""
    found: dict[str, list[str]] = {}
    for name, each in members:
        found.setdefault(name, []).append(each.id)
    groups = [
        Group(name, Counter(highest[key] for key in keys), len(rises.keys() & keys), len(unseen & set(keys)))
        for name, keys in found.items()
    ]
    return sorted(groups, key=lambda each: ([-each.levels[level] for level in reversed(LEVELS[1:])], each.name))
