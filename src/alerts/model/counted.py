"""How many of something there are, as people say it."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 source`, `2 sources`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
