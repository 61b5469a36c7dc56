"""The content of a value as text that is the same in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any


def digest(*values: Any) -> str:
    """Sixteen hexadecimal digits that name the content of values: dataclasses, containers, plain values."""
    return hashlib.blake2b(canonical(values).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def canonical(value: Any) -> str:
    if is_dataclass(value) and not isinstance(value, type):
        parts = (f"{field.name}={canonical(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, Enum):
        return repr(value.value)
    if isinstance(value, Mapping):
        pairs = sorted((canonical(key), canonical(each)) for key, each in value.items())
        return "{" + ", ".join(f"{key}: {each}" for key, each in pairs) + "}"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(canonical, value))) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(canonical, value)) + "]"
    return repr(value)
