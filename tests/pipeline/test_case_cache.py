"""Case files in memory: the newest of them, bounded by what they hold."""

from __future__ import annotations

from datetime import timedelta

from kit.reports import AT, case, seen

from alerts.cases.case_file import CaseFile
from alerts.runtime.case_cache import CaseCache


def holding(reports: int) -> CaseFile:
    made = case()
    for number in range(reports):
        at = AT + timedelta(minutes=number)
        made.observe(at, [seen(f"i{number}", "Outage hits Acme", at=at)])
    assert made.size == reports
    return made


def kept(cache: CaseCache, *names: str) -> list[str]:
    found = [(name, cache.take(name, 1, "c")) for name in names]
    for name, file in found:
        if file is not None:
            cache.put(name, 1, "c", file)
    return [name for name, file in found if file is not None]


def test_the_oldest_go_where_there_are_too_many_files() -> None:
    cache = CaseCache(items=2)  # an empty one counts as one
    for name in "abc":
        cache.put(name, 1, "c", holding(0))
    assert kept(cache, "a", "b", "c") == ["b", "c"]


def test_the_oldest_go_where_there_are_too_many_reports() -> None:
    cache = CaseCache(items=5)
    for name, reports in (("a", 2), ("b", 2), ("c", 1)):
        cache.put(name, 1, "c", holding(reports))
    assert kept(cache, "a", "b", "c") == ["a", "b", "c"]
    cache.put("d", 1, "c", holding(2))
    assert kept(cache, "a", "b", "c", "d") == ["b", "c", "d"]


def test_a_file_is_counted_as_large_as_it_came_back() -> None:
    cache = CaseCache(items=5)
    cache.put("a", 1, "c", holding(2))
    cache.put("b", 1, "c", holding(2))
    grown = cache.take("b", 1, "c")
    assert grown is not None
    for number in range(2, 4):
        at = AT + timedelta(minutes=number)
        grown.observe(at, [seen(f"i{number}", "Outage hits Acme", at=at)])
    cache.put("b", 2, "c", grown)
    assert kept(cache, "a") == []
    assert cache.take("b", 2, "c") is grown
    for name in "xyz":
        cache.put(name, 1, "c", holding(1))
    assert kept(cache, "x", "y", "z") == ["x", "y", "z"], "what went is not counted any more"


def test_one_that_is_too_large_alone_stays_while_it_is_the_newest() -> None:
    cache = CaseCache(items=3)
    cache.put("a", 1, "c", holding(1))
    cache.put("large", 1, "c", holding(4))
    assert kept(cache, "a", "large") == ["large"]
    cache.put("b", 1, "c", holding(1))
    assert kept(cache, "large", "b") == ["b"]


def test_another_version_is_not_had_and_goes() -> None:
    cache = CaseCache(items=3)
    cache.put("a", 1, "c", holding(2))
    assert cache.take("a", 2, "c") is None
    cache.put("b", 1, "c", holding(3))
    assert kept(cache, "a", "b") == ["b"]
