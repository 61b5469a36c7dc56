from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.cases.casefile import CaseFile
from alerts.cases.observation import observation
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.level import LevelRules
from alerts.model.mention import Matched, Mention, Rule
from alerts.pipeline.runtime import CaseCache
from alerts.stories.features import features

START = datetime(2026, 3, 2, tzinfo=UTC)


def case(institution: str, items: int) -> CaseFile:
    made = CaseFile(Institution(id=institution, name=institution), {}, LevelRules())
    found = Matched((Mention(institution, "title", 0, 1, "x", Rule.ALIAS, 0.9),))
    for number in range(items):
        at = START + timedelta(minutes=number)
        item = Item(id=f"{institution}-{number}", title=f"Word{number} strikes", observed=at)
        made.observe(at, [observation(item, institution, found, features(item, "Wire"), {})])
    return made


def test_what_was_used_least_lately_goes_first() -> None:
    cache = CaseCache(items=7)
    files = {each: case(each, 3) for each in ("a", "b", "c")}
    for name in ("a", "b"):
        cache.put(name, 1, "k", files[name])
    assert cache.take("a", 1, "k") is files["a"]
    cache.put("a", 1, "k", files["a"])
    cache.put("c", 1, "k", files["c"])
    assert cache.take("b", 1, "k") is None
    assert cache.take("a", 1, "k") is files["a"]
    assert cache.take("c", 1, "k") is files["c"]


def test_room_is_counted_in_items() -> None:
    cache = CaseCache(items=7)
    for number in range(7):
        cache.put(f"i{number}", 1, "k", case(f"i{number}", 1))
    cache.put("many", 1, "k", case("many", 5))
    assert [number for number in range(7) if cache.take(f"i{number}", 1, "k") is not None] == [5, 6]


def test_one_larger_than_the_room_stays_until_another_comes() -> None:
    cache = CaseCache(items=2)
    large = case("large", 4)
    cache.put("large", 1, "k", large)
    assert cache.take("large", 1, "k") is large
    cache.put("large", 2, "k", large)
    cache.put("small", 1, "k", case("small", 1))
    assert cache.take("large", 2, "k") is None
    assert cache.take("small", 1, "k") is not None


def test_put_again_it_counts_once() -> None:
    cache = CaseCache(items=4)
    grows = case("grows", 2)
    for version in range(5):
        cache.put("grows", version, "k", grows)
    cache.put("other", 1, "k", case("other", 2))
    assert cache.take("grows", 4, "k") is grows


def test_a_case_of_another_version_or_configuration_is_not_given() -> None:
    cache = CaseCache()
    cache.put("a", 1, "k", case("a", 1))
    assert cache.take("a", 2, "k") is None
    cache.put("a", 1, "k", case("a", 1))
    assert cache.take("a", 1, "other") is None
