"""Dataclasses made of other objects, field by field."""

from __future__ import annotations

from typing import Any, TypeVar

_Record = TypeVar("_Record")


def record_of(kind: type[_Record], source: Any, /, **given: Any) -> _Record:
    """A dataclass with the fields `given`, and with each other field from the attribute of its name in `source`."""
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return kind(**{name: getattr(source, name) for name in names if name not in given}, **given)
