"""Why a subscriber got no alert about an institution, and what evidence would have caused one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from alerts.insight.coverage import coverage
from alerts.insight.profiles import standing_at
from alerts.insight.silence import OF_LEVELS, contributions_of, further_reports
from alerts.model.alert import AlertState
from alerts.model.answer import AnswerKind
from alerts.model.institution import Institution
from alerts.model.level import Axis, Cause, Contribution, Level, Transition
from alerts.model.records import answer_record, as_record, fields_of, rounded, some
from alerts.model.settings import Settings
from alerts.model.story import Evidence
from alerts.model.subscriber import Subscriber, WatchRule
from alerts.model.times import format_time
from alerts.pipeline.route import silenced
from alerts.routing.alerts import Explanation, explanation_record
from alerts.routing.case_events import lead_of_story
from alerts.routing.events import InstitutionEvent
from alerts.routing.preferences import Preferences
from alerts.routing.router import SubscriberRouter
from alerts.routing.rules import name_of
from alerts.runtime.configuration import Active
from alerts.scoring.profile import Standing
from alerts.scoring.score import combined, level_of
from alerts.store.queries import dashboard, profiles
from alerts.store.repositories import answers, items, subscriber_state

LOOK_BACK = timedelta(days=7)
MOST_ITEMS = 2000
MOST_REJECTIONS = 10
_Ask = Callable[[Transition, Iterable[Evidence]], Explanation]  # what a subscriber would get of a rise


def why_not(
    session: Session, active: Active, subscriber: Subscriber, institution: Institution, at: datetime
) -> dict[str, Any]:
    """Every step between the institution and the subscriber, as of `at`.

    Each axis that a rule asks for comes with its score, what it needs, and the least further evidence on its
    strongest story that would have caused an alert: tried out, not estimated."""
    standing = standing_at(session, active, institution, at)
    rules = {place: rule for place, rule in enumerate(subscriber.watch) if rule.select.selects(institution)}
    found = coverage(session, active.settings, institution, at)
    about = {"subscriber": subscriber.id, "institution": institution.id}
    past = reversed(dashboard.alerts(session, **about, since=at - LOOK_BACK, limit=MOST_ITEMS))
    return {
        "kind": "why-not",
        "at": format_time(at),
        "subscriber": subscriber.id,
        "institution": institution.id,
        "rules": [_rule(place, rule, subscriber) for place, rule in rules.items()],
        "preferences": [
            answer_record(each)
            for each in answers.preferences(session, subscriber.id)
            if each.holds(at) and (each.kind is not AnswerKind.MUTE or each.institution == institution.id)
        ],
        "alerts": [fields_of(row, "id", "at", "channel", "on", "state", "reason") for row in past if row.at <= at],
        "stories": standing.counts.stories,
        "coverage": {"state": found.state.value, "sources": found.sources, "failing": list(found.failing)},
        "axes": [
            _axis(session, active.settings, subscriber, standing, axis, min(rule.at_least for rule in asking))
            for axis in Axis
            if (asking := [rule for rule in rules.values() if rule.on & OF_LEVELS and axis in rule.axes])
        ],
        "rejected": list(islice(_rejections(session, active, institution, at), MOST_REJECTIONS)),
    }


def _rule(place: int, rule: WatchRule, subscriber: Subscriber) -> dict[str, Any]:
    return {
        "rule": place + 1,
        "name": name_of(place, rule),
        **{name: sorted(getattr(rule, name)) for name in ("on", "axes", "topics", "signals")},
        **fields_of(rule, "at_least", "min_grade"),
        "not": rule.except_.in_words(),
        "direction": rule.direction.value,
        "again_s": rule.again.total_seconds(),
        "to": list(rule.to or subscriber.channels),
    }


def _axis(
    session: Session, settings: Settings, subscriber: Subscriber, standing: Standing, axis: Axis, least: Level
) -> dict[str, Any]:
    ask = partial(_asked, session, settings, subscriber)
    view, at = standing.axes[axis], standing.at
    needed = settings.levels.raise_.get(max(least, Level.MEDIUM), 0.0)
    found = contributions_of(settings, standing, axis, view.leading)
    record: dict[str, Any] = {
        "axis": axis.value,
        **fields_of(view, "level", "since", "score"),
        "at_least": least.value,
        "needs": needed,
        "contributions": [some(as_record(each), "story", "title", "contribution") for each in found[:5]],
        "counterfactual": None,
        "routing": None,
    }
    if view.level < least:
        record["counterfactual"] = _counterfactual(session, settings, ask, standing, axis, found)
    else:
        # The level stands: what would this subscriber get of the change that led to it?
        stands = Transition(at, standing.institution.id, axis, Level.LOW, view.level, view.score, Cause.EVIDENCE, found)
        top = [each.story for each in found[:1]]
        known = profiles.stories(session, standing.institution, settings.sources, top, at)
        record["routing"] = explanation_record(ask(stands, known.values()), subscriber.id)
    return record


def _counterfactual(
    session: Session, settings: Settings, ask: _Ask, standing: Standing, axis: Axis, found: tuple[Contribution, ...]
) -> dict[str, Any]:
    """The least of a few further reports on the strongest story after which an alert would be sent."""
    if not found:
        return {"found": False, "why": "no story adds anything to this axis"}
    strongest, level, at = found[0], standing.axes[axis].level, standing.at
    tried: list[dict[str, Any]] = []
    for words, story, all_ in further_reports(session, settings, standing, axis, found):
        score = combined(each.value for each in all_)
        reached = max(level, level_of(score, settings.levels))
        tried.append({"with": words, "score": rounded(score), "level": reached.value})
        if reached is level:
            continue
        rise = Transition(at, standing.institution.id, axis, level, reached, score, Cause.EVIDENCE, all_)
        asked = ask(rise, [story])
        if any(channel.state is not AlertState.SUPPRESSED for channel in asked.channels):
            return {"found": True, "story": strongest.story, "title": strongest.title, **tried[-1], "tried": tried}
    return {"found": False, "why": "none of these would do", "story": strongest.story, "tried": tried}


def _asked(
    session: Session, settings: Settings, subscriber: Subscriber, rise: Transition, behind: Iterable[Evidence]
) -> Explanation:
    """What the subscriber's router, as it stands, would make of a rise; nothing of it is stored."""
    state = subscriber_state.peek(session, subscriber.id)
    notifications = subscriber_state.SqlNotifications(session, subscriber.id)
    chosen = Preferences(answers.preferences(session, subscriber.id))
    router = SubscriberRouter(subscriber, settings.institutions, state, notifications, chosen)
    leads = {each.story: lead_of_story(each, settings.topics) for each in behind}
    event = InstitutionEvent(rise.institution, rise.at, changes=(rise,), leads=leads)
    return router.explain(event, rise.at, silenced(session, settings))


def _rejections(
    session: Session, active: Active, institution: Institution, at: datetime
) -> Iterator[Mapping[str, Any]]:
    """Places in recent items that looked like the institution and were turned down, and why."""
    for item in items.newest(session, since=at - LOOK_BACK, upto=at, limit=MOST_ITEMS):
        for each in active.matcher.match(item, explain=True).rejections:
            if each.institution == institution.id:
                of_item = {"item": item.id, **fields_of(item, "title", "source", "observed")}
                yield {**of_item, **fields_of(each, "field", "text", "reason")}
