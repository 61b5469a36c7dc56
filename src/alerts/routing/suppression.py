"""Why an event that a rule matched is not sent at once: checks in a fixed order, the first that holds decides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from alerts.model.alert import AlertState
from alerts.model.institution import Institution
from alerts.model.level import AXES, Cause, Level
from alerts.model.subscriber import QuietHours, Silence, Subscriber
from alerts.model.times import format_time
from alerts.routing.alerts import ChannelVerdict, Step
from alerts.routing.events import InstitutionEvent, Part
from alerts.routing.preferences import Preferences
from alerts.routing.quiet_hours import next_digest, quiet_until
from alerts.routing.reasons import Reason
from alerts.routing.state import Knowledge
from alerts.scoring.confidence import INTERNAL_BELOW

WAITING: Final = frozenset({Reason.DIGEST, Reason.QUIET_HOURS, Reason.LIMIT})
"""Reasons that only delay: what they hold back goes out later, in a digest, a group or a summary."""

# A check gives the words for why something is held back; empty where it is not.
WholeCheck = Callable[["Candidate", Level], str]
PartCheck = Callable[["Candidate", int, Part], str]


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """Everything that decides what becomes of an event for a subscriber. Equal for subscribers who ask for the same,
    know the same and are held back by the same; large parts are compared by identity.

    `knowledge` is what the subscriber knows of the institution. `muted` are the unsubscribed channels and since when,
    `full` those whose limit has no room for the event."""

    event: InstitutionEvent
    institution: Institution
    subscriber: Subscriber
    knowledge: Knowledge
    at: datetime
    silences: tuple[Silence, ...]
    muted: frozenset[tuple[str, datetime]]
    preferences: Preferences
    full: frozenset[str] = frozenset()

    @property
    def _key(self) -> tuple[object, ...]:
        large = id(self.event), id(self.institution), id(self.knowledge), id(self.silences)
        return *self.subscriber.asks, *large, self.at, self.muted, self.preferences, self.full

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Situation) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event on a channel. `again`, part for part, is the shortest of the rules that ask for it."""

    situation: Situation
    channel: str
    again: Mapping[int, timedelta]

    # Checks of one part.

    def _below_grade(self, _: int, part: Part) -> str:
        if part.falls or part.lead is None or part.lead.confidence >= INTERNAL_BELOW:
            return ""
        return f"confidence {part.lead.confidence:.2f} of {part.lead.story or 'its story'}"

    def _config_change(self, _: int, part: Part) -> str:
        change = part.change
        if change is None or not change.rises or change.cause is not Cause.CONFIG:
            return ""
        return "the level rose by a change of the configuration"

    def _backfill(self, _: int, part: Part) -> str:
        if part.mention is not None:
            return "" if part.mention.fresh else "the item was old when found, or comes out of quarantine"
        return (
            "every report that brought it was old when found" if part.rises and not self.situation.event.fresh else ""
        )

    def _corrected(self, place: int, part: Part) -> str:
        change = part.change
        if change is None or self.channel not in self.situation.knowledge.of(change.axis).corrected:
            return ""
        return "a correction has said so before" if self._rise_not_told(place, part) else ""

    def _rise_not_told(self, _: int, part: Part) -> str:
        """A fall to a level that the channel does not take to be higher."""
        if not part.falls or part.change is None:
            return ""
        believed = self.situation.knowledge.of(part.change.axis).believed(self.channel)
        if believed > part.change.to:
            return ""
        if believed is Level.LOW:
            return "the channel was notified of no rise"
        return f"the channel was notified of {believed} only"

    def _inhibited(self, _: int, part: Part) -> str:
        change, lead = part.change, part.lead
        if change is None or not change.rises or change.to is Level.CRITICAL or lead is None:
            return ""
        for axis, watch in ((axis, self.situation.knowledge.of(axis)) for axis in AXES):
            notified = watch.last(self.channel)
            if axis is change.axis or notified is None or not notified.alert:
                continue
            if watch.level is notified.level is Level.CRITICAL and notified.story == lead.story:
                return f"{axis} is critical because of the same story, {lead.story}"
        return ""

    def _same_story(self, _: int, part: Part) -> str:
        if part.mention is None or not part.mention.lead.story:
            return ""
        story = part.mention.lead.story
        return f"story {story}" if story in self.situation.knowledge.of().stories.get(self.channel, ()) else ""

    def _same_topic(self, place: int, part: Part) -> str:
        """Another story, all of whose topics the channel has an alert of, no lower, within `again`."""
        if not part.rises or part.lead is None or not part.lead.topics:
            return ""
        if part.change is not None and part.lead.story not in {each.story for each in self.situation.event.rises}:
            return ""  # not a new story: the level rose by what was known
        known = self.situation.knowledge.of().topics.get(self.channel, {})
        since = self.situation.at - self.again.get(place, timedelta(0))
        before = [known[topic] for topic in part.lead.topics if topic in known and known[topic].at > since]
        if len(before) < len(set(part.lead.topics)) or any(each.level < part.level for each in before):
            return ""
        newest = max(before, key=lambda each: (each.at, each.story))
        if part.change is not None and newest.story == part.lead.story:
            return ""
        return f"{', '.join(part.lead.topics)}: story {newest.story}, {newest.level} at {format_time(newest.at)}"

    def _below_preference(self, _: int, part: Part) -> str:
        """A fall counts by the level that it leaves: whoever got the alert of critical hears that it is over."""
        level = part.level
        if part.falls and part.change is not None:
            level = max(part.change.from_, self.situation.knowledge.of(part.change.axis).believed(self.channel))
        return (
            "" if level >= Level.CRITICAL else self.situation.preferences.only_critical(self.channel, self.situation.at)
        )

    # Checks of the alert as a whole; `level` is the highest of the parts that are left.

    def _unsubscribed(self, _: Level) -> str:
        muted = dict(self.situation.muted).get(self.channel)
        return "" if muted is None else f"since {format_time(muted)}"

    def _silence(self, _: Level) -> str:
        silence = silence_over(self.situation.institution, self.situation.at, self.situation.silences)
        return "" if silence is None else describe(silence)

    def _muted(self, _: Level) -> str:
        return self.situation.preferences.muted(self.channel, self.situation.institution.id, self.situation.at)

    def _digest(self, level: Level) -> str:
        digest = self.situation.preferences.digest(self.situation.subscriber, self.channel, self.situation.at)
        if digest is None or level >= digest.below:
            return ""
        return f"lower than {digest.below}, waits until {format_time(next_digest(digest, self.situation.at))}"

    def _quiet_hours(self, level: Level) -> str:
        end = quiet_end(self.situation.subscriber.quiet_hours, level, self.situation.at)
        return "" if end is None else f"waits until {format_time(end)}"

    def _limit(self, _: Level) -> str:
        limit = self.situation.subscriber.limit
        if limit is None or self.channel not in self.situation.full:
            return ""
        return f"{limit.count} messages within {limit.per}"

    CHECKS: ClassVar[tuple[tuple[Reason, WholeCheck | None, PartCheck | None], ...]] = (
        (Reason.UNSUBSCRIBED, _unsubscribed, None),
        (Reason.BELOW_GRADE, None, _below_grade),
        (Reason.CONFIG_CHANGE, None, _config_change),
        (Reason.BACKFILL, None, _backfill),
        (Reason.SILENCE, _silence, None),
        (Reason.MUTED, _muted, None),
        (Reason.CORRECTED, None, _corrected),
        (Reason.RISE_NOT_TOLD, None, _rise_not_told),
        (Reason.INHIBITED, None, _inhibited),
        (Reason.SAME_STORY, None, _same_story),
        (Reason.SAME_TOPIC, None, _same_topic),
        (Reason.BELOW_PREFERENCE, None, _below_preference),
        (Reason.DIGEST, _digest, None),
        (Reason.QUIET_HOURS, _quiet_hours, None),
        (Reason.LIMIT, _limit, None),
    )

    def examine(self, matched: Sequence[int]) -> ChannelVerdict:
        """The fate of the matched parts of the event, with every check up to the one that decided.

        A check of one part takes it out; the alert is held back where none is left, for the reason of its gravest part.
        """
        parts = self.situation.event.parts
        steps: list[Step] = []
        left = list(matched)
        out: dict[int, tuple[Reason, str]] = {}

        def decided(reason: Reason, detail: str) -> ChannelVerdict:
            state = AlertState.DIGEST if reason is Reason.DIGEST else AlertState.SUPPRESSED
            kept = left or matched
            return ChannelVerdict(self.channel, state, reason, detail, tuple(steps), tuple(kept))

        for reason, whole, one in self.CHECKS:
            if whole is not None:
                level = max(parts[place].level for place in left)
                if detail := whole(self, level):
                    steps.append(Step(reason.value, False, detail))
                    return decided(reason, detail)
            elif one is not None and (
                held := {place: said for place in left if (said := one(self, place, parts[place]))}
            ):
                out |= {place: (reason, said) for place, said in held.items()}
                left = [place for place in left if place not in held]
                said = "; ".join(f"{parts[place].about}: {why}" for place, why in held.items()) if left else ""
                steps.append(Step(reason.value, bool(left), said or next(iter(held.values()))))
                if not left:
                    return decided(*out[matched[0]])
                continue
            steps.append(_PASSED[reason])
        return ChannelVerdict(self.channel, AlertState.SENT, None, "", tuple(steps), tuple(left))


_PASSED: Final = {reason: Step(reason.value, True, "") for reason in Reason}


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
