"""A value that a test knows to be there, for the type checker and for a clear failure."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    """The value; the test fails where it is None."""
    assert value is not None
    return value
