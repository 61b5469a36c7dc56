"""Warnings about doubtful names."""

from alerts.matching.lint import lint
from alerts.model.institution import Institution, MatchRules
from alerts.model.topic import Signal, Topic


def test_ordinary_words_want_context() -> None:
    found = lint([Institution("t", "Target"), Institution("u", "Target2", match=MatchRules(require_any=("shop",)))], [])
    assert found == [("institution", "t", "'Target' is an ordinary word; give context words in match.require_any")]
    assert lint([Institution("t", "Target", match=MatchRules(require_any=("retail*",)))], []) == []


def test_shared_names_are_told_once_for_each_institution() -> None:
    found = lint(
        [Institution("a", "Alpha Bank", aliases=("ALPHA BANK",)), Institution("b", "Beta", aliases=("alpha bank",))], []
    )
    assert [(kind, ident) for kind, ident, _ in found] == [("institution", "a"), ("institution", "b")]
    assert "is also a name of b" in found[0][2]


def test_names_that_never_match_and_pronouns() -> None:
    found = lint([Institution("a", "!!", aliases=("it",))], [Topic("t", Signal.GOVERNANCE, ("*",))])
    assert found == [
        ("institution", "a", "the name '!!' has no letter or digit: it never matches"),
        ("institution", "a", "'it' is a pronoun: it counts only right after a name of the institution"),
        ("topic", "t", "has no pattern and no phrase with a letter in `any`: it never matches"),
    ]


def test_plain_names_raise_nothing() -> None:
    assert lint([Institution("a", "Anthropic", aliases=("Anthropic PBC",), products=("Claude Code",))], []) == []
