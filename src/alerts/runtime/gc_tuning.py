"""Tuning of Python's cyclic garbage collector.

By default it runs after every 700 new objects and from time to time scans all objects. Names, stories and terms are
many small objects that live long and form no cycles: a worker spent a sixth of its processor time finding nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLD = 50_000  # new objects between two collections; they take some megabytes meanwhile


def look_rarely() -> None:
    """For processes that work through many items."""
    gc.set_threshold(_THRESHOLD, 20, 20)


@contextmanager
def off() -> Iterator[None]:
    """Switches the collector off for a block that creates no reference cycles, so that there is nothing to collect."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # Both together move all objects to the oldest generation: else the next collection would scan the new ones.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
