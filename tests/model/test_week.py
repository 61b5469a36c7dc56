"""ISO weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model.errors import UsageError
from alerts.model.week import Week

INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(INSTANTS)
def test_an_instant_lies_in_its_week_which_is_read_as_it_is_written(at: datetime) -> None:
    week = Week.of(at)
    assert week.start <= at < week.end
    assert week.start.weekday() == 0
    assert Week.parse(str(week)) == week
    assert week.moved(1).start == week.end
    assert week.moved(1).moved(-1) == week
    assert week.end - week.start == timedelta(weeks=1)


@pytest.mark.parametrize(
    "text", ["", "2026-W00", "2026-W54", "2025-W53", "2026-48", "2026-W4", "W48", "9999-W52 ", "٢٠٢٦-W48"]
)
def test_what_is_no_week_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError, match="is no week; write for example 2026-W48"):
        Week.parse(text)
