"""Unusually many stories about an institution, measured against its own rhythm.

The stories that started within the last 24 hours are compared with those of each of the 28 days before. With m the
median of those days and of the same weekday's (whichever is larger), s = 1.4826 x the median absolute deviation
(the standard deviation of a normal distribution) and r the mean after clipping each day to m + 3 max(s, 1), it is
a spike when the count is

- 4 at least,
- more than a Poisson process of the rate max(m, r) exceeds once in 10,000 times, and
- at least m + 4s, for institutions whose days differ more than chance would make them.

Nothing is a spike in an institution's first week, and one spike is reported once: not again before the count has
been below half the threshold. The state is 54 small numbers at most."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any, Final

from alerts.model.times import EPOCH
from alerts.routing.events import Spike

_MINIMUM: Final = 4  # stories
_DAYS: Final = 28
_WARM_UP: Final = 7  # days
_RARE: Final = 1e-4
_RARE_SIGMAS: Final = 3.719  # the same tail of a normal distribution
_NORMAL: Final = 1.4826


@dataclass(slots=True)
class SpikeState:
    """One institution's counts of starting stories by hour and by day since 1970; `since` is the first day on record.

    `raised`: a spike was reported and has not ended."""

    since: int | None = None
    hours: dict[int, int] = field(default_factory=dict)
    days: dict[int, int] = field(default_factory=dict)
    raised: bool = False

    def record(self) -> dict[str, Any]:
        """What JSON can hold; equal states give equal records."""
        hours, days = (sorted([key, count] for key, count in each.items()) for each in (self.hours, self.days))
        return {"since": self.since, "hours": hours, "days": days, "raised": self.raised}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "SpikeState":
        """Raises ValueError or KeyError where `record` is none."""
        return cls(**{**record, "hours": dict(record["hours"]), "days": dict(record["days"])})

    def observe(self, at: datetime) -> Spike | None:
        """A story about the institution started; the spike that this makes, if it does.

        Stories come in order of time; one that comes late counts for the hour in which it started, where that
        is still on record."""
        hour = int((at - EPOCH).total_seconds() // 3600)
        day = hour // 24
        self.since = day if self.since is None else self.since
        before = sum(count for each, count in self.hours.items() if hour - 24 < each <= hour)
        self.hours[hour] = self.hours.get(hour, 0) + 1
        self.days[day] = self.days.get(day, 0) + 1
        if self.hours[hour] == 1:
            last = max(self.hours)
            self.hours = {each: count for each, count in self.hours.items() if each > last - 24}
            self.days = {each: count for each, count in self.days.items() if each > last // 24 - _DAYS - 2}

        if before + 1 < _MINIMUM:
            return None
        quiet_days = range(max(self.since, (hour - 23) // 24 - _DAYS), (hour - 23) // 24)
        if len(quiet_days) < _WARM_UP:
            return None
        counts = [self.days.get(each, 0) for each in quiet_days]
        weekday = [self.days.get(each, 0) for each in quiet_days if (day - each) % 7 == 0]
        usual, limit = _usual(counts, weekday)
        if 2 * before < limit:
            self.raised = False
        if self.raised or before + 1 < limit:
            return None
        self.raised = True
        return Spike(before + 1, usual, limit)


def _usual(counts: list[int], weekday: list[int]) -> tuple[float, int]:
    """The usual number of stories a day, and from how many on it is a spike."""
    middle = median(counts)
    spread = _NORMAL * median(abs(each - middle) for each in counts)
    base = max(middle, median(weekday) if weekday else 0)
    ceiling = base + 3 * max(spread, 1.0)
    rate = max(base, sum(min(each, ceiling) for each in counts) / len(counts))
    return rate, max(_MINIMUM, _rarely(rate), math.ceil(base + 4 * spread))


def _rarely(rate: float) -> int:
    """The least count that a Poisson process reaches with a probability below 1 in 10,000."""
    if rate > 100:
        return math.ceil(rate + _RARE_SIGMAS * math.sqrt(rate))
    term = total = math.exp(-rate)
    count = 0
    while 1 - total >= _RARE:
        count += 1
        term *= rate / count
        total += term
    return count + 1
