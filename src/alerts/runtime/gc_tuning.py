"""Tuning of Python's cyclic garbage collector.

By default it runs after every 700 new objects and from time to time scans all objects. Names, stories and terms are
many small objects that live long and form no cycles: a worker spent a sixth of its processor time finding nothing."""

import gc

_THRESHOLD = 50_000  # new objects between two collections; they take some megabytes meanwhile


def look_rarely() -> None:
    """For processes that work through many items."""
    gc.set_threshold(_THRESHOLD, 20, 20)
