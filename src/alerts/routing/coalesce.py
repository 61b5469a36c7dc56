"""What is still worth telling of alerts that waited together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alerts.model.level import Level
from alerts.routing.alerts import Standing
from alerts.routing.state import Pending, Purpose, WatchKey


@dataclass(frozen=True, slots=True)
class Settled:
    alerts: tuple[Pending, ...]
    overtaken: tuple[Pending, ...]
    standing: tuple[Standing, ...]


def settle(entries: Sequence[Pending], level_now: Callable[[WatchKey], Level]) -> Settled:
    """Of each watched axis the last alert that agrees with the net move; the others are overtaken.

    The net move goes from the level before the first alert to the level now, which may have changed without
    an alert. Where it is none, the alerts came and went. What is not a level change always stays. The `from_`
    of a reminder is the level in the alert that it reminds of.
    """
    first: dict[WatchKey, Pending] = {}
    kept: dict[WatchKey, Pending] = {}
    for entry in entries:
        if entry.purpose is not Purpose.ALERT or entry.from_ is None or entry.to is None:
            continue
        origin = first.setdefault(entry.watch, entry).from_
        now = level_now(entry.watch)
        if origin is not None and now != origin and (now > origin) == (entry.to > entry.from_):
            kept[entry.watch] = entry
    told = tuple(
        each
        for each in entries
        if each.purpose is Purpose.ALERT and (each.axis is None or kept.get(each.watch) is each)
    )
    overtaken = tuple(
        each
        for each in entries
        if each.purpose is Purpose.ALERT and each.axis is not None and kept.get(each.watch) is not each
    )
    levels = {key: entry.to for key, entry in kept.items()}
    levels |= {each.watch: each.from_ for each in entries if each.purpose is Purpose.REMINDER}
    standing = tuple(
        Standing(key.institution, key.axis, level_now(key))
        for key, level in levels.items()
        if key.axis is not None and level_now(key) is not level
    )
    return Settled(told, overtaken, standing)
