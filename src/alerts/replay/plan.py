"""What a change of the configuration would do: the difference of two replays of one history."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.model.alert import Alert, AlertState
from alerts.model.fields import grouped
from alerts.model.item import Item
from alerts.model.records import alert_record, some
from alerts.model.settings import Settings
from alerts.model.times import EPOCH
from alerts.replay.backtest import alert_order, rehearse
from alerts.replay.work import Progress

DAY = timedelta(days=1)
PUBLISHED = 100  # changes of each kind that are kept of a published plan


@dataclass(frozen=True, slots=True)
class Moved:
    """An alert that comes at another time, or meets another fate."""

    before: Alert
    after: Alert


@dataclass(frozen=True, slots=True)
class Volume:
    """How much a subscriber is told over the whole history, before and after.

    `per_day` is the new rate while history was recorded: falls still to come after it, which the replay goes on to,
    count in `after` and have no day of the record.
    """

    subscriber: str
    before: int
    after: int
    per_day: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Alerts that the new configuration adds, drops and moves, each in order of time."""

    gained: tuple[Alert, ...]
    lost: tuple[Alert, ...]
    moved: tuple[Moved, ...]
    volumes: tuple[Volume, ...]

    @property
    def changes(self) -> int:
        return len(self.gained) + len(self.lost) + len(self.moved)


def plan(items: Sequence[Item], before: Settings, after: Settings, *, progress: Progress = lambda _: None) -> Plan:
    """Plays the items under both configurations and compares what subscribers would have been told."""
    processes = os.cpu_count() or 1
    old = rehearse(items, before, progress=progress, processes=processes)
    new = rehearse(items, after, progress=progress, processes=processes, former=old)
    times = [item.observed for item in items]
    recorded = (min(times), max(times)) if times else None
    return compare(old.alerts, new.alerts, sorted({*before.subscribers, *after.subscribers}), recorded)


def compare(
    old: Iterable[Alert], new: Iterable[Alert], subscribers: Iterable[str], recorded: tuple[datetime, datetime] | None
) -> Plan:
    """The difference of two sets of alerts. `recorded` is from when to when items were observed.

    Alerts are one and the same where subscriber, channel, institution, leading story, level and changes are; of
    several such, the first of the one is the first of the other. Taking away the lost ones, putting the moved ones
    where they now are, and adding the gained ones turns the old set into the new one.
    """
    ordered = sorted(old, key=_order), sorted(new, key=_order)
    left, right = (grouped((_key(alert), alert) for alert in alerts) for alerts in ordered)
    moved: list[Moved] = []
    rest: tuple[list[Alert], list[Alert]] = [], []
    for key in left.keys() | right.keys():
        before, after = left.get(key, []), right.get(key, [])
        same = Counter(map(_fate, before)) & Counter(map(_fate, after))
        before, after = _without(before, same), _without(after, same)
        moved += map(Moved, before, after)
        rest[0].extend(before[len(after) :])
        rest[1].extend(after[len(before) :])
    first, last = recorded or (EPOCH, EPOCH)
    days = max((last - first) / DAY, 1.0)
    was, now, daily = _sent(ordered[0]), _sent(ordered[1]), _sent(ordered[1], until=first + days * DAY)
    lost, gained = (tuple(sorted(some, key=_order)) for some in rest)
    return Plan(
        gained,
        lost,
        moved=tuple(sorted(moved, key=lambda each: _order(each.before))),
        volumes=tuple(Volume(each, was[each], now[each], daily[each] / days) for each in subscribers),
    )


def records(plan: Plan) -> Iterator[Mapping[str, Any]]:
    """Each change and each subscriber's volume as a record."""
    for kind, alerts in (("gained", plan.gained), ("lost", plan.lost)):
        yield from ({**_slim(alert), "kind": kind} for alert in alerts)
    for each in plan.moved:
        yield {**_slim(each.after), "kind": "moved", "before": some(_slim(each.before), "at", "state", "reason")}
    for volume in plan.volumes:
        yield {"kind": "volume", **asdict(volume), "per_day": round(volume.per_day, 3)}


def published(plan: Plan, name: str, items: int) -> dict[str, Any]:
    """What is kept for the operators' page: the numbers, and the first PUBLISHED changes of each kind."""
    found = list(records(plan))
    kept = {kind: [each for each in found if each["kind"] == kind] for kind in ("gained", "lost", "moved", "volume")}
    counts = {kind: len(kept[kind]) for kind in ("gained", "lost", "moved")}
    kept |= {kind: kept[kind][:PUBLISHED] for kind in counts}
    return {"name": name, "items": items, "counts": counts, "changes": kept}


def _slim(alert: Alert) -> dict[str, Any]:
    record = alert_record(alert)
    if record["transition"] is not None:
        record["transition"] = {**record["transition"], "contributions": []}
    return record


_Key = tuple[object, ...]


def _key(alert: Alert) -> _Key:
    changes = tuple((change.axis, change.from_, change.to) for change in alert.changes)
    story = "" if alert.lead is None else alert.lead.story
    return alert.subscriber, alert.channel, alert.institution, alert.on, alert.level, story, changes


def _fate(alert: Alert) -> _Key:
    return alert.at, alert.state, alert.reason


def _without(alerts: Sequence[Alert], same: Counter[_Key]) -> list[Alert]:
    """The alerts left after taking away as many of each fate as `same` says."""
    left = same.copy()
    kept = []
    for alert in alerts:
        if left[_fate(alert)] > 0:
            left[_fate(alert)] -= 1
        else:
            kept.append(alert)
    return kept


def _sent(alerts: Iterable[Alert], until: datetime | None = None) -> Counter[str]:
    """How many alerts each subscriber is sent, up to `until`."""
    sent = (each for each in alerts if each.state is not AlertState.SUPPRESSED)
    return Counter(each.subscriber for each in sent if until is None or each.at <= until)


def _order(alert: Alert) -> tuple[object, ...]:
    return *alert_order(alert), alert.id
