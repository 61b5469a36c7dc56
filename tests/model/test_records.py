"""Values as JSON records."""

from __future__ import annotations

from alerts.model.records import as_record
from alerts.model.source import Reliability, Source
from alerts.model.story import Group, Link


def test_a_named_tuple_is_an_object_like_a_dataclass() -> None:
    group = Group(("1", "2"), (Link("1", "2", "same-text"),))
    assert as_record(group) == {"items": ["1", "2"], "links": [{"a": "1", "b": "2", "reason": "same-text"}]}
    assert as_record(("1", 0.1234567)) == ["1", 0.123457]
    record = as_record(Source("wire", "https://wire.example/feed", "Wire", Reliability.B))
    assert record["reliability"] == "B"
    assert record["interval"] is not None
