"""Work near the receiver goes first, and nobody waits for it for ever."""

from __future__ import annotations

import contextlib
import threading
import time

from alerts.runtime.precedence import Precedence


def test_who_gives_way_goes_on_when_the_last_block_near_the_receiver_ends() -> None:
    precedence = Precedence()
    passed = threading.Event()

    def give_way() -> None:
        precedence.give_way(time.monotonic() + 60)
        passed.set()

    waiting = threading.Thread(target=give_way)
    with precedence.near():
        with precedence.near():
            waiting.start()
            assert not passed.wait(0.1)
        assert not passed.wait(0.1), "one of two is left"
    assert passed.wait(20)
    waiting.join()


def test_who_gives_way_goes_on_in_time_and_at_once_where_nobody_is_near() -> None:
    precedence = Precedence()
    precedence.give_way(time.monotonic() + 3600)
    with precedence.near():
        precedence.give_way(time.monotonic() + 0.1)
        precedence.give_way(time.monotonic() - 1)
    with contextlib.suppress(ZeroDivisionError), precedence.near():
        1 / 0  # noqa: B018
    precedence.give_way(time.monotonic() + 3600)
