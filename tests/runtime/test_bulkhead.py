"""A service that hangs holds few threads, and gets them back when it is quick again."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from alerts.runtime.bulkhead import MAX_IN_FLIGHT, MAX_SLOW_IN_FLIGHT, MAX_WAITERS, SLOW_AFTER, Bulkhead


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def make_slow(bulkhead: Bulkhead, service: str, clock: Clock) -> None:
    with bulkhead.acquire(service, clock) as slot:
        assert slot
        clock.now += SLOW_AFTER
        bulkhead.ended(slot, clock())


def test_a_service_holds_so_many_and_no_more() -> None:
    bulkhead, clock = Bulkhead(), Clock()
    with ExitStack() as under_way:
        assert bulkhead.has_room("a", clock())
        entered = [under_way.enter_context(bulkhead.acquire("a", clock)) for _ in range(MAX_IN_FLIGHT + 1)]
        assert [each is not None for each in entered] == [True] * MAX_IN_FLIGHT + [False]
        assert not bulkhead.has_room("a", clock())
        assert under_way.enter_context(bulkhead.acquire("b", clock))
    with bulkhead.acquire("a", clock) as again:
        assert again


def test_a_slow_service_holds_one_until_it_is_quick_again() -> None:
    bulkhead, clock = Bulkhead(), Clock()
    with bulkhead.acquire("a", clock) as hanging:
        clock.now += SLOW_AFTER
        with bulkhead.acquire("a", clock) as while_it_hangs:
            assert not while_it_hangs
        assert hanging
        assert not bulkhead.ended(hanging, clock())
    assert bulkhead.is_slow("a", clock())
    with bulkhead.acquire("a", clock) as probe, bulkhead.acquire("a", clock) as second:
        assert probe
        assert not second
        assert bulkhead.ended(probe, clock())
    assert not bulkhead.is_slow("a", clock())
    with bulkhead.acquire("a", clock) as first, bulkhead.acquire("a", clock) as second:
        assert first
        assert second


def test_each_send_of_a_slot_counts_from_its_own_beginning() -> None:
    bulkhead, clock = Bulkhead(), Clock()
    with bulkhead.acquire("a", clock) as slot:
        assert slot
        for _ in range(3):
            clock.now += SLOW_AFTER / 2
            assert bulkhead.ended(slot, clock())
        clock.now += SLOW_AFTER
        assert not bulkhead.ended(slot, clock())
    assert bulkhead.is_slow("a", clock()), "the last one was slow"


def test_slow_services_together_hold_few() -> None:
    bulkhead, clock = Bulkhead(), Clock()
    names = [f"s{number}" for number in range(MAX_SLOW_IN_FLIGHT + 2)]
    for name in names:
        make_slow(bulkhead, name, clock)
    with ExitStack() as under_way:
        entered = [under_way.enter_context(bulkhead.acquire(name, clock)) for name in names]
        assert len([each for each in entered if each]) == MAX_SLOW_IN_FLIGHT
        assert under_way.enter_context(bulkhead.acquire("quick", clock))


def test_those_that_found_no_room_are_called_in_their_order() -> None:
    bulkhead, clock = Bulkhead(), Clock()
    with ExitStack() as under_way:
        for _ in range(MAX_IN_FLIGHT):
            under_way.enter_context(bulkhead.acquire("a", clock))
        assert all(bulkhead.wait("a", each, clock()) for each in ("first", "second", "first"))
        assert not bulkhead.wait("b", "other", clock()), "it has room"
    assert not bulkhead.wait("a", "late", clock()), "room came meanwhile"
    assert [bulkhead.next_waiters("a", 1) for _ in range(3)] == [["first"], ["second"], []]
    assert bulkhead.next_waiters("b", 1) == []


def test_a_line_has_an_end() -> None:
    bulkhead, clock = Bulkhead(), Clock()
    with ExitStack() as under_way:
        for _ in range(MAX_IN_FLIGHT):
            under_way.enter_context(bulkhead.acquire("a", clock))
        assert all(bulkhead.wait("a", str(number), clock()) for number in range(MAX_WAITERS + 1))
    called = bulkhead.next_waiters("a", 1) + bulkhead.next_waiters("a", MAX_WAITERS + 1)
    assert called == [*map(str, range(MAX_WAITERS))]


def test_one_that_was_not_let_in_does_not_make_a_service_quick() -> None:
    bulkhead, clock = Bulkhead(), Clock()
    make_slow(bulkhead, "a", clock)
    with bulkhead.acquire("a", clock), bulkhead.acquire("a", clock) as refused:
        assert not refused
        clock.now += timedelta(seconds=1)
        assert bulkhead.is_slow("a", clock())
