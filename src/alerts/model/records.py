"""Dataclasses as JSON records, and as text that names their content.

The one place that knows the keys of transitions and alerts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from alerts.model.alert import Alert
from alerts.model.answer import Answer
from alerts.model.level import Transition
from alerts.model.times import format_time

_PLAIN = frozenset({str, int, bool, type(None)})


def rounded(value: float) -> float:
    """A number as records show it: six decimals, enough to recompute a score by hand."""
    return round(value, 6) + 0.0


def as_record(value: Any) -> Any:
    """A dataclass or named tuple as an object of its fields, in their order, with times as text and rounded numbers.

    A field that is a Python keyword (`from_`) loses its underscore; one with another name in records says so."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if names := _names(kind):
        return {shown: as_record(getattr(value, name)) for name, shown in names}
    if isinstance(value, tuple | list):
        return [as_record(each) for each in value]
    if isinstance(value, Mapping):
        return {key: as_record(each) for key, each in value.items()}
    if isinstance(value, datetime):
        return format_time(value)
    return rounded(value) if isinstance(value, float) else getattr(value, "value", value)


@cache
def _names(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """The fields of a dataclass or named tuple, each with the name that records give it; none of any other type."""
    if is_dataclass(kind):
        return tuple((each.name, each.metadata.get("record", each.name.rstrip("_"))) for each in fields(kind))
    return tuple((name, name.rstrip("_")) for name in getattr(kind, "_fields", ()))


def some(record: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """These keys of a record, in this order; None for one that it does not have."""
    return {key: record.get(key) for key in keys}


def fields_of(value: Any, *names: str) -> dict[str, Any]:
    """These fields of a dataclass as records show them, in this order."""
    return {name.rstrip("_"): as_record(getattr(value, name)) for name in names}


def transition_record(transition: Transition) -> dict[str, Any]:
    return {"kind": "transition", **as_record(transition)}


def alert_record(alert: Alert) -> dict[str, Any]:
    gravest = alert.transition
    return {
        "kind": "alert",
        **fields_of(alert, "at", "subscriber", "channel", "institution", "on", "level"),
        "lead": None if alert.lead is None else fields_of(alert.lead, "story", "title", "item", "topics"),
        "changes": [fields_of(each, "axis", "from_", "to", "score") for each in alert.changes],
        "transition": None if gravest is None else transition_record(gravest),
        **fields_of(alert, "state", "reason"),
    }


def answer_record(answer: Answer) -> dict[str, Any]:
    """What a reader answered; `until` is when a mute ends, `verdict` a word of `evaluations/verdicts.jsonl`."""
    return {**as_record(answer), **fields_of(answer, "until", "verdict"), "said": answer.in_words()}


def to_line(record: Mapping[str, Any]) -> str:
    """One JSON object on one line; a lone surrogate, which UTF-8 cannot carry, stays escaped."""
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(record, ensure_ascii=True)
    return text


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
