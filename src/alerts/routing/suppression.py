"""Why an event that a rule matched is not sent at once: checks in a fixed order, the first that holds decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerts.model.alert import AlertState
from alerts.model.institution import Institution
from alerts.model.level import Axis, Cause, Level
from alerts.model.subscriber import QuietHours, Silence, Subscriber
from alerts.model.times import format_time
from alerts.routing.alerts import ChannelVerdict, Step
from alerts.routing.events import LevelEvent, MentionEvent, Notice
from alerts.routing.quiet_hours import next_digest, quiet_until
from alerts.routing.reasons import Reason
from alerts.routing.state import WatchState
from alerts.scoring.confidence import INTERNAL_BELOW


@dataclass(frozen=True, slots=True)
class Case:
    """An event on a channel, with all that a check may look at.

    `watch` is what the channel knows of the axis, `others` of the institution's other axes. `room`: the limit
    lets one more message out.
    """

    event: Notice
    at: datetime
    subscriber: Subscriber
    institution: Institution
    channel: str
    watch: WatchState
    others: Mapping[Axis, WatchState]
    silences: Sequence[Silence]
    muted: datetime | None
    room: bool


def silence_over(institution: Institution, at: datetime, silences: Sequence[Silence]) -> Silence | None:
    """The silence that covers the institution at an instant; of several the one that lasts longest."""
    covering = [
        silence
        for silence in silences
        if (silence.starts is None or silence.starts <= at)
        and at < silence.until
        and silence.select.selects(institution)
    ]
    return max(covering, key=lambda each: (each.until, each.id, each.reason), default=None)


def describe(silence: Silence) -> str:
    """`until 2026-12-01T00:00:00Z: planned launch week (by ops)`."""
    why = f": {silence.reason}" if silence.reason else ""
    who = f" (by {silence.author})" if silence.author else ""
    return f"until {format_time(silence.until)}{why}{who}"


def quiet_end(hours: QuietHours | None, urgency: Level, at: datetime) -> datetime | None:
    """When something of this urgency may go out, if quiet hours hold it at `at`; else None."""
    if hours is None or (hours.unless is not None and urgency >= hours.unless):
        return None
    return quiet_until(hours, at)


def _unsubscribed(case: Case) -> str:
    return "" if case.muted is None else f"since {format_time(case.muted)}"


def _below_grade(case: Case) -> str:
    event = case.event
    if isinstance(event, LevelEvent) and not event.transition.rises:
        return ""
    low = event.confidence < INTERNAL_BELOW
    return f"confidence {event.confidence:.2f} of {event.story or 'its story'}" if low else ""


def _config_change(case: Case) -> str:
    event = case.event
    if not isinstance(event, LevelEvent) or event.transition.cause is not Cause.CONFIG:
        return ""
    return "the level rose by a change of the configuration" if event.transition.rises else ""


def _backfill(case: Case) -> str:
    event = case.event
    if isinstance(event, LevelEvent):
        return "items taken out of quarantine" if event.quiet and event.transition.rises else ""
    return "the item is old, or out of quarantine" if isinstance(event, MentionEvent) and event.quiet else ""


def _silence(case: Case) -> str:
    silence = silence_over(case.institution, case.at, case.silences)
    return "" if silence is None else describe(silence)


def _corrected(case: Case) -> str:
    taken_back = case.channel in case.watch.corrected
    return "a correction has said so before" if taken_back and _unheard(case) else ""


def _rise_not_told(case: Case) -> str:
    return _unheard(case)


def _unheard(case: Case) -> str:
    """A fall to a level that the channel does not take to be higher."""
    event = case.event
    if not isinstance(event, LevelEvent) or event.transition.rises:
        return ""
    believed = case.watch.believed(case.channel)
    if believed > event.transition.to:
        return ""
    return (
        "the channel was told of no rise"
        if believed is Level.LOW
        else f"the channel was told of {believed} only"
    )


def _inhibited(case: Case) -> str:
    event = case.event
    if not isinstance(event, LevelEvent) or not event.transition.rises or not event.story:
        return ""
    if event.transition.to is Level.CRITICAL:
        return ""
    for axis, watch in case.others.items():
        told = watch.last(case.channel)
        if told is None or not told.alert:
            continue
        if watch.level is told.level is Level.CRITICAL and told.story == event.story:
            return f"{axis} is critical because of the same story, {event.story}"
    return ""


def _same_story(case: Case) -> str:
    event = case.event
    if not isinstance(event, MentionEvent) or not event.story:
        return ""
    return f"story {event.story}" if event.story in case.watch.stories.get(case.channel, ()) else ""


def _digest(case: Case) -> str:
    digest = case.subscriber.digest
    if digest is None or case.event.urgency >= digest.below:
        return ""
    return f"lower than {digest.below}, waits until {format_time(next_digest(digest, case.at))}"


def _quiet_hours(case: Case) -> str:
    end = quiet_end(case.subscriber.quiet_hours, case.event.urgency, case.at)
    return "" if end is None else f"waits until {format_time(end)}"


def _limit(case: Case) -> str:
    limit = case.subscriber.limit
    if limit is None or case.room:
        return ""
    return f"{limit.count} messages within {limit.per}"


Check = Callable[[Case], str]
"""Gives the words for why the case is held back; empty where it is not."""

CHECKS: Final[tuple[tuple[Reason, Check], ...]] = (
    (Reason.UNSUBSCRIBED, _unsubscribed),
    (Reason.BELOW_GRADE, _below_grade),
    (Reason.CONFIG_CHANGE, _config_change),
    (Reason.BACKFILL, _backfill),
    (Reason.SILENCE, _silence),
    (Reason.CORRECTED, _corrected),
    (Reason.RISE_NOT_TOLD, _rise_not_told),
    (Reason.INHIBITED, _inhibited),
    (Reason.SAME_STORY, _same_story),
    (Reason.DIGEST, _digest),
    (Reason.QUIET_HOURS, _quiet_hours),
    (Reason.LIMIT, _limit),
)

WAITING: Final = frozenset({Reason.DIGEST, Reason.QUIET_HOURS, Reason.LIMIT})
"""Reasons that only delay: what they hold back is told later, in a digest, a group or a summary."""


def examine(case: Case) -> ChannelVerdict:
    """The fate of an event on a channel, with every check up to the one that decided."""
    steps: list[Step] = []
    for reason, check in CHECKS:
        detail = check(case)
        steps.append(Step(reason.value, not detail, detail))
        if detail:
            state = AlertState.DIGEST if reason is Reason.DIGEST else AlertState.SUPPRESSED
            return ChannelVerdict(case.channel, state, reason, detail, tuple(steps))
    return ChannelVerdict(case.channel, AlertState.SENT, None, "", tuple(steps))
