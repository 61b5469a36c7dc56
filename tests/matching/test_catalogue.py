"""What is looked for, and what looks missing."""

from datetime import UTC, datetime

from alerts.matching.catalogue import Missing, missing, names_of
from alerts.model.institution import Institution, MatchRules, NameRules
from alerts.model.item import Item

WHEN = datetime(2026, 2, 24, tzinfo=UTC)
ICO = Institution(
    "ico",
    "Information Commissioner's Office",
    aliases=("ICO",),
    match=MatchRules(of_names=(NameRules("ICO", require_any=("privacy", "fine*")),)),
)


def items(*titles: str) -> list[Item]:
    return [Item(str(number), title, WHEN) for number, title in enumerate(titles)]


def test_every_name_with_where_it_comes_from_and_when_it_counts() -> None:
    found = {use.name: (use.rule, use.by, use.condition) for use in names_of(ICO)}
    assert found["Information Commissioner's Office"] == ("name", "given", "")
    assert found["ICO"] == ("alias", "given", "the item holds one of: privacy, fine*")
    motors = {use.name: use for use in names_of(Institution("gm", "General Motors Company"))}
    assert motors["General Motors"].by == "legal-form"
    assert "fuller name" in motors["GM"].condition


def test_what_was_turned_down_more_than_once_looks_missing() -> None:
    found = missing([ICO], items("The ICO spoke", "ICO again", "the ICO once more, on privacy"))
    assert found == [Missing("ico", "ICO", 2, "turned down: no context word: privacy, fine*")]


def test_initials_that_items_give_a_name_look_missing() -> None:
    acme = Institution("acme", "Acme Robotics Holdings")
    found = missing([ICO, acme], items("Acme Robotics Holdings (ACRO) fell", "Acme Robotics Holdings (ACRO) rose"))
    assert found == [Missing("acme", "ACRO", 2, "items explain it as initials of a name: give it as an alias")]
