"""What is wrong with the phrases and patterns of a topic, and where."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from alerts.config.document import Entry
from alerts.config.packs import PATTERN_KEYS, families_of
from alerts.config.schema import TopicForm
from alerts.matching.pattern_syntax import PatternError, parse_pattern, write_out_families
from alerts.model.topic import PatternKind, Topic

_LOOSE_STAR = re.compile(r"(?<!\w)\*|\*\w")
# What patterns are made of, and phrases never.
_PATTERN_SYNTAX = re.compile(r"\([^()]*\|[^()]*\)|(?<!\S)~\d|\{\w+\}|(?<!\S)@(?:target|actor)?(?!\S)")


class Written(NamedTuple):
    """A pattern of a topic, and where in its entry it stands."""

    kind: PatternKind
    language: str
    text: str
    steps: tuple[str | int, ...]


def patterns_of(form: TopicForm) -> Iterator[Written]:
    """The patterns of a topic in the order of keys, languages and lines."""
    for key, kind in PATTERN_KEYS.items():
        for language, texts in getattr(form, "except_" if key == "except" else key).items():
            for index, text in enumerate(texts):
                yield Written(kind, language, text, (key, language, index) if language else (key, index))


def check_topic(entry: Entry, topic: TopicForm, shipped: Mapping[str, Topic], packs: Sequence[str]) -> None:
    """Report what is wrong. `shipped` are the topics of the `packs` in use."""
    for key, phrases in (("any", topic.any), ("none", topic.none)):
        for index, text in enumerate(phrases):
            if not any(char.isalnum() for char in text):
                entry.report(key, index, message=f"{key}: a phrase needs a letter or a digit")
            elif _LOOSE_STAR.search(text):
                entry.report(key, index, message=f"{key}: `*` stands at the end of a word, for longer ones: outage*")
            elif _PATTERN_SYNTAX.search(text):
                message = f"{key}: {entry.shown(key, index)} is a pattern: write it under `patterns:`"
                entry.report(key, index, message=message)
    for pattern in patterns_of(topic):
        _check_pattern(entry, pattern, families_of(packs, pattern.language))
    if topic.extends and topic.id not in shipped:
        entry.report("extends", message=f"extends: no pack in use has a topic {entry.shown('id')}")
    elif not topic.extends and topic.signal is None:
        entry.report("signal", message="signal is missing: add `signal:`", at_key=True)
    if not topic.extends and not (topic.any or topic.patterns or topic.weak):
        entry.report("any", message="any: the topic has no phrase and no pattern: add `any:` or `patterns:`")


def _check_pattern(entry: Entry, pattern: Written, families: Mapping[str, str]) -> None:
    text, steps = pattern.text, pattern.steps
    try:
        parse_pattern(write_out_families(text, families), pattern.language)
    except PatternError as error:
        offset = error.offset if error.offset <= len(text) else 0
        # What comes after a word family stands further to the right once that is written out.
        if "<" in text[: error.offset] and "word famil" not in error.message:
            offset = 0
        entry.report(*steps, message=f"{steps[0]}: {error.message}", offset=offset)
