"""The topic packs that are shipped, and how a configuration uses them."""

from pathlib import Path

import pytest
from kit.headlines import pack_headlines, run_pack

from alerts.config.load import load_entries
from alerts.config.packs import pack_examples, pack_names, pack_topics
from alerts.matching.pattern_syntax import parse_pattern
from alerts.matching.text import Text
from alerts.matching.topics import Lexicon
from alerts.model.errors import ConfigError

LANGUAGES = {"en", "de", "fr", "es", "it", "nl", "pt", "zh"}
PROMISED = {
    "outage", "data-breach", "cyberattack", "vulnerability", "phishing", "acquisition", "lawsuit", "fine",
    "investigation", "leadership", "partnership", "investment", "deprecation", "end-of-service",
}  # fmt: skip


def write(directory: Path, text: str) -> Path:
    (directory / "c.yaml").write_text(text, encoding="utf-8")
    return directory


def test_the_packs_there_are() -> None:
    assert set(pack_names()) == {"core", "banking", "energy", "telecom", "public-sector"}
    assert {topic.id for topic in pack_topics("core")} >= PROMISED


@pytest.mark.parametrize("pack", pack_names())
def test_every_pattern_can_be_read(pack: str) -> None:
    for topic in pack_topics(pack):
        assert topic.patterns, topic.id
        for pattern in topic.patterns:
            parse_pattern(pattern.text, pattern.language)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_has_forty_headlines_a_third_of_them_tempting(language: str) -> None:
    headlines = [each for each in pack_headlines("core") if each.language == language]
    assert len(headlines) >= 40
    assert sum(not each.expected for each in headlines) * 3 >= len(headlines)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("pack", sorted({*pack_names()} - {"core"}))
def test_every_topic_of_a_pack_has_patterns_and_a_headline_in_each_language(pack: str, language: str) -> None:
    headlines = [each for each in pack_headlines(pack) if each.language == language]
    expected = {topic for each in headlines for topic in each.expected}
    for topic in pack_topics(pack):
        assert any(each.language == language for each in topic.patterns), topic.id
        assert topic.id in expected, topic.id
    assert sum(not each.expected for each in headlines) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("pack", pack_names())
def test_the_headlines_of_a_pack_are_judged_as_it_says(pack: str) -> None:
    count, failures = run_pack(pack)
    assert count > 0
    assert [(each.headline.title, each.expected, each.actual) for each in failures] == []


@pytest.mark.slow
@pytest.mark.parametrize("pack", pack_names())
def test_examples_are_found(pack: str) -> None:
    lexicon = Lexicon([*pack_topics("core"), *pack_topics(pack)])
    for topic in (each.id for each in pack_topics(pack)):
        example = pack_examples()[topic]
        found = {hit.topic for hit in lexicon.find({"title": Text(example)}, ())}
        named = any("@" in pattern.text for each in pack_topics(pack) if each.id == topic for pattern in each.patterns)
        assert topic in found or named, example


def test_a_configuration_replaces_extends_and_switches_off(tmp_path: Path) -> None:
    plain = load_entries(write(tmp_path, "topic_packs: [core]")).settings.topics
    topics = load_entries(
        write(
            tmp_path,
            """
            topic_packs: [core]
            topics_off: [partnership]
            topics:
              - {id: outage, extends: true, severity: {priority: 0.9}, patterns: {en: ["{steal} <data>"]}}
              - {id: fine, signal: governance, any: [fined]}
            """,
        )
    ).settings.topics
    assert plain.keys() - topics.keys() == {"partnership"}
    assert topics["outage"].severity.priority == 0.9
    assert len(topics["outage"].patterns) == len(plain["outage"].patterns) + 1
    assert topics["outage"].near is plain["outage"].near
    assert topics["fine"].patterns == ()


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("topic_packs: [kore]", "1:15", "did you mean 'core'"),
        ("topic_packs: [core]\ntopics_off: [outages]", "2:14", "did you mean 'outage'"),
        ("topics: [{id: x, extends: true}]", "1:27", "no pack in use has a topic 'x'"),
        ("topics: [{id: x, any: [a]}]", "1:10", "signal is missing"),
        ("topics: [{id: x, signal: governance, patterns: {en: ['a (b']}}]", "1:57", "not closed"),
        ("topics: [{id: x, signal: governance, patterns: {en: [a (b]}}]", "1:56", "not closed"),
        ("topics: [{id: x, signal: governance, patterns: {en: ['a ~999999999999 b']}}]", "1:57", "from 1 to 30"),
        ("topics: [{id: x, signal: governance, patterns: {en: ['<datum> leak']}}]", "1:54", "no word family"),
        ("topics: [{id: x, signal: governance, patterns: {en: [a], english: [a]}}]", "1:58", "language code"),
        ("topics: [{id: x, signal: governance, patterns: {en: [a], de: b}}]", "1:62", "write a list"),
        ("topics: [{id: x, signal: governance, weak: {en: [a, '']}}]", "1:53", "an empty text"),
        ("topics: [{id: x, signal: governance, except: [a, {b: c}]}]", "1:50", "except: write one value"),
        ("topics: [{id: x, signal: governance, patterns: a}]", "1:48", "a list of patterns for each language"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_entries(write(tmp_path, text))
    (problem,) = map(str, error.value.problems)
    assert f"c.yaml:{place}: " in problem
    assert message in problem


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("* foo", "`*` stands at the end of a word"),
        ("a*b", "`*` stands at the end of a word"),
        ("(a|b)", "is a pattern: write it under `patterns:`"),
        ("hacked ~3 bank", "is a pattern"),
        ("@ is down", "is a pattern"),
        ("{steal} data", "is a pattern"),
    ],
)
def test_what_is_no_phrase_is_refused_with_a_hint(tmp_path: Path, phrase: str, message: str) -> None:
    text = f"topics:\n  - id: x\n    signal: continuity\n    any: ['outage*', '{phrase}']\n"
    with pytest.raises(ConfigError, match=message.replace("*", r"\*")) as error:
        load_entries(write(tmp_path, text))
    assert str(error.value).startswith(str(tmp_path / "c.yaml") + ":4:")


@pytest.mark.parametrize("phrase", ["AT&T (US)", "C++", "a@b.example", "3~4", "50% off"])
def test_ordinary_punctuation_is_a_phrase(tmp_path: Path, phrase: str) -> None:
    text = f"topics:\n  - id: x\n    signal: continuity\n    any: ['{phrase}']\n"
    assert load_entries(write(tmp_path, text)).settings.topics["x"].any == (phrase,)
