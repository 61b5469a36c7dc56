"""Topics that are shipped: packs of topics in several languages.

A pack is a directory beside this module. `topics.yaml` says of each topic its signal, severity and an example;
`xx.yaml` holds the patterns of one language by topic, and the word families that they use.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from alerts.matching.pattern_syntax import write_out_families
from alerts.model.topic import Near, PatternKind, Severity, Signal, Topic, TopicPattern

PATTERN_KEYS = {  # the keys of a topic that hold patterns
    "patterns": PatternKind.FULL,
    "weak": PatternKind.WEAK,
    "resolved_by": PatternKind.RESOLVED,
    "except": PatternKind.EXCEPT,
}


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline with the topics that it is about: a test of a pack.

    `expected` gives for each topic whom it concerns and in which role, written `{fine: "Siemens as target"}`; without a
    role any will do. `mentions` are the names in the headline that stand for institutions.
    """

    title: str
    language: str
    mentions: tuple[str, ...]
    expected: Mapping[str, frozenset[tuple[str, str]]]


@cache
def pack_names() -> tuple[str, ...]:
    """The packs there are."""
    packs = files("alerts.config").joinpath("packs").iterdir()
    return tuple(sorted(each.name for each in packs if each.joinpath("topics.yaml").is_file()))


@cache
def pack_topics(pack: str) -> tuple[Topic, ...]:
    """The topics of a pack, in the order of its file. KeyError for an unknown pack."""
    languages = _languages(pack)
    families = pack_families(pack)
    for language, content in languages.items():
        unknown = content.get("topics", {}).keys() - _read(pack, "topics.yaml").keys()
        if unknown:
            raise ValueError(f"{pack}/{language}.yaml has patterns of unknown topics: {sorted(unknown)}")
    return tuple(
        Topic(
            id=name,
            signal=Signal(about["signal"]),
            severity=Severity(**about["severity"]),
            near=Near(about.get("near", "sentence")),
            negation=about.get("negation", True),
            patterns=tuple(
                TopicPattern(write_out_families(text, families[language]), language, kind, text)
                for language, content in languages.items()
                for key, kind in PATTERN_KEYS.items()
                for text in content.get("topics", {}).get(name, {}).get(key, ())
            ),
        )
        for name, about in _read(pack, "topics.yaml").items()
    )


@cache
def pack_examples(pack: str) -> Mapping[str, str]:
    """A headline for each topic of a pack."""
    return {name: about["example"] for name, about in _read(pack, "topics.yaml").items()}


@cache
def pack_families(pack: str) -> Mapping[str, Mapping[str, str]]:
    """The word families of a pack by language; those of `core` hold in every pack."""
    own = {language: content.get("families", {}) for language, content in _languages(pack).items()}
    if pack == "core":
        return own
    core = pack_families("core")
    return {language: {**core.get(language, {}), **own.get(language, {})} for language in {**core, **own}}


def families_of(packs: Iterable[str], language: str) -> dict[str, str]:
    """The word families of one language in several packs, unknown ones left out; a later pack wins."""
    short = language.partition("-")[0].lower()
    known = (pack_families(pack).get(short, {}) for pack in packs if pack in pack_names())
    return {name: words for each in known for name, words in each.items()}


def pack_headlines(pack: str) -> tuple[Headline, ...]:
    """The tests of a pack."""
    return tuple(
        Headline(each["title"], language, tuple(each.get("names", ())), _expected(each.get("is") or {}))
        for language, content in _languages(pack, "headlines").items()
        for each in content
    )


def _expected(written: Mapping[str, str]) -> Mapping[str, frozenset[tuple[str, str]]]:
    judged = {}
    for topic, text in written.items():
        pairs = (each.strip().partition(" as ") for each in text.split(","))
        judged[topic] = frozenset((name.strip(), role.strip()) for name, _, role in pairs)
    return judged


@cache
def _languages(pack: str, folder: str = "") -> dict[str, Any]:
    """What the files of the languages hold, by language."""
    place = files("alerts.config").joinpath("packs", pack, folder)
    names = sorted(each.name for each in place.iterdir()) if place.is_dir() else []
    languages = [name for name in names if name.endswith(".yaml") and name != "topics.yaml"]
    return {name.removesuffix(".yaml"): _read(pack, folder, name) for name in languages}


@cache
def _read(pack: str, *steps: str) -> Any:
    if pack not in pack_names():
        raise KeyError(pack)
    text = files("alerts.config").joinpath("packs", pack, *steps).read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)
