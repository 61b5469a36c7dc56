"""Column types that both databases read alike."""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from itertools import repeat
from operator import contains
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from alerts.model.times import instant, micros

_encoded = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode  # `json.dumps` would make one each time


_Maker = Callable[[Any], Any]  # returned directly: `process_bind_param` would cost a further call for each value


class Instant(TypeDecorator[datetime]):
    """A UTC instant as microseconds since 1970: exact, ordered, and the same in SQLite and PostgreSQL."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> _Maker:  # noqa: ARG002
        return lambda value: None if value is None else micros(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> _Maker:  # noqa: ARG002
        return lambda value: None if value is None else instant(value)


class Json(TypeDecorator[Any]):
    """A JSON value as text with sorted keys: equal values are equal bytes, and any string is safe."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> _Maker:  # noqa: ARG002
        return lambda value: None if value is None else _encoded(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> _Maker:  # noqa: ARG002
        return lambda value: None if value is None else json.loads(value)


class JsonList(TypeDecorator[Any]):
    """A list of values of one type as JSON text."""

    impl = Text
    cache_ok = True

    def __init__(self, each: TypeEngine[Any]) -> None:
        super().__init__()
        self.each = each

    def bind_processor(self, dialect: Dialect) -> _Maker:
        make = self.each.dialect_impl(dialect).bind_processor(dialect)
        return lambda values: _encoded(list(values if make is None else map(make, values)))


class SafeText(TypeDecorator[str]):
    """Text from outside: what no database takes (NUL, lone surrogates) becomes U+FFFD; a StrEnum is its value."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> _Maker:  # noqa: ARG002
        return lambda value: None if value is None else clean(str(value))


def clean(text: str) -> str:
    """The text without NUL and lone surrogates, each replaced by U+FFFD, so that offsets stay."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def are_clean(values: Collection[Any]) -> bool:
    """Whether `clean` would leave all of these texts unchanged. Much faster for many values than one by one."""
    try:
        return {*map(type, values)} == {str} and not any(map(contains, map(str.encode, values), repeat(0)))
    except UnicodeEncodeError:
        return False
