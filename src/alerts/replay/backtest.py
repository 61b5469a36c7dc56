"""Items of the past through the whole line, in memory.

    items ─> revisions ─> matched ─> case files, one an institution ─> happenings ─> desks ─> alerts

An institution's case file depends on nothing but its own observations, so each is worked through whole; what
happened is then put in order of time and handed to the subscribers' desks as the live pipeline would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.cases.case_file import CaseFile, by_time
from alerts.model.alert import Alert
from alerts.model.item import Item
from alerts.model.level import Axis, Transition
from alerts.model.mention import Matched
from alerts.model.records import alert_record, transition_record
from alerts.model.settings import Settings
from alerts.replay.work import Progress, follow_in, matched_in
from alerts.routing.alerts import Message
from alerts.routing.case_events import Happening, place, resolved
from alerts.routing.events import Event
from alerts.routing.router import Desk
from alerts.routing.state import DeskState, MemoryLedger
from alerts.runtime.configuration import Active


@dataclass(slots=True)
class Result:
    """What a replay brought, each in order of time. `cases` are the case files as of `end`.

    `events` are, by alert id, what the alert is about.
    """

    transitions: list[Transition] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    cases: dict[str, CaseFile] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    end: datetime | None = None


def rehearse(
    items: Iterable[Item],
    settings: Settings,
    *,
    until: datetime | None = None,
    only: frozenset[str] | None = None,
    active: Active | None = None,
    progress: Progress = lambda _: None,
    processes: int = 1,
) -> Result:
    """Plays items under a configuration.

    The clock runs to `until`; without it, on from the newest item until every level has come to rest, so that
    all falls which these items lead to are among the transitions. Items observed after `until` are left out.
    `only` names the institutions to follow. With more than one of `processes` the result has no `cases`; it is
    otherwise the same.
    """
    active = active or Active(settings)
    ordered = revisions(items, until)
    matched = matched_in(processes, active, ordered, progress)
    followed = follow_in(processes, active, ordered, matched, _about(ordered, matched, only), until)
    result = Result(end=until or (ordered[-1].observed if ordered else None))
    happenings: list[Happening] = []
    for each in followed:
        result.transitions += each.transitions
        happenings += each.happenings
        if each.case is not None:
            result.cases[each.institution] = each.case
    result.transitions = by_time(result.transitions)
    _route(active, sorted(happenings, key=place), result)
    return result


def revisions(items: Iterable[Item], until: datetime | None = None) -> list[Item]:
    """Items in order of observation, each only where it says something new; dates alone are nothing new.

    The order in which items of one instant, or copies of one item, are given does not matter.
    """
    ordered = sorted(items, key=lambda item: (item.observed, item.id, *_said(item), item.reported))
    said: dict[str, tuple[str, ...]] = {}
    kept: list[Item] = []
    for item in ordered:
        if until is not None and item.observed > until:
            break
        words = _said(item)
        if said.get(item.id) == words:
            continue
        said[item.id] = words
        if kept and (kept[-1].id, kept[-1].observed) == (item.id, item.observed):
            kept[-1] = item  # two versions of one instant: only one can have been the last
        else:
            kept.append(item)
    return kept


def _said(item: Item) -> tuple[str, ...]:
    return item.title, item.summary, item.content, item.url, str(item.withdrawn)


def _about(
    items: Sequence[Item], matched: Sequence[Matched | None], only: frozenset[str] | None
) -> dict[str, list[int]]:
    """For each institution the places of the items that are about it, or were until they were revised."""
    places: dict[str, list[int]] = defaultdict(list)
    known: dict[str, frozenset[str]] = {}
    for place_, item in enumerate(items):
        match = matched[place_]
        found = frozenset() if match is None else frozenset(match.institutions())
        former = known.get(item.id, frozenset())
        if found or former:
            known[item.id] = found
            for institution in found | former:
                if only is None or institution in only:
                    places[institution].append(place_)
    return dict(sorted(places.items()))


def _route(active: Active, happenings: Sequence[Happening], result: Result) -> None:
    """Hands what happened to the desks that watch, in order of time."""
    settings = active.settings
    desks: dict[str, Desk] = {}
    told: dict[str, list[Alert]] = defaultdict(list)
    for happening in happenings:
        event = resolved(happening, lambda rise: told[rise.key])
        institution = settings.institutions[event.institution]
        for subscriber in active.audience.of(institution):
            desk = desks.get(subscriber.id)
            if desk is None:
                desk = Desk(subscriber, settings.institutions, DeskState(), MemoryLedger())
                desks[subscriber.id] = desk
            outcome = desk.handle(event, event.at, settings.silences)
            for alert in outcome.alerts:
                result.alerts.append(alert)
                result.events[alert.id] = event
                if alert.transition is not None:
                    told[alert.transition.key].append(alert)
            result.messages += outcome.messages
    if result.end is not None:
        for desk in desks.values():
            for outcome in desk.advance(result.end, settings.silences):
                result.messages += outcome.messages
    result.alerts.sort(key=alert_order)
    result.messages.sort(key=lambda each: (each.at, each.subscriber, each.channel, each.id))


def alert_order(alert: Alert) -> tuple[object, ...]:
    """By time; what happened at one instant stays together."""
    axis = -1 if alert.transition is None else list(Axis).index(alert.transition.axis)
    return alert.at, alert.institution, alert.on.value, axis, alert.subscriber, alert.channel


def records(result: Result) -> Iterator[Mapping[str, object]]:
    """Transitions and alerts as records, in order of time; at one instant the transitions come first."""
    rows = [(each.at, 0, place, transition_record(each)) for place, each in enumerate(result.transitions)]
    rows += [(each.at, 1, place, alert_record(each)) for place, each in enumerate(result.alerts)]
    rows.sort(key=lambda row: row[:3])
    for *_, record in rows:
        yield record
