"""What a change of the configuration would do: the difference of two replays of one history."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.model.alert import Alert
from alerts.model.fields import grouped
from alerts.model.item import Item
from alerts.model.records import alert_record, some
from alerts.model.settings import Settings
from alerts.model.times import EPOCH
from alerts.replay.backtest import Result, alert_order, rehearse
from alerts.replay.work import Progress

DAY = timedelta(days=1)
PUBLISHED = 100  # changes of each kind that are kept of a published plan


@dataclass(frozen=True, slots=True)
class Plan:
    """Alerts that the new configuration adds, drops and moves, each in order of time; how much subscribers are told.

    An alert has `moved`, before and after, that comes at another time or meets another fate."""

    gained: Sequence[Alert]
    lost: Sequence[Alert]
    moved: Sequence[tuple[Alert, Alert]]
    volumes: Sequence[Mapping[str, Any]]


def plan(items: Sequence[Item], before: Settings, after: Settings, *, progress: Progress = lambda _: None) -> Plan:
    """Plays the items under both configurations and compares what subscribers would have been told.

    Alerts are one and the same where subscriber, channel, institution, leading story, level and changes are; of
    several such, the first of the one is the first of the other. Taking away the lost ones, putting the moved ones
    where they now are, and adding the gained ones turns the old alerts into the new ones."""
    processes = os.cpu_count() or 1
    old = rehearse(items, before, progress=progress, processes=processes)
    new = rehearse(items, after, progress=progress, processes=processes, former=old)
    left, right = (grouped((_key(alert), alert) for alert in each.alerts) for each in (old, new))
    gained: list[Alert] = []
    lost: list[Alert] = []
    moved: list[tuple[Alert, Alert]] = []
    for key in dict.fromkeys([*left, *right]):
        was, now = left.get(key, []), right.get(key, [])
        same = set(map(_fate, was)) & set(map(_fate, now))
        was, now = ([each for each in alerts if _fate(each) not in same] for alerts in (was, now))
        moved += zip(was, now, strict=False)
        lost += was[len(now) :]
        gained += now[len(was) :]
    moved.sort(key=lambda pair: alert_order(pair[0]))
    volumes = _volumes(old, new, [item.observed for item in items], {*before.subscribers, *after.subscribers})
    return Plan(sorted(gained, key=alert_order), sorted(lost, key=alert_order), moved, volumes)


def _volumes(old: Result, new: Result, times: Sequence[datetime], subscribers: Iterable[str]) -> list[dict[str, Any]]:
    """How much each subscriber is told over the whole history, before and after.

    `per_day` is the new rate while history was recorded: falls still to come after it, which the replay goes on to,
    count in `after` and have no day of the record."""
    first = min(times, default=EPOCH)
    days = max((max(times, default=EPOCH) - first) / DAY, 1.0)
    within = [each for each in new.sent if each.at <= first + days * DAY]
    was, now, daily = (Counter(each.subscriber for each in alerts) for alerts in (old.sent, new.sent, within))
    return [
        {"subscriber": each, "before": was[each], "after": now[each], "per_day": round(daily[each] / days, 3)}
        for each in sorted(subscribers)
    ]


def records(plan: Plan) -> Iterator[Mapping[str, Any]]:
    """Each change and each subscriber's volume as a record."""
    for kind, alerts in (("gained", plan.gained), ("lost", plan.lost)):
        yield from ({**_slim(alert), "kind": kind} for alert in alerts)
    for before, after in plan.moved:
        yield {**_slim(after), "kind": "moved", "before": some(_slim(before), "at", "state", "reason")}
    yield from ({"kind": "volume", **each} for each in plan.volumes)


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


def _key(alert: Alert) -> tuple[object, ...]:
    changes = tuple((change.axis, change.from_, change.to) for change in alert.changes)
    story = "" if alert.lead is None else alert.lead.story
    return alert.subscriber, alert.channel, alert.institution, alert.on, alert.level, story, changes


def _fate(alert: Alert) -> tuple[object, ...]:
    return alert.at, alert.state, alert.reason
