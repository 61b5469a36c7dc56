"""Doubtful names: what `alerts check` warns of."""

from collections.abc import Iterable

from alerts.matching.text import Text
from alerts.matching.vocabulary import COMMON_WORDS, PRONOUNS
from alerts.model.fields import grouped
from alerts.model.institution import Institution
from alerts.model.topic import Topic


def lint(institutions: Iterable[Institution], topics: Iterable[Topic]) -> list[tuple[str, str, str]]:
    """Warnings as (kind, id, message), kind `institution` or `topic`, in the order of the configuration."""
    known = list(institutions)
    owners = grouped((_key(name), institution.id) for institution in known for name in _names(institution))
    warnings: list[tuple[str, str, str]] = []
    for institution in known:
        by_key: dict[str, str] = {}
        for name in _names(institution):
            by_key.setdefault(_key(name), name)
        for key, name in by_key.items():
            doubts = _doubts(institution, name, key, sorted({*owners[key]} - {institution.id}))
            warnings.extend(("institution", institution.id, message) for message in doubts)
    warnings.extend(
        ("topic", topic.id, "has no pattern and no phrase with a letter in `any`: it never matches")
        for topic in topics
        if not topic.patterns and not any(_key(phrase.rstrip("*")) for phrase in topic.any)
    )
    return warnings


def _names(institution: Institution) -> tuple[str, ...]:
    return (institution.name, *institution.aliases, *institution.products)


def _key(name: str) -> str:
    text = Text(name)
    return text.low.strip() if text.special else " ".join(text.tokens)


def _doubts(institution: Institution, name: str, key: str, others: list[str]) -> list[str]:
    if not key:
        return [f"the name {name!r} has no letter or digit: it never matches"]
    doubts = []
    if key in PRONOUNS:
        doubts.append(f"{name!r} is a pronoun: it counts only right after a name of the institution")
    elif key in COMMON_WORDS and not institution.match.require_any:
        doubts.append(f"{name!r} is an ordinary word; give context words in match.require_any")
    if others:
        meant = "where nothing else tells, it counts for the likeliest, as ambiguous"
        doubts.append(f"{name!r} is also a name of {', '.join(others)}: {meant}")
    return doubts
