"""How often Python looks for garbage that refers to itself.

By default it looks after every 700 new objects, through all that are young, and now and then through all there are.
Names, stories and terms are many small objects that live long and refer to nothing above them, so there is much to
look through and next to nothing to find: a sixth of a worker's processor time went into it.
"""

from __future__ import annotations

import gc

_AFTER = 50_000
"""New objects; what they take up before it is looked through is some megabytes."""


def look_rarely() -> None:
    """For processes that work through many items."""
    gc.set_threshold(_AFTER, 20, 20)


def keep() -> None:
    """What is in memory now is there for good, and not looked through again; nor is it copied by a fork."""
    gc.collect()
    gc.freeze()
