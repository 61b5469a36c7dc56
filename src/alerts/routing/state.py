"""What a router remembers of one subscriber, small enough for a row, and the port through which a driver stores it."""

import json
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import BeforeValidator, Field, TypeAdapter

from alerts.model.level import Axis, Level
from alerts.model.subscriber import RateLimit
from alerts.routing.alerts import Kind, Message


class WatchKey(NamedTuple):
    """One axis of one institution; without an axis what concerns the institution as a whole."""

    institution: str
    axis: Axis | None = None


class NotifiedLevel(NamedTuple):
    """A level that a channel believes, by which alert, on the strength of which story.

    `alert` is empty where a rule that asks for falls alone followed the rise in silence."""

    level: Level
    alert: str
    story: str


class NotifiedTopic(NamedTuple):
    """The last alert of a channel about a topic: when, at which level, of which story."""

    at: datetime
    level: Level
    story: str
    alert: str


class Ack(NamedTuple):
    """Someone has seen the level; it ends when the level changes."""

    at: datetime
    author: str


@dataclass(slots=True)
class WatchState:
    """What one subscriber knows of one axis of one institution, or of it as a whole; the dictionaries are by channel.

    `notified` are the levels that a channel was notified of and that nothing has taken back, each higher than the
    one before: three at most. `corrected` are the channels whose last word was a correction. Of the institution as a
    whole: `stories` alerted, the newest last, and `topics` by name."""

    level: Level = Level.LOW
    seen: datetime | None = None  # the last event handled
    notified: Annotated[dict[str, list[NotifiedLevel]], Field(alias="told")] = field(default_factory=dict)
    corrected: list[str] = field(default_factory=list)
    remind: dict[str, datetime] = field(default_factory=dict)
    ack: Ack | None = None
    stories: dict[str, list[str]] = field(default_factory=dict)
    topics: dict[str, dict[str, NotifiedTopic]] = field(default_factory=dict)

    @property
    def due(self) -> datetime | None:
        """The next reminder: what a driver indexes."""
        return min(self.remind.values(), default=None)

    def last(self, channel: str) -> NotifiedLevel | None:
        """What the channel was notified of last, as far as it still stands."""
        return self.notified[channel][-1] if channel in self.notified else None

    def believed(self, channel: str) -> Level:
        """The level as the channel knows it: low where it was notified of no rise."""
        last = self.last(channel)
        return Level.LOW if last is None else last.level

    def record(self, channel: str, notified: NotifiedLevel, *, rises: bool) -> None:
        """The channel is notified of a new level; of a fall it keeps the alerts of the levels that remain."""
        kept = [
            each
            for each in self.notified.get(channel, [])
            if each.level < notified.level or (each.level is notified.level and not rises)
        ]
        if notified.level is not Level.LOW and (not kept or kept[-1].level is not notified.level):
            kept.append(notified)
        self._believe(channel, kept)
        if channel in self.corrected:
            self.corrected.remove(channel)

    def retract(self, channel: str, alert: str) -> bool:
        """Take one alert back; whether the channel knew of it."""
        before = self.notified.get(channel, [])
        kept = [each for each in before if each.alert != alert]
        self._believe(channel, kept)
        topics = self.topics.get(channel, {})
        retracted = [topic for topic, each in topics.items() if each.alert == alert]
        for topic in retracted:
            story = topics.pop(topic).story
            if story in self.stories.get(channel, []):
                self.stories[channel].remove(story)
        return len(kept) != len(before) or bool(retracted)

    def record_story(self, channel: str, story: str, topics: Sequence[str], alerted: NotifiedTopic, most: int) -> None:
        """The channel has an alert of a story; of stories and topics the newest `most` are remembered."""
        if story:
            stories = [each for each in self.stories.get(channel, []) if each != story]
            self.stories[channel] = [*stories, story][-most:]
        if topics:
            known = self.topics.get(channel, {}) | dict.fromkeys(topics, alerted)
            newest = sorted(known, key=lambda topic: (known[topic].at, topic))[-most:]
            self.topics[channel] = {topic: known[topic] for topic in sorted(newest)}

    def _believe(self, channel: str, notified: list[NotifiedLevel]) -> None:
        if notified:
            self.notified[channel] = notified
        else:
            self.notified.pop(channel, None)

    def to_json(self) -> str:
        return _text(_WATCH, self)

    @classmethod
    def from_json(cls, text: str) -> "WatchState":
        """Raises ValueError where `text` was not made by `to_json`, of this version or an earlier one."""
        return _WATCH.validate_json(text)


class Purpose(StrEnum):
    """What an entry of a queue is there for."""

    ALERT = "alert"
    REMINDER = "reminder"
    CORRECTION = "correction"


class Move(NamedTuple):
    """A level change in an entry. Of a reminder `from_` is the level in the alert that it reminds of."""

    axis: Axis
    from_: Level
    to: Level


class Escalating(NamedTuple):
    """Where an alert goes on to, and how long after it was sent; `assessed` is the instant of its assessment."""

    assessed: datetime
    after: dict[str, timedelta]  # by channel


@dataclass(frozen=True, slots=True)
class Pending:
    """An alert that waits in a queue.

    `moves` are the level changes it reports, `story` and `item` what it leads with: with a story, or without any
    move, it is news whatever the levels do meanwhile. `clear`: all its levels fell below what the rules ask for."""

    alert: str
    institution: str
    moves: tuple[Move, ...] = ()
    story: str = ""
    item: str = ""
    clear: bool = False
    purpose: Purpose = Purpose.ALERT
    escalate: Escalating | None = None

    @property
    def by_key(self) -> dict[WatchKey, Move]:
        """The moves by the axes that they are about."""
        return {WatchKey(self.institution, move.axis): move for move in self.moves}

    @property
    def keys(self) -> frozenset[WatchKey]:
        """The axes that it is about."""
        return frozenset(self.by_key)

    @property
    def is_news(self) -> bool:
        return self.purpose is Purpose.ALERT and (bool(self.story) or not self.moves)


def _as_written_now(entry: Any) -> Any:
    """A list is an entry as it was written before alerts had stories: of one move at most."""
    if not isinstance(entry, list):
        return entry
    alert, institution, axis, from_, to, clear, purpose = entry
    moves = [] if axis is None or from_ is None else [[axis, from_, to]]
    return {"alert": alert, "institution": institution, "moves": moves, "clear": clear, "purpose": purpose}


class QueueName(StrEnum):
    """What alerts of a channel wait for; the order in which queues due at one instant go out."""

    GROUP = "group"
    QUIET = "quiet"
    SUMMARY = "summary"
    DIGEST = "digest"


QUEUE_LENGTH = 200  # entries; beyond it alerts are only counted, their records remain


@dataclass(slots=True)
class Queue:
    """Alerts that go out together at `due`. `more` counts those that found it full."""

    due: datetime
    entries: list[Annotated[Pending, BeforeValidator(_as_written_now)]] = field(default_factory=list)
    more: int = 0

    def add(self, entry: Pending) -> None:
        """One reminder is enough; a correction is never left out: it is owed to exactly those who got the alert."""
        if entry.purpose is Purpose.REMINDER and any(entry.keys <= each.keys for each in self.entries):
            return
        if len(self.entries) < QUEUE_LENGTH or entry.purpose is Purpose.CORRECTION:
            self.entries.append(entry)
        else:
            self.more += 1


@dataclass(slots=True)
class ChannelState:
    """`window` are the instants of the messages that count towards the limit, in order; a group that waits has
    its place in it already. `summarised` is when the last summary went out.

    The limit is a sliding window: it holds for any window of its length, of which two messages exactly the length
    apart share none."""

    window: list[datetime] = field(default_factory=list)
    summarised: datetime | None = None
    queues: dict[QueueName, Queue] = field(default_factory=dict)

    def has_room(self, at: datetime, limit: RateLimit) -> bool:
        """Whether one more message at `at` keeps every window within the limit."""
        times = sorted([*self.window, at])
        pairs = zip(times, times[limit.count :], strict=False)
        return limit.count > 0 and all(last - first >= limit.per for first, last in pairs)

    def next_room(self, at: datetime, limit: RateLimit) -> datetime:
        """The first instant after `at` with room for one more message; a window's length later at most."""
        frees = (each + limit.per for each in self.window)
        return next((each for each in frees if each > at and self.has_room(each, limit)), at + limit.per)

    def take(self, at: datetime, limit: RateLimit, now: datetime) -> None:
        """Counts a message at `at`, which may lie ahead; drops what no window that ends after `now` can hold."""
        insort(self.window, at)
        self.window = [each for each in self.window if each > now - limit.per]


@dataclass(slots=True)
class OpenEscalation:
    """An alert that goes to `channel` at `due` unless somebody acknowledges it before.

    One for each assessment and channel, however many channels were alerted to the assessment."""

    due: datetime
    channel: str
    assessed: datetime
    pending: Pending
    ack: Ack | None = None


@dataclass(slots=True)
class RouterState:
    """All of a subscriber's state that is not about one institution.

    `clock` is the last instant at which something was done; `muted` are the unsubscribed channels."""

    clock: datetime | None = None
    channels: dict[str, ChannelState] = field(default_factory=dict)
    muted: dict[str, datetime] = field(default_factory=dict)
    escalations: list[OpenEscalation] = field(default_factory=list)

    @property
    def due(self) -> datetime | None:
        dues = [queue.due for channel in self.channels.values() for queue in channel.queues.values()]
        return min([*dues, *(each.due for each in self.escalations)], default=None)

    def to_json(self) -> str:
        return _text(_ROUTER, self)

    @classmethod
    def from_json(cls, text: str) -> "RouterState":
        """Raises ValueError where `text` was not made by `to_json`, of this version or an earlier one."""
        return _ROUTER.validate_json(text)


_WATCH = TypeAdapter(WatchState)
_ROUTER = TypeAdapter(RouterState)


def _text(adapter: TypeAdapter[Any], state: object) -> str:
    """Equal states give equal text."""
    record = adapter.dump_python(state, mode="json", by_alias=True)
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


class Carried(NamedTuple):
    """By what kind of message an alert went to which channel."""

    kind: Kind
    channel: str


class NotificationRepository(Protocol):
    """The driver's memory of one subscriber's watches and messages.

    Live it is rows, read when asked for; in a replay it is a dictionary. A watch that was kept, or a message
    that was carried, is visible to the next call."""

    def watch(self, key: WatchKey) -> WatchState:
        """What was kept last; a fresh one where there is nothing. The router changes what it is given."""

    def keep(self, key: WatchKey, watch: WatchState) -> None:
        """Store it, with `watch.due` where `reminders` can find it."""

    def next_reminder(self) -> datetime | None:
        """The earliest `due` of all watches."""

    def reminders(self, at: datetime) -> Sequence[WatchKey]:
        """Every watch with `due` at or before `at`."""

    def carry(self, message: Message) -> None:
        """Remember that `message` carries its alerts; never called for a held one."""

    def carried(self, alert: str) -> frozenset[Carried]:
        """The messages that carried the alert, except those known never to have arrived."""


class MemoryNotifications:
    """A repository in dictionaries, for replays and tests."""

    def __init__(self) -> None:
        self._watches: dict[WatchKey, WatchState] = {}
        self._due: dict[WatchKey, datetime] = {}
        self._heap: list[tuple[datetime, WatchKey]] = []  # of `_due`, with what is outdated still in it
        self._carried: dict[str, frozenset[Carried]] = {}

    def watch(self, key: WatchKey) -> WatchState:
        return self._watches.get(key) or WatchState()

    def keep(self, key: WatchKey, watch: WatchState) -> None:
        self._watches[key] = watch
        due = watch.due
        if due is None:
            self._due.pop(key, None)
        elif self._due.get(key) != due:
            self._due[key] = due
            heappush(self._heap, (due, key))

    def next_reminder(self) -> datetime | None:
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def reminders(self, at: datetime) -> Sequence[WatchKey]:
        due: set[WatchKey] = set()
        while (first := self.next_reminder()) is not None and first <= at:
            key = heappop(self._heap)[1]
            del self._due[key]  # the router keeps it again, with another due or none
            due.add(key)
        return sorted(due)

    def carry(self, message: Message) -> None:
        for alert in message.carries:
            self._carried[alert] = self.carried(alert) | {Carried(message.kind, message.channel)}

    def carried(self, alert: str) -> frozenset[Carried]:
        return self._carried.get(alert, frozenset())
