"""A service that hangs holds few threads, and gets them back when it is quick again."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from alerts.runtime.bulkhead import LINE, MOST, SLOW, SLOW_TOGETHER, Lanes


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_service_holds_so_many_and_no_more() -> None:
    lanes, clock = Lanes(), Clock()
    with ExitStack() as under_way:
        assert lanes.has_room("a", clock())
        entered = [under_way.enter_context(lanes.enter("a", clock)) for _ in range(MOST + 1)]
        assert entered == [True] * MOST + [False]
        assert not lanes.has_room("a", clock())
        assert under_way.enter_context(lanes.enter("b", clock))
    with lanes.enter("a", clock) as again:
        assert again


def test_a_slow_service_holds_one_until_it_is_quick_again() -> None:
    lanes, clock = Lanes(), Clock()
    with lanes.enter("a", clock):
        clock.now += SLOW
        with lanes.enter("a", clock) as while_it_hangs:
            assert not while_it_hangs
    assert lanes.is_slow("a", clock())
    with lanes.enter("a", clock) as probe, lanes.enter("a", clock) as second:
        assert (probe, second) == (True, False)
    assert not lanes.is_slow("a", clock())
    with lanes.enter("a", clock) as first, lanes.enter("a", clock) as second:
        assert (first, second) == (True, True)


def test_slow_services_together_hold_few() -> None:
    lanes, clock = Lanes(), Clock()
    names = [f"s{number}" for number in range(SLOW_TOGETHER + 2)]
    for name in names:
        with lanes.enter(name, clock):
            clock.now += SLOW
    with ExitStack() as under_way:
        entered = [under_way.enter_context(lanes.enter(name, clock)) for name in names]
        assert sum(entered) == SLOW_TOGETHER
        assert under_way.enter_context(lanes.enter("quick", clock))


def test_those_that_found_no_room_are_called_in_their_order() -> None:
    lanes, clock = Lanes(), Clock()
    with ExitStack() as under_way:
        for _ in range(MOST):
            under_way.enter_context(lanes.enter("a", clock))
        assert all(lanes.wait("a", each, clock()) for each in ("first", "second", "first"))
        assert not lanes.wait("b", "other", clock()), "it has room"
    assert not lanes.wait("a", "late", clock()), "room came meanwhile"
    assert [lanes.called("a") for _ in range(3)] == ["first", "second", None]
    assert lanes.called("b") is None


def test_a_line_has_an_end() -> None:
    lanes, clock = Lanes(), Clock()
    with ExitStack() as under_way:
        for _ in range(MOST):
            under_way.enter_context(lanes.enter("a", clock))
        assert all(lanes.wait("a", str(number), clock()) for number in range(LINE + 1))
    called = [lanes.called("a") for _ in range(LINE + 1)]
    assert called == [*map(str, range(LINE)), None]


def test_one_that_was_not_let_in_does_not_make_a_service_quick() -> None:
    lanes, clock = Lanes(), Clock()
    with lanes.enter("a", clock):
        clock.now += SLOW
    with lanes.enter("a", clock), lanes.enter("a", clock) as refused:
        assert not refused
        clock.now += timedelta(seconds=1)
        assert lanes.is_slow("a", clock())
