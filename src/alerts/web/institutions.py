"""The list of institutions: filtered, sorted, a page at a time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.settings import Settings
from alerts.model.subscriber import Tier
from alerts.rendering.tiers import gate_transition
from alerts.store.queries import dashboard, listings

PAGE: Final = 50
SORTS: Final = ("level", "changed", "name")
WORDS: Final = ("tag", "region", "category", "institution", "topic", "source", "before")  # filters, taken as they are


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters, order and page that were requested; unknown values count as not given.

    `institution`, `topic`, `source` and `before`, the place after which a page begins, are of the stream alone;
    `text`, `sort` and `page` of the list of institutions."""

    tag: str = ""
    region: str = ""
    category: str = ""
    institution: str = ""
    topic: str = ""
    source: str = ""
    before: str = ""
    at_least: Level = Level.LOW
    text: str = ""
    sort: str = SORTS[0]
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        level, sort, page = query.get("level", ""), query.get("sort", ""), query.get("page", "")
        return cls(
            **{name: query.get(name, "") for name in WORDS},
            at_least=Level(level) if level in list(Level) else Level.LOW,
            text=query.get("q", "").strip(),
            sort=sort if sort in SORTS else SORTS[0],
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 7 else 1,
        )

    def query(self) -> dict[str, str]:
        """As in an address, the defaults left out."""
        return {
            **{name: getattr(self, name) for name in WORDS if name != "before"},
            "level": "" if self.at_least is Level.LOW else self.at_least.value,
            "q": self.text,
            "sort": "" if self.sort == SORTS[0] else self.sort,
        }

    def wants(self, institution: Institution, highest: Level) -> bool:
        names = institution.name, institution.id, *institution.aliases
        return (
            (not self.tag or self.tag in institution.tags)
            and (not self.region or self.region == institution.region)
            and (not self.category or self.category == institution.category)
            and (not self.institution or self.institution == institution.id)
            and highest >= self.at_least
            and any(self.text.casefold() in each.casefold() for each in names)
        )


def levels_of(session: Session, settings: Settings) -> dict[str, Mapping[Axis, Level]]:
    """The levels of every tracked institution."""
    recorded, quiet = listings.levels(session), dict.fromkeys(Axis, Level.LOW)
    return {each: recorded.get(each, quiet) for each in settings.institutions}


def read_board(session: Session, settings: Settings, asked: Asked, tier: Tier) -> dict[str, Any]:
    """A page of the list as asked for, gated. `raised` counts everything tracked by its highest level."""
    levels = levels_of(session, settings)
    highest = {each: max(found.values()) for each, found in levels.items()}
    wanted = [each for each in settings.institutions.values() if asked.wants(each, highest[each.id])]
    changed = dashboard.changed_at(session)
    ordered = _ordered(wanted, highest, changed, asked.sort)
    pages = max(1, -(-len(ordered) // PAGE))
    page = min(asked.page, pages)
    shown = ordered[(page - 1) * PAGE : page * PAGE]
    ids = [each.id for each in shown]
    stories = dashboard.story_counts(session, ids)
    newest = dashboard.changes(session, {each: changed[each] for each in ids if each in changed})
    rows = [
        {
            "institution": each.id,
            **{name: getattr(each, name) for name in ("name", "category", "region")},
            "tags": sorted(each.tags),
            "impact": highest[each.id],
            "levels": levels[each.id],
            "stories": stories.get(each.id, 0),
            "newest_change": gate_transition(newest[each.id], tier) if each.id in newest else None,
        }
        for each in shown
    ]
    counts = {"found": len(ordered), "tracked": len(settings.institutions), "raised": Counter(highest.values())}
    return {"rows": rows, **counts, "page": page, "pages": pages}


def _ordered(
    wanted: Sequence[Institution], highest: Mapping[str, Level], changed: Mapping[str, tuple[datetime, str]], sort: str
) -> list[Institution]:
    by_name = sorted(wanted, key=lambda each: (each.name.casefold(), each.id))
    if sort == "name":
        return by_name
    recent = sorted(by_name, key=lambda each: -(changed[each.id][0].timestamp() if each.id in changed else 0.0))
    return recent if sort == "changed" else sorted(recent, key=lambda each: -highest[each.id].rank)
