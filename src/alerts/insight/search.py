"""Search over recorded items, stories and institutions: the record that page, JSON and command show."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from alerts.matching.search import Query, body_of, parse
from alerts.model.errors import UsageError, did_you_mean
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.records import fields_of
from alerts.model.settings import Settings
from alerts.model.subscriber import Tier
from alerts.model.times import point_in_time
from alerts.model.topic import Signal
from alerts.rendering import escape
from alerts.rendering.tiers import KINDS, searched
from alerts.store.queries import listings, profiles
from alerts.store.queries.search import MAX_HITS, Candidate, Filters, candidates, hits
from alerts.store.repositories import search_index

MAX_RANKED: Final = 400  # items that fit are put in order by how well; of more, the newest so many
PAGE: Final = 20
MAX_NAMED: Final = 5  # institutions that are shown with other results
SNIPPET: Final = 240  # characters
RECENT: Final = timedelta(days=30)  # an item of today counts half as much again as an old one, half of that after this


def whole_number(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A number from 1 on, at most `most`. Raises UsageError where it is none."""
    text = given.get(name, "") or str(default)
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) > 0):
        raise UsageError(f"“{name}” is a number from 1 to {most}.")
    return min(int(text), most)


def search(session: Session, settings: Settings, given: Mapping[str, str], tier: Tier, now: datetime) -> dict[str, Any]:
    """What was found as far as a tier may see it, the best first: institutions, then a page of stories and items.

    `given` are the fields of the form, `page` and `limit`. Items of one story are one result, unless items were
    requested. `complete`: nothing was left out. Raises UsageError where a field cannot be understood."""
    query = parse(given.get("q", ""))
    filters = _filters(settings, given, now)
    kind, limit = given.get("kind", ""), whole_number(given, "limit", PAGE, 200)
    named = _institutions(settings, query, filters.institution) if kind in {"", "institutions"} else []
    held = hits(session, query, filters) if kind != "institutions" and "items" in searched(tier) else []
    found: list[Candidate] = []
    for each in candidates(session, held, filters):
        score = query.score(each.item.title, body_of(each.item))
        if score:
            age = max(timedelta(0), now - each.item.reported)
            each.score = score * (1 + 0.5 ** (1 + age / RECENT))
            found.append(each)
            if len(found) == MAX_RANKED:
                break
    complete = len(held) < MAX_HITS and len(found) < MAX_RANKED
    found.sort(key=lambda each: (-each.score, now - each.item.reported, -each.number))
    if kind != "items":
        found = _folded(found, only_stories=kind == "stories")
    pages = max(1, -(-len(found) // limit))
    start = (min(whole_number(given, "page", 1, MAX_HITS), pages) - 1) * limit
    shown = named[: limit if kind else MAX_NAMED * (start == 0)]
    levels = listings.levels(session) if shown else {}
    return {
        "kind": "search",
        "found": len(found),
        "complete": complete,
        "unindexed": search_index.waiting(session),
        "page": start // limit + 1,
        "pages": pages,
        "institutions": [_institution(session, each, levels.get(each.id, {}), now) for each in shown],
        "results": [_result(each, query) for each in found[start : start + limit]],
    }


def _filters(settings: Settings, given: Mapping[str, str], now: datetime) -> Filters:
    known = {"institution": settings.institutions, "source": settings.sources, "topic": settings.topics}
    for name, values in ({"kind": KINDS, "signal": list(Signal)} | known).items():
        value = given.get(name, "")
        if value and value not in values:
            raise UsageError(f"there is no {name} {value[:60]!r}{did_you_mean(value, list(values))}")
    topic, signal = given.get("topic", ""), given.get("signal", "")
    topics = [each.id for each in settings.topics.values() if topic in {"", each.id} and signal in {"", each.signal}]
    return Filters(
        since=point_in_time(given.get("since"), now),
        until=point_in_time(given.get("until"), now),
        institution=given.get("institution", ""),
        source=given.get("source", ""),
        topics=frozenset(topics or [""]) if topic or signal else frozenset(),
    )


def _folded(found: Sequence[Candidate], *, only_stories: bool) -> list[Candidate]:
    """The best item of each story, with how many others there are, and the items that are in none."""
    first: dict[str, Candidate] = {}
    kept = []
    for each in found:
        known = next((first[story] for story in each.stories if story in first), None)
        if known is not None:
            known.more += 1
        elif each.stories or not only_stories:
            kept.append(each)
        first = dict.fromkeys(each.stories, known or each) | first
    return kept


def _institutions(settings: Settings, query: Query, only: str) -> list[Institution]:
    """Those of which a name fits, the best first."""
    scores = {
        each.id: query.score(each.name, " | ".join((each.id, *each.aliases, *each.products, *each.domains)))
        for each in settings.institutions.values()
        if only in {"", each.id}
    }
    found = [settings.institutions[name] for name, score in scores.items() if score]
    return sorted(found, key=lambda each: (-scores[each.id], len(each.name), each.id))


def _institution(session: Session, found: Institution, levels: Mapping[Axis, Level], now: datetime) -> dict[str, Any]:
    newest = profiles.newest(session, found.id, now, 1)
    about = {name: getattr(found, name) for name in ("name", "category", "region")}
    impact = max(levels.values(), default=Level.LOW).value
    headline = escape.headline(newest[0].title) if newest else None
    return {"kind": "institution", "institution": found.id, **about, "impact": impact, "headline": headline}


def _result(found: Candidate, query: Query) -> dict[str, Any]:
    """The record of a result. Marks are offsets between which a text holds what was looked for."""
    item = found.item
    title, title_marks = query.excerpt(escape.headline(item.title), escape.TITLE_LIMIT)
    text, text_marks = query.excerpt(escape.clean(body_of(item)), SNIPPET)
    texts = {"title": title, "title_marks": title_marks, "text": text, "text_marks": text_marks}
    return {
        "kind": "story" if found.stories else "item",
        "item": item.id,
        **fields_of(found, "stories", "institutions"),
        "topics": sorted(found.topics),
        "more": found.more,
        **texts,
        "source": item.source,
        "publisher": escape.headline(item.publisher),
        "url": escape.safe_url(item.url) or None,
        **fields_of(item, "reported", "observed"),
    }
