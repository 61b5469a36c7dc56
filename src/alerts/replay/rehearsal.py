"""Items of the past through the whole line, in memory.

    items ─> revisions ─> matched ─> case files, one an institution ─> happenings ─> desks ─> alerts

An institution's case file depends on nothing but its own observations, so each is worked through whole; what
happened is then put in order of time and handed to the subscribers' desks as the live pipeline would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.cases.casefile import CaseFile, by_time
from alerts.cases.observation import Observation, observation, publisher_of
from alerts.delivery.desk import Desk
from alerts.delivery.events import Event
from alerts.delivery.messages import Message
from alerts.delivery.state import DeskState, MemoryLedger
from alerts.model.alert import Alert
from alerts.model.item import Item
from alerts.model.level import Axis, Transition
from alerts.model.mention import Matched
from alerts.model.settings import Settings
from alerts.pipeline.configuration import Active
from alerts.pipeline.report import Happening, Reporter, ReporterState, place, resolved
from alerts.stories.features import features

Progress = Callable[[int], None]
"""Told, now and then, how many more items are done."""


@dataclass(slots=True)
class Result:
    """What a replay brought, each in order of time. `cases` are the case files as of `end`.

    `details` are, by alert id, what an alert tells beyond its transition; `points` the score of each axis of an
    institution wherever it was computed.
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
) -> Result:
    """Plays items under a configuration.

    The clock runs to `until`; without it, on from the newest item until every level has come to rest, so that
    all falls which these items lead to are among the transitions. Items observed after `until` are left out.
    `only` names the institutions to follow.
    """
    active = active or Active(settings)
    ordered = revisions(items, until)
    observed, end = _observe(active, ordered, only, progress)
    result = Result(end=until or end)
    happenings: list[Happening] = []
    for institution_id in sorted(observed):
        case = CaseFile(settings.institutions[institution_id], settings.topics, settings.levels)
        happenings += _follow(active, case, observed[institution_id], until, result)
        result.cases[institution_id] = case
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


_Observed = dict[str, list[tuple[datetime, list[Observation]]]]


def _observe(
    active: Active, items: Sequence[Item], only: frozenset[str] | None, progress: Progress
) -> tuple[_Observed, datetime | None]:
    """For each institution what was observed of it, by instant."""
    sources = active.settings.sources
    observed: _Observed = defaultdict(list)
    about: dict[str, frozenset[str]] = {}
    for done, item in enumerate(items, start=1):
        if done % 1000 == 0:
            progress(1000)
        matched = Matched() if item.withdrawn else active.matcher.match(item)
        found = frozenset(mention.institution for mention in matched.mentions)
        former = about.get(item.id)
        if not found and not former:
            continue
        about[item.id] = found
        reduced = features(item, publisher_of(item, sources))
        for institution in sorted(found | (former or frozenset())):
            if only is None or institution in only:
                instants = observed[institution]
                if not instants or instants[-1][0] != item.observed:
                    instants.append((item.observed, []))
                instants[-1][1].append(observation(item, institution, matched, reduced, sources))
    progress(len(items) % 1000)
    return observed, items[-1].observed if items else None


def _follow(
    active: Active,
    case: CaseFile,
    instants: Sequence[tuple[datetime, list[Observation]]],
    until: datetime | None,
    result: Result,
) -> Iterator[Happening]:
    reporter = Reporter(case, ReporterState(), active.wanted)
    for at, batch in instants:
        change, found = reporter.observe(at, batch)
        result.transitions += change.transitions
        yield from found
    while (end := until or case.next_fall()) is not None:
        falls, found = reporter.advance(end)
        result.transitions += falls
        yield from found
        if until is not None:
            break


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
    result.alerts.sort(
        key=lambda each: (each.at, each.institution, _place(each), each.subscriber, each.channel)
    )
    result.messages.sort(key=lambda each: (each.at, each.subscriber, each.channel, each.id))


def _place(alert: Alert) -> tuple[str, int]:
    axis = -1 if alert.transition is None else list(Axis).index(alert.transition.axis)
    return alert.on.value, axis


def with_observed(items: Iterable[Item], at: datetime) -> list[Item]:
    """Items of a test: what says neither when it was observed nor published is observed at `at`."""
    return [replace(item, observed=at) if item.observed.year <= 1970 else item for item in items]


def records(result: Result) -> Iterator[Mapping[str, object]]:
    """Transitions and alerts as records, in order of time; at one instant the transitions come first."""
    from alerts.model.records import alert_record, transition_record

    rows = [(each.at, 0, place, transition_record(each)) for place, each in enumerate(result.transitions)]
    rows += [(each.at, 1, place, alert_record(each)) for place, each in enumerate(result.alerts)]
    rows.sort(key=lambda row: row[:3])
    for *_, record in rows:
        yield record
