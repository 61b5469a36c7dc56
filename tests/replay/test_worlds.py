"""Many worlds at once reach what each reaches when it is replayed by itself, whatever was reported or denied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import settings as settings_
from hypothesis import strategies as st
from kit.system import settings, write

from alerts.config.load import load_entries
from alerts.model.item import Item
from alerts.model.level import LEVELS, Level
from alerts.replay.backtest import places_of, revisions
from alerts.replay.work import Observed, Step, follow, matched_in
from alerts.replay.worlds import ALL, Key, reached
from alerts.routing.events import InstitutionEvent
from alerts.runtime.configuration import Active

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOURCES = ("acme-news", "wire", "herald", "gazette")
# Events with what else is said of them. The headlines of one share most words; those of two share none but the name.
EVENTS = {
    "Acme Networks reports an outage in Rotterdam data centre": (
        "",
        " again",
        ": service restored",
        ", which it denies",
    ),
    "Court ruling on Acme Networks merger with harbour operator": ("", " is void"),
    "Acme Networks opens a museum of telephones": ("",),
}
HEADLINES = [(event, ending) for event, endings in EVENTS.items() for ending in endings]


@pytest.fixture(scope="module")
def active(tmp_path_factory: pytest.TempPathFactory) -> Active:
    content = settings({name: f"https://{name}.example/feed" for name in SOURCES}, {"console": "console://"})
    content["subscribers"][0]["watch"] = [{"all": True, "on": ["story", "level", "mention"], "at_least": "low"}]
    return Active(load_entries(write(tmp_path_factory.mktemp("worlds"), content)).settings)


reports = st.lists(
    st.tuples(
        st.sampled_from(SOURCES),
        st.sampled_from(HEADLINES),
        st.integers(0, 60),  # quarters of an hour
        st.sampled_from([0, 0, 0, 50]),  # hours that it is old when found
        st.booleans(),  # withdrawn later
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda each: (
        each[0],
        each[1][0],
    ),  # two headlines of one publisher are two stories until another one joins them
)


def items_of(drawn: Sequence[tuple[str, tuple[str, str], int, int, bool]]) -> list[Item]:
    items = []
    for number, (source, headline, quarters, age, withdrawn) in enumerate(drawn):
        at = NOON + timedelta(minutes=15 * quarters)
        url = f"https://{source}.example/{number}"
        item = Item(
            f"{source}-{number}", "".join(headline), at, url=url, source=source, published=at - timedelta(hours=age)
        )
        items.append(item)
        if withdrawn:
            items.append(replace(item, withdrawn=True, observed=at + timedelta(hours=5)))
    return items


def replayed(
    active: Active, items: Sequence[Item]
) -> tuple[list[Step], Mapping[str, str], dict[Key, tuple[datetime, str]]]:
    """The steps of a whole replay, the stories of its items at the end, and what is reached, by item in the lead."""
    ordered = revisions(items)
    matched = matched_in(1, active, ordered, lambda _: None)
    places = places_of(ordered, matched, None).get("acme", [])
    log: list[Step] = []
    if not places:
        return log, {}, {}
    instants = Observed(active, ordered, matched).about("acme", places)
    followed = follow(active, "acme", instants, max(instants), log)
    assert followed.case is not None
    story_of = {each.id: followed.case.story_of(each.id) or "" for each in ordered}
    found: dict[Key, tuple[datetime, str]] = {}
    for event in (each for each in followed.events if isinstance(each, InstitutionEvent) and each.fresh):
        for part in event.parts:
            moved = part.rise or part.change
            if part.lead is None or part.falls or (part.mention is not None and not part.mention.fresh):
                continue
            axis, top = ("", Level.LOW) if moved is None else (moved.axis.value, part.level)
            for level in (each for each in LEVELS if each <= top):
                found.setdefault((part.lead.item, axis, level), (event.at, part.lead.grade))
    return log, story_of, found


def by_event(items: Sequence[Item], found: Mapping[Key, tuple[datetime, str]]) -> dict[Key, tuple[datetime, str]]:
    """With the event in place of a lead's item."""
    events = {each.id: next(event for event in EVENTS if each.title.startswith(event)) for each in items}
    first: dict[Key, tuple[datetime, str]] = {}
    for (item, axis, level), when in sorted(found.items(), key=lambda pair: pair[1][0]):
        first.setdefault((events[item], axis, level), when)
    return first


@pytest.mark.slow
@settings_(max_examples=60)
@given(reports)
def test_each_world_reaches_what_its_own_replay_reaches(
    active: Active, drawn: list[tuple[str, tuple[str, str], int, int, bool]]
) -> None:
    items = items_of(drawn)
    log, story_of, every = replayed(active, items)
    worlds: dict[str, AbstractSet[str]] = {"pair": set(SOURCES[:2]), **{source: {source} for source in SOURCES}}
    found = reached(active, "acme", log, worlds)
    # Grouping is the same in each world only where an event is a story, however few report it.
    assume(len(set(story_of.values())) == len({event for _, (event, _), *_ in drawn}))
    event_of = {story_of[each.id]: next(event for event in EVENTS if each.title.startswith(event)) for each in items}
    for world, left_out in {ALL: frozenset[str](), **worlds}.items():
        kept = [each for each in items if each.source not in left_out]
        alone = by_event(items, replayed(active, kept)[2])
        assert {(event_of[story], *rest): when for (story, *rest), when in found[world].items()} == alone, world
    assert every or not found[ALL]
