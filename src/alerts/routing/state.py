"""What a router remembers of one subscriber, small enough for a row, and the port through which a driver stores it."""

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from heapq import heappop, heappush
from typing import Annotated, Any, Final, NamedTuple, Protocol, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter

from alerts.model.alert import Alert
from alerts.model.level import Axis, Level
from alerts.model.subscriber import RateLimit
from alerts.routing.alerts import Kind, Message, reference

MAX_REMEMBERED: Final = 32  # stories, and topics, for each institution and channel
_Value = TypeVar("_Value")


class WatchKey(NamedTuple):
    """One axis of one institution."""

    institution: str
    axis: Axis


AlertRef = Annotated[datetime | str, Field(union_mode="left_to_right")]
"""An alert to one channel about an institution, by the instant of its assessment, so that what equal subscribers
were notified of is equal. A text is the id itself, as it was written before schema 0012, or empty: no alert."""


class NotifiedLevel(NamedTuple):
    """A level that a channel believes, by which alert, on the strength of which story.

    `alert` is empty where a rule that asks for falls alone followed the rise in silence."""

    level: Level
    alert: AlertRef
    story: str


class NotifiedTopic(NamedTuple):
    """The last alert of a channel about a topic: when, at which level, of which story."""

    at: datetime
    level: Level
    story: str
    alert: AlertRef


class Ack(NamedTuple):
    """Someone has seen the level; it ends when the level changes."""

    at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class WatchState:
    """What one subscriber knows of one axis of one institution, or of it as a whole; the dictionaries are by channel.

    `notified` are the levels that a channel was notified of and that nothing has taken back, each higher than the
    one before: three at most. `corrected` are the channels whose last word was a correction. Of the institution as a
    whole: `stories` alerted, the newest last, and `topics` by name. Nothing in it is ever changed."""

    level: Level = Level.LOW
    seen: datetime | None = None  # the last event handled
    notified: Annotated[dict[str, tuple[NotifiedLevel, ...]], Field(alias="told")] = field(default_factory=dict)
    corrected: tuple[str, ...] = ()
    remind: dict[str, datetime] = field(default_factory=dict)
    ack: Ack | None = None
    stories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    topics: dict[str, dict[str, NotifiedTopic]] = field(default_factory=dict)

    @property
    def due(self) -> datetime | None:
        """The next reminder."""
        return min(self.remind.values(), default=None)

    def last(self, channel: str) -> NotifiedLevel | None:
        """What the channel was notified of last, as far as it still stands."""
        return self.notified[channel][-1] if channel in self.notified else None

    def believed(self, channel: str) -> Level:
        """The level as the channel knows it: low where it was notified of no rise."""
        last = self.last(channel)
        return Level.LOW if last is None else last.level

    def notify(self, channel: str, notified: NotifiedLevel, *, rises: bool) -> "WatchState":
        """The channel is notified of a new level; of a fall it keeps the alerts of the levels that remain."""
        kept = tuple(
            each
            for each in self.notified.get(channel, ())
            if each.level < notified.level or (each.level is notified.level and not rises)
        )
        if notified.level is not Level.LOW and (not kept or kept[-1].level is not notified.level):
            kept = *kept, notified
        corrected = tuple(each for each in self.corrected if each != channel)
        return replace(self, notified=_with(self.notified, channel, kept), corrected=corrected)

    def retract(self, channel: str, is_it: Callable[[AlertRef], bool]) -> "WatchState":
        """Takes one alert back, where the channel knew of it."""
        topics = self.topics.get(channel, {})
        kept = tuple(each for each in self.notified.get(channel, ()) if not is_it(each.alert))
        retracted = {topic: each.story for topic, each in topics.items() if is_it(each.alert)}
        known = {topic: each for topic, each in topics.items() if topic not in retracted}
        stories = tuple(each for each in self.stories.get(channel, ()) if each not in retracted.values())
        return replace(
            self,
            notified=_with(self.notified, channel, kept),
            stories=_with(self.stories, channel, stories),
            topics=_with(self.topics, channel, known),
        )

    def notify_story(self, channel: str, topics: Sequence[str], notified: NotifiedTopic) -> "WatchState":
        """The channel has an alert of a story; of stories and topics the newest few are remembered."""
        stories, known = self.stories.get(channel, ()), self.topics.get(channel, {})
        if notified.story:
            stories = (*(each for each in stories if each != notified.story), notified.story)[-MAX_REMEMBERED:]
        if topics:
            known = known | dict.fromkeys(topics, notified)
            newest = sorted(known, key=lambda topic: (known[topic].at, topic))[-MAX_REMEMBERED:]
            known = {topic: known[topic] for topic in sorted(newest)}
        return replace(self, stories=_with(self.stories, channel, stories), topics=_with(self.topics, channel, known))

    def remind_at(self, channel: str, at: datetime | None) -> "WatchState":
        """The next reminder of a channel; None: there is none."""
        return replace(self, remind=_with(self.remind, channel, at))


def _with(by_channel: dict[str, _Value], channel: str, value: _Value | None) -> dict[str, _Value]:
    """With another value of one channel, or without the channel where that is empty."""
    rest = {name: each for name, each in by_channel.items() if name != channel}
    return {**rest, channel: value} if value else rest


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """What one subscriber was notified of about one institution: by axis and, without one, of it as a whole.

    Nothing in it is ever changed, and where subscribers know the same it is often the same object: what is decided of
    an event is decided once for all of them."""

    watches: Mapping[Axis | None, WatchState] = field(default_factory=dict)

    def of(self, axis: Axis | None = None) -> WatchState:
        return self.watches.get(axis, _NOTHING)

    def having(self, axis: Axis | None, watch: WatchState) -> "Knowledge":
        """The same with another watch of an axis; the very same where it is no other."""
        return self if watch is self.of(axis) else Knowledge({**self.watches, axis: watch})

    @property
    @lru_cache(maxsize=1024)  # noqa: B019
    def due(self) -> datetime | None:
        """The next reminder: what a driver indexes."""
        return min((due for each in self.watches.values() if (due := each.due) is not None), default=None)

    @lru_cache(maxsize=1024)  # noqa: B019
    def to_json(self) -> str:
        """By the names of the axes, the empty one for the whole; defaults are left out."""
        named = {axis or "": watch for axis, watch in self.watches.items()}
        return _WATCHES.dump_json(named, by_alias=True, exclude_defaults=True).decode()

    @staticmethod
    @lru_cache(maxsize=1024)
    def from_json(text: str) -> "Knowledge":
        """The same object for equal texts. Raises ValueError where `text` was not made by `to_json`, of this version
        or an earlier one."""
        return Knowledge({Axis(name) if name else None: each for name, each in _WATCHES.validate_json(text).items()})


_NOTHING = WatchState()
NOTHING_KNOWN = Knowledge()


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

    `alert` is a reference, so that what waits for subscribers who are alike is equal; of a correction, and as it was
    written before schema 0013, the id. `moves` are the level changes it reports, `story` and `item` what it leads
    with: with a story, or without any move, it is news whatever the levels do meanwhile. `clear`: all its levels fell
    below what the rules ask for."""

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
        """Without what is as by default."""
        return _ROUTER.dump_json(self, by_alias=True, exclude_defaults=True).decode()

    @classmethod
    def from_json(cls, text: str) -> "RouterState":
        """Raises ValueError where `text` was not made by `to_json`, of this version or an earlier one."""
        return _ROUTER.validate_json(text)


_ROUTER = TypeAdapter(RouterState)
_WATCHES = TypeAdapter(dict[str, WatchState])


class Carried(NamedTuple):
    """By what kind of message an alert went to which channel."""

    kind: Kind
    channel: str


class NotificationRepository(Protocol):
    """The driver's memory of what one subscriber knows, and of its messages.

    Live it is rows, read when asked for; in a replay it is a dictionary. What was kept, or a message that was
    carried, is visible to the next call."""

    def knowledge(self, institution: str) -> Knowledge:
        """What was kept last; an empty one where there is nothing."""

    def keep(self, institution: str, knowledge: Knowledge) -> None:
        """Store it, with its `due` where `reminders` can find it."""

    def next_reminder(self) -> datetime | None:
        """The earliest `due` of all institutions."""

    def reminders(self, at: datetime) -> Sequence[str]:
        """Every institution with `due` at or before `at`."""

    def carry(self, message: Message) -> None:
        """Remember that `message` carries its alerts; never called for a held one."""

    def carried(self, alert: Alert) -> frozenset[Carried]:
        """The messages that carried the alert, except those known never to have arrived."""


class MemoryNotifications:
    """A repository in dictionaries, for replays and tests."""

    def __init__(self) -> None:
        self._known: dict[str, Knowledge] = {}
        self._due: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []  # of `_due`, with what is outdated still in it
        self._carried: dict[str, set[Carried]] = {}

    def knowledge(self, institution: str) -> Knowledge:
        return self._known.get(institution, NOTHING_KNOWN)

    def keep(self, institution: str, knowledge: Knowledge) -> None:
        self._known[institution] = knowledge
        due = knowledge.due
        if due is None:
            self._due.pop(institution, None)
        elif self._due.get(institution) != due:
            self._due[institution] = due
            heappush(self._heap, (due, institution))

    def next_reminder(self) -> datetime | None:
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def reminders(self, at: datetime) -> Sequence[str]:
        due: set[str] = set()
        while (first := self.next_reminder()) is not None and first <= at:
            institution = heappop(self._heap)[1]
            del self._due[institution]  # the router keeps it again, with another due or none
            due.add(institution)
        return sorted(due)

    def carry(self, message: Message) -> None:
        for alert in message.carries:
            self._carried.setdefault(alert, set()).add(Carried(message.kind, message.channel))

    def carried(self, alert: Alert) -> frozenset[Carried]:
        return frozenset().union(*(self._carried.get(name, ()) for name in (alert.id, reference(alert))))
