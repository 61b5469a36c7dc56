"""Topics that are shipped: packs of topics in several languages.

A pack is a directory beside this module. `topics.yaml` says of each topic its signal, severity and an example;
`xx.yaml` holds the patterns of one language by topic, and the word families that they use."""

from collections.abc import Iterable, Mapping
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


@cache
def pack_names() -> tuple[str, ...]:
    """The packs there are."""
    packs = files("alerts.config").joinpath("packs").iterdir()
    return tuple(sorted(each.name for each in packs if each.joinpath("topics.yaml").is_file()))


@cache
def pack_topics(pack: str) -> tuple[Topic, ...]:
    """The topics of a pack, in the order of its file. KeyError for an unknown pack."""
    described, families = _content(pack)["topics"], pack_families(pack)
    for language, content in _languages(pack):
        unknown = content.get("topics", {}).keys() - described.keys()
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
                for language, content in _languages(pack)
                for key, kind in PATTERN_KEYS.items()
                for text in content.get("topics", {}).get(name, {}).get(key, ())
            ),
        )
        for name, about in described.items()
    )


def pack_examples() -> dict[str, str]:
    """A headline for each topic of the packs."""
    return {topic: about["example"] for pack in pack_names() for topic, about in _content(pack)["topics"].items()}


@cache
def pack_families(pack: str) -> Mapping[str, Mapping[str, str]]:
    """The word families of a pack by language; those of `core` hold in every pack."""
    own = {language: content.get("families", {}) for language, content in _languages(pack)}
    if pack == "core":
        return own
    core = pack_families("core")
    return {language: {**core.get(language, {}), **own.get(language, {})} for language in {**core, **own}}


def families_of(packs: Iterable[str], language: str) -> dict[str, str]:
    """The word families of one language in several packs, unknown ones left out; a later pack wins."""
    short = language.partition("-")[0].lower()
    known = (pack_families(pack).get(short, {}) for pack in packs if pack in pack_names())
    return {name: words for each in known for name, words in each.items()}


def _languages(pack: str) -> list[tuple[str, Any]]:
    """What the files of the languages hold, by language."""
    return [(name, content) for name, content in _content(pack).items() if name != "topics"]


@cache
def _content(pack: str) -> dict[str, Any]:
    """What the files of a pack hold, by their names without `.yaml`."""
    if pack not in pack_names():
        raise KeyError(pack)
    found = sorted(files("alerts.config").joinpath("packs", pack).iterdir(), key=lambda each: each.name)
    yamls = [each for each in found if each.name.endswith(".yaml")]
    texts = {each.name.removesuffix(".yaml"): each.read_text(encoding="utf-8") for each in yamls}
    return {name: yaml.load(text, Loader=yaml.CSafeLoader) for name, text in texts.items()}
