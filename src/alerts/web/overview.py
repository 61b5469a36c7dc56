"""The overview for a desk: levels by tag and region, week by week, what rose, and who is blind."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from alerts.insight.coverage import blind
from alerts.model.fields import grouped
from alerts.model.level import LEVELS, Axis, Level
from alerts.model.week import Week
from alerts.rendering.tiers import ANALYSIS, NEWS
from alerts.store.queries import dashboard
from alerts.store.queries.reports import recorded_since
from alerts.web.institutions import levels_of
from alerts.web.site import visit

WEEKS: Final = 8
LISTED: Final = 100  # institutions in the heat map, those that stand highest; and rises that are listed
Move = tuple[str, str, Level, Level, datetime]  # as `dashboard.moves_since` gives it


def overview(request: Request) -> Response:
    """Levels of now for everybody; those of the weeks before are history."""
    with visit(request) as (site, session, visitor):
        now, known = site.now(), site.settings.institutions
        levels = levels_of(session, site.settings)
        highest = {key: max(axes.values()) for key, axes in levels.items()}
        unseen = blind(session, site.settings, now)
        rises: dict[str, Move] = {}  # of each institution the newest to its highest level
        for move in dashboard.moves_since(session, now - NEWS):
            former = rises[move[0]][3] if move[0] in rises else move[2]
            if move[0] in known and move[3] > max(former, move[2]):
                rises[move[0]] = move
        raised = [key for key in known if highest[key] > Level.LOW]
        raised.sort(key=lambda key: (-highest[key].rank, key not in rises, known[key].name.casefold()))
        weeks = [Week.of(now - timedelta(weeks=back)) for back in reversed(range(WEEKS))]
        weeks = [each for each in weeks if each.end > recorded_since(session)] or weeks[-1:]
        shown = raised[:LISTED] if visitor.tier.allows(ANALYSIS) else []
        moves = dashboard.moves_since(session, weeks[0].start, shown) if shown else []
    tags = ((tag, each.id) for each in known.values() for tag in each.tags)
    regions = ((each.region, each.id) for each in known.values() if each.region)
    values = {
        "institutions": known,
        "groups": {"tag": groups(tags, highest, rises, unseen), "region": groups(regions, highest, rises, unseen)},
        "raised": raised,
        "quiet": [key for key in known if highest[key] is Level.LOW],
        "blind": unseen,
        "rises": sorted(rises.values(), key=lambda move: (-move[3].rank, -move[4].timestamp())),
        "heat": by_week({key: levels[key] for key in shown}, moves, weeks),
        "weeks": weeks,
        "most": LISTED,
    }
    return site.page(request, "overview.html.j2", visitor, values)


def by_week(
    levels: Mapping[str, Mapping[Axis, Level]], moves: Iterable[Move], weeks: Sequence[Week]
) -> dict[str, list[Level]]:
    """The highest level of each institution in each week, from the levels of now back through its changes, the newest
    first. `weeks` are in order, the last one is this one."""
    standing = {key: {axis.value: level for axis, level in axes.items()} for key, axes in levels.items()}
    found: dict[str, list[Level]] = {key: [] for key in levels}
    waiting = list(moves)[::-1]
    for week in reversed(weeks):
        highest = {key: max(axes.values()) for key, axes in standing.items()}
        while waiting and waiting[-1][4] >= week.start:
            key, axis, from_, _, _ = waiting.pop()
            standing[key][axis] = from_
            highest[key] = max(highest[key], from_)
        for key, level in highest.items():
            found[key].insert(0, level)
    return found


def groups(
    members: Iterable[tuple[str, str]], highest: Mapping[str, Level], rises: Collection[str], unseen: Collection[str]
) -> list[dict[str, Any]]:
    """By tag or region: the institutions by their highest level, how many rose, how many are blind. The group with the
    most of the highest level first."""
    rows = [
        {"name": name, "levels": Counter(highest[key] for key in keys),
         "rose": len({*keys}.intersection(rises)), "blind": len({*keys}.intersection(unseen))}
        for name, keys in grouped(members).items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: ([-row["levels"][level] for level in LEVELS[:0:-1]], row["name"]))
