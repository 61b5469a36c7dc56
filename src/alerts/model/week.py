"""ISO weeks, from Monday 00:00 UTC to the next."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from alerts.model.errors import UsageError


class Week(NamedTuple):
    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Week":
        """`2026-W48`. Raises UsageError for anything else, and for a week that its year does not have."""
        found = re.fullmatch(r"([12]\d{3})-W(\d\d)", text, re.ASCII)
        try:
            if found is not None:
                return cls.of(cls(int(found[1]), int(found[2])).start)
        except ValueError:
            pass
        raise UsageError(f"{text[:40]!r} is no week; write for example 2026-W48, an ISO week of its year")

    @classmethod
    def of(cls, at: datetime) -> "Week":
        """The week that an instant lies in, by the calendar of its time zone."""
        return cls(*at.isocalendar()[:2])

    @property
    def start(self) -> datetime:
        return datetime.fromisocalendar(self.year, self.number, 1).replace(tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(weeks=1)

    def moved(self, weeks: int) -> "Week":
        return Week.of(self.start + timedelta(weeks=weeks))

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"
