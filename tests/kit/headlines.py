"""The tests of the topic packs: headlines, the topics that they are about, and whom these concern.

They stand in `tests/config/headlines`, by pack and language.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from alerts.config.packs import pack_topics
from alerts.matching.text import Text
from alerts.matching.topics import Lexicon
from alerts.model.mention import Mention, Rule

HEADLINES = Path(__file__).parents[1] / "config" / "headlines"

Judgement = Mapping[str, frozenset[tuple[str, str]]]
"""By topic whom it concerns, each with the role; an expectation without one takes any."""


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline with the topics that it is about.

    `expected` gives for each topic whom it concerns and in which role, written `{fine: "Siemens as target"}`; without a
    role any will do. `mentions` are the names in the headline that stand for institutions.
    """

    title: str
    language: str
    mentions: tuple[str, ...]
    expected: Judgement


@dataclass(frozen=True, slots=True)
class PackFailure:
    """A headline that was judged otherwise than its pack says."""

    pack: str
    headline: Headline
    expected: str
    actual: str


def run_pack(pack: str) -> tuple[int, list[PackFailure]]:
    """How many headlines a pack has, and those that fail."""
    topics = {topic.id: topic for name in dict.fromkeys(("core", pack)) for topic in pack_topics(name)}
    headlines, lexicon = pack_headlines(pack), Lexicon(topics.values())
    judged = [(each, _judged(each, lexicon)) for each in headlines]
    failed = ((each, actual) for each, actual in judged if not _agree(each.expected, actual))
    return len(headlines), [PackFailure(pack, each, _shown(each.expected), _shown(actual)) for each, actual in failed]


def pack_headlines(pack: str) -> tuple[Headline, ...]:
    """The tests of a pack."""
    return tuple(
        Headline(each["title"], file.stem, tuple(each.get("names", ())), _expected(each.get("is") or {}))
        for file in sorted((HEADLINES / pack).glob("*.yaml"))
        for each in yaml.safe_load(file.read_text(encoding="utf-8"))
    )


def _expected(written: Mapping[str, str]) -> Judgement:
    judged = {}
    for topic, text in written.items():
        pairs = (each.strip().partition(" as ") for each in text.split(","))
        judged[topic] = frozenset((name.strip(), role.strip()) for name, _, role in pairs)
    return judged


def _agree(expected: Judgement, actual: Judgement) -> bool:
    return expected.keys() == actual.keys() and all(
        {name for name, _ in concerned} == {name for name, _ in actual[topic]}
        and all(not role or (name, role) in actual[topic] for name, role in concerned)
        for topic, concerned in expected.items()
    )


def _judged(headline: Headline, lexicon: Lexicon) -> Judgement:
    """The topics at full weight: what is denied, over or only hinted at does not count.

    Names are found as they are written: these tests are about topics.
    """
    mentions = tuple(
        Mention(name, "title", found.start(), found.end(), name, Rule.NAME, 1.0)
        for name in headline.mentions
        for found in re.finditer(re.escape(name), headline.title)
    )
    judged: dict[str, frozenset[tuple[str, str]]] = {}
    for hit in lexicon.find({"title": Text(headline.title)}, mentions, lambda: headline.language):
        if hit.weight == 1.0:
            names = frozenset(headline.mentions) if hit.institutions is None else hit.institutions
            judged[hit.topic] = judged.get(hit.topic, frozenset()) | {(name, hit.role) for name in names}
    return judged


def _shown(judged: Judgement) -> str:
    parts = (
        f"{topic}: {', '.join(f'{name} as {role}' if role else name for name, role in sorted(who)) or 'nobody'}"
        for topic, who in sorted(judged.items())
    )
    return "; ".join(parts) or "no topic"
