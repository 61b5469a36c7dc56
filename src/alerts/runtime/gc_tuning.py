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
    """No collections meanwhile: for a command's work that leaves no cycles behind, where each would look in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # Back and forth, all objects count as old: else the next collection would look at each new one after all.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
