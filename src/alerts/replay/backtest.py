"""A backtest: recorded items through the whole pipeline under a virtual clock, in memory.

    items ─> revisions ─> matched ─> case files, one an institution ─> events ─> routers ─> alerts

An institution's case file depends on nothing but its own observations, so each is worked through whole; what
happened is then put in order of time and handed to the subscribers' routers as the live pipeline would."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from alerts.cases.case_file import CaseFile, by_time
from alerts.model.alert import Alert, AlertState
from alerts.model.answer import Answer
from alerts.model.item import Item
from alerts.model.level import Transition
from alerts.model.mention import Matched
from alerts.model.records import alert_record, transition_record
from alerts.model.settings import Settings
from alerts.replay.work import Followed, Instants, Observed, Progress, follow, in_each, matched_in
from alerts.routing.alerts import Message
from alerts.routing.case_events import place, resolved
from alerts.routing.events import Event
from alerts.routing.preferences import Preferences
from alerts.routing.reasons import Reason
from alerts.routing.router import SubscriberRouter
from alerts.routing.state import MemoryNotifications, RouterState
from alerts.runtime import gc_tuning
from alerts.runtime.configuration import Active


@dataclass(slots=True)
class Result:
    """The result of a replay, each part in order of time. `cases` are the case files as of `end`."""

    transitions: list[Transition] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    cases: dict[str, CaseFile] = field(default_factory=dict)
    end: datetime | None = None
    matched: dict[str, list[Matched | None]] = field(default_factory=dict)  # by the key of the matching
    followed: dict[object, Followed] = field(default_factory=dict)  # by all that decides what happens to an institution

    @property
    def sent(self) -> list[Alert]:
        """The alerts that somebody is told of, at once or in a digest."""
        return [each for each in self.alerts if each.state is not AlertState.SUPPRESSED]


@gc_tuning.off()
def rehearse(
    items: Iterable[Item],
    settings: Settings,
    *,
    until: datetime | None = None,
    only: frozenset[str] | None = None,
    active: Active | None = None,
    progress: Progress = lambda _: None,
    processes: int = 1,
    preferences: Mapping[str, tuple[Answer, ...]] = MappingProxyType({}),
    former: Result | None = None,
) -> Result:
    """Runs items through the pipeline under a configuration.

    The clock runs to `until`; without it, on from the newest item until every level has come to rest, so that all falls
    which these items lead to are among the transitions. Items observed after `until` are left out. `only` names the
    institutions to follow; `preferences`, by subscriber, hold when they held. With more than one of `processes` the
    result has no `cases`; it is otherwise the same. What a `former` result of the same items has in common is not
    computed again. `progress` counts each item twice: matched, and followed."""
    active = active or Active(settings)
    ordered = revisions(items, until)
    result = Result(end=until or (ordered[-1].observed if ordered else None))
    known = Result() if former is None else former
    matched = known.matched.get(active.matching_key)
    if matched is None:
        matched = matched_in(processes, active, ordered, progress)
    else:
        progress(len(ordered))
    result.matched[active.matching_key] = matched
    places = places_of(ordered, matched, only)
    general = active.matching_key, active.authorities, active.wanted, settings.fresh, tuple(active.judged.items())
    watched = {name for name in places if active.audience.of(settings.institutions[name])}
    keys = {name: (name, active.case_key(name), name in watched, *general) for name in places}
    anew = {name: some for name, some in places.items() if keys[name] not in known.followed}

    def one(institution: str, instants: Instants) -> Followed:
        found = follow(active, institution, instants, until)
        return found if processes == 1 else replace(found, case=None)

    followed = dict(in_each(one, Observed(active, ordered, matched), anew, processes, progress))
    result.followed = {keys[name]: each for name, each in followed.items()}
    result.followed |= {key: known.followed[key] for name, key in keys.items() if name not in anew}
    events: list[Event] = []
    for each in result.followed.values():
        result.transitions += each.transitions
        events += each.events
        if each.case is not None:
            result.cases[each.case.institution.id] = each.case
    result.transitions = by_time(result.transitions)
    route(active, events, result, preferences)
    return result


def revisions(items: Iterable[Item], until: datetime | None = None) -> list[Item]:
    """Items in order of observation, each only where it says something new; dates alone are nothing new.

    The order in which items of one instant, or copies of one item, are given does not matter."""
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


def places_of(
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


def route(
    active: Active, events: Iterable[Event], result: Result, preferences: Mapping[str, tuple[Answer, ...]]
) -> None:
    """Hands what happened to the routers of those who watch, in order of time; alerts and messages go to `result`."""
    settings = active.settings
    routers: dict[str, SubscriberRouter] = {}
    made: dict[str, Alert] = {}
    by_assessment: dict[tuple[str, datetime], list[str]] = defaultdict(list)

    def alerts_at(institution: str, instant: datetime) -> list[Alert]:
        return [made[each] for each in by_assessment[institution, instant]]

    for found in sorted(events, key=place):
        event = resolved(found, alerts_at)
        institution = settings.institutions[event.institution]
        for subscriber in active.audience.of(institution):
            router = routers.get(subscriber.id)
            if router is None:
                chosen = Preferences(preferences.get(subscriber.id, ()))
                state, notifications = RouterState(), MemoryNotifications()
                router = SubscriberRouter(subscriber, settings.institutions, state, notifications, chosen)
                routers[subscriber.id] = router
            outcome = router.handle(event, event.at, settings.silences).to(subscriber.id)
            for alert in outcome.alerts:
                made[alert.id] = alert
                by_assessment[alert.institution, alert.at].append(alert.id)
            for dropped in outcome.dropped:
                made[dropped] = replace(made[dropped], state=AlertState.SUPPRESSED, reason=Reason.CORRECTED.value)
            result.messages += outcome.messages
    if result.end is not None:
        for subscriber_id, router in routers.items():
            for each in router.advance(result.end, settings.silences):
                result.messages += each.to([subscriber_id])
    result.alerts = sorted(made.values(), key=alert_order)
    result.messages.sort(key=lambda each: (each.at, each.subscriber, each.channel, each.id))


def alert_order(alert: Alert) -> tuple[object, ...]:
    """By time; what happened at one instant stays together."""
    return alert.at, alert.institution, alert.subscriber, alert.channel


def records(result: Result) -> Iterator[Mapping[str, object]]:
    """Transitions and alerts as records, in order of time; at one instant the transitions come first."""
    rows = [(each.at, 0, place, transition_record(each)) for place, each in enumerate(result.transitions)]
    rows += [(each.at, 1, place, alert_record(each)) for place, each in enumerate(result.alerts)]
    rows.sort(key=lambda row: row[:3])
    return (record for *_, record in rows)
