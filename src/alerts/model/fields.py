"""Dataclasses made of other objects, field by field, and values gathered by a key."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

_Record = TypeVar("_Record")
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    """The values of each key, keys and values in their order."""
    found: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Same(Generic[_Value]):
    """Compares and hashes by the identity of a frozen value: a key of caches of what is made of a large one."""

    value: _Value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def record_of(kind: type[_Record], source: Any, /, **given: Any) -> _Record:
    """A dataclass with the fields `given`, and with each other field from the attribute of its name in `source`."""
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return kind(**{name: getattr(source, name) for name in names if name not in given}, **given)
