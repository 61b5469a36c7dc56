"""Search over items, stories and institutions: what was said. The page, its JSON, and what the command prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerts.matching.search import Query, body_of, excerpt
from alerts.model.errors import UsageError
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.nearest import did_you_mean
from alerts.model.records import to_line
from alerts.model.settings import Settings
from alerts.model.subscriber import Tier
from alerts.model.times import format_time, point_in_time
from alerts.model.topic import Signal
from alerts.rendering import escape
from alerts.rendering.tiers import KINDS, searched
from alerts.store.queries import listings, profiles
from alerts.store.queries.search import MAX_READ, Candidate, Filters, candidates, hits
from alerts.store.repositories import search_index
from alerts.web.site import visit

MAX_RANKED: Final = 400
"""Items that fit are put in order by how well; of more, the newest so many."""

SNIPPET: Final = 240  # characters
RECENT: Final = timedelta(days=30)
"""An item of today counts half as much again as an old one; half of that is gone after this time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was requested. `fields` are its parameters as in an address."""

    fields: Mapping[str, str]
    query: Query
    filters: Filters
    page: int
    limit: int

    @classmethod
    def of(cls, given: Mapping[str, str], settings: Settings, now: datetime) -> "Asked":
        """Raises UsageError for a parameter that cannot be understood."""
        fields = {name: given.get(name, "").strip() for name in FIELDS}
        for name, known in (
            ("kind", KINDS),
            ("institution", list(settings.institutions)),
            ("source", list(settings.sources)),
            ("topic", list(settings.topics)),
            ("signal", list(Signal)),
        ):
            if fields[name] and fields[name] not in known:
                raise UsageError(f"there is no {name} {fields[name][:60]!r}{did_you_mean(fields[name], known)}")
        topic, signal = fields["topic"], fields["signal"]
        named = (each.id for each in settings.topics.values() if topic in {"", each.id} and signal in {"", each.signal})
        filters = Filters(
            since=point_in_time(fields["since"], now),
            until=point_in_time(fields["until"], now),
            institution=fields["institution"],
            source=fields["source"],
            topics=frozenset(named) if topic or signal else None,
        )
        page, limit = whole(given, "page", 1, MAX_READ), whole(given, "limit", 20, 200)
        return cls(fields, Query.parse(fields["q"]), filters, page, limit)


FIELDS: Final = ("q", "kind", "institution", "source", "topic", "signal", "since", "until")


def whole(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A number from 1 on, at most `most`. Raises UsageError where it is none."""
    text = given.get(name, "") or str(default)
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) > 0):
        raise UsageError(f"“{name}” is a number from 1 to {most}.")
    return min(int(text), most)


def search(session: Session, settings: Settings, asked: Asked, tier: Tier, now: datetime) -> dict[str, Any]:
    """What was found as far as a tier may see it, the best first: institutions, then a page of stories and items.

    Items that are in one story are one result, unless items were requested. `complete`: nothing was left out.
    """
    kind = asked.fields["kind"]
    named = _institutions(settings, asked) if kind in {"", "institutions"} else []
    found: list[_Found] = []
    complete = True
    if kind != "institutions" and "items" in searched(tier):
        held = hits(session, asked.query, asked.filters)
        for each in candidates(session, held, asked.filters):
            score = asked.query.score(each.item.title, body_of(each.item))
            if score:
                age = max(timedelta(0), now - each.item.reported)
                found.append(_Found(each, score * (1 + 0.5 ** (1 + age / RECENT))))
                if len(found) == MAX_RANKED:
                    break
        complete = len(found) < MAX_RANKED and len(held) < MAX_READ
        found.sort(key=lambda each: (-each.score, -each.candidate.item.reported.timestamp(), -each.candidate.number))
        if kind != "items":
            found = _folded(found, only_stories=kind == "stories")
    pages = max(1, -(-max(len(found), len(named) if kind else 0) // asked.limit))
    start = (min(asked.page, pages) - 1) * asked.limit
    shown = named[start : start + asked.limit] if kind else named[:5] if start == 0 else []
    levels = listings.levels(session) if shown else {}
    return {
        "kind": "search",
        "found": len(found),
        "complete": complete,
        "unindexed": search_index.waiting(session),
        "page": min(asked.page, pages),
        "pages": pages,
        "institutions": [_institution(session, each, levels.get(each.id, {}), now) for each in shown],
        "results": [_result(each, asked.query) for each in found[start : start + asked.limit]],
    }


@dataclass(slots=True)
class _Found:
    """`more` reports of the same stories were found, too."""

    candidate: Candidate
    score: float
    more: int = 0

    @property
    def stories(self) -> list[str]:
        return [place.story for place in self.candidate.places if place.story]


def _folded(found: Sequence[_Found], *, only_stories: bool) -> list[_Found]:
    first: dict[str, _Found] = {}
    kept = []
    for each in found:
        known = next((first[story] for story in each.stories if story in first), None)
        if known is not None:
            known.more += 1
        elif each.stories or not only_stories:
            kept.append(each)
        first |= {story: known or each for story in each.stories if story not in first}
    return kept


def _institutions(settings: Settings, asked: Asked) -> list[Institution]:
    """Those of which a name fits, the best first."""
    ranked = []
    for each in settings.institutions.values():
        if asked.filters.institution in {"", each.id}:
            others = " | ".join((each.id, *(str(alias) for alias in each.aliases), *each.products, *each.domains))
            score = asked.query.score(each.name, others)
            if score:
                ranked.append((-score, len(each.name), each.name, each))
    return [each for *_, each in sorted(ranked, key=lambda rank: rank[:3])]


def _institution(session: Session, found: Institution, levels: Mapping[Axis, Level], now: datetime) -> dict[str, Any]:
    newest = profiles.newest(session, found.id, now, 1)
    return {
        "kind": "institution",
        "institution": found.id,
        "name": found.name,
        "category": found.category,
        "region": found.region,
        "impact": max(levels.values(), default=Level.LOW).value,
        "headline": escape.headline(newest[0].title) if newest else None,
    }


def _result(found: _Found, query: Query) -> dict[str, Any]:
    item, places = found.candidate.item, found.candidate.places
    title, title_marks = excerpt(query, escape.headline(item.title), escape.TITLE_LIMIT)
    text, text_marks = excerpt(query, escape.clean(body_of(item)), SNIPPET)
    return {
        "kind": "story" if found.stories else "item",
        "item": item.id,
        "stories": found.stories,
        "institutions": [place.institution for place in places],
        "topics": sorted({topic for place in places for topic in place.topics}),
        "title": title,
        "title_marks": title_marks,
        "text": text,
        "text_marks": text_marks,
        "source": item.source,
        "publisher": escape.headline(item.publisher),
        "url": escape.safe_url(item.url) or None,
        "reported": format_time(item.reported),
        "observed": format_time(item.observed),
        "more": found.more,
    }


def page(request: Request) -> Response:
    """The form, and what was found."""
    given = request.query_params
    with visit(request) as (site, session, visitor):
        values = {
            "fields": {name: given.get(name, "").strip() for name in FIELDS},
            "kinds": searched(visitor.tier),
            "names": {each.id: each.name for each in site.settings.institutions.values()},
            "found": _found_by(given, session, site.settings, visitor.tier, site.now()) if given.get("q") else None,
        }
    return site.page(request, "search.html.j2", visitor, values)


def as_json(request: Request) -> Response:
    """The same for programs."""
    with visit(request) as (site, session, visitor):
        found = _found_by(request.query_params, session, site.settings, visitor.tier, site.now())
    return Response(to_line(found), media_type="application/json")


def _found_by(
    given: Mapping[str, str], session: Session, settings: Settings, tier: Tier, now: datetime
) -> dict[str, Any]:
    asked = Asked.of(given, settings, now)
    if asked.fields["kind"] not in {"", *searched(tier)}:
        raise HTTPException(403, "Items and stories are for members of the strategic circle.")
    return search(session, settings, asked, tier, now)
