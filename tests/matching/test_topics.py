"""Topics: phrases, what rules them out, denials, whom they count for."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.mention import TopicHit
from alerts.model.source import Source
from alerts.model.topic import Near, Signal, Topic

WHEN = datetime(2026, 2, 24, tzinfo=UTC)
LABS = [Institution("anthropic", "Anthropic"), Institution("openai", "OpenAI")]


def topic(*phrases: str, **settings: Any) -> Topic:
    return Topic("t", Signal.CONTINUITY, phrases, **settings)


def hits(known: Topic | list[Topic], title: str, **fields: Any) -> tuple[TopicHit, ...]:
    topics = [known] if isinstance(known, Topic) else known
    sources = {"news": Source("news", "https://a.example", "A", speaks_for=frozenset({"anthropic"}))}
    return Matcher(LABS, topics, sources).match(Item("1", title, WHEN, **fields)).topics


@pytest.mark.parametrize(
    ("phrase", "title", "found"),
    [
        ("outage", "An Outage, outages", ["Outage"]),
        ("outage*", "Outages and outage", ["Outages", "outage"]),
        ("export control*", "export-controls; Export\nControl", ["export-controls", "Export\nControl"]),
        ("export control*", "export, control", []),
        ("terms of service", "terms-of-service", ["terms-of-service"]),
        ("DORA", "Dora meets DORA", ["DORA"]),
        ("Datenpanne*", "Große Datenpannen", ["Datenpannen"]),
        ("fuite de données", "Fuite de donnees", ["Fuite de donnees"]),
        ("数据泄露", "公司数据泄露事件", ["数据泄露"]),
        ("chip ban", "chip ban chip ban", ["chip ban", "chip ban"]),
        ("!!", "!! what", []),
        ("co-founder leaves", "Co-founder leaves", ["Co-founder leaves"]),
        ("robots.txt", "ignores robots.txt", ["robots.txt"]),
    ],
)
def test_phrases(phrase: str, title: str, found: list[str]) -> None:
    got = hits(topic(phrase), title)
    assert [hit.text for hit in got] == found
    assert [title[hit.start : hit.end] for hit in got] == found


def test_the_longest_phrase_of_a_topic_is_reported_once() -> None:
    assert [hit.text for hit in hits(topic("data breach", "major data breach*", "breach"), "A major data breach")] == [
        "major data breach"
    ]


def test_a_phrase_of_none_rules_the_topic_out_for_the_whole_item() -> None:
    known = topic("distillation*", none=("whisky distillation",))
    assert hits(known, "Distillation attacks") != ()
    assert hits(known, "Distillation attacks", content="unlike whisky distillation") == ()


@pytest.mark.parametrize(
    ("title", "weight"),
    [
        ("OpenAI suffers data breach", 1.0),
        ("OpenAI denies data breach", 0.25),
        ("OpenAI denied that it had suffered a large data breach", 0.25),
        ("No evidence of a data breach, OpenAI says", 0.25),
        ("OpenAI did not suffer a data breach", 0.25),
        ("OpenAI didn't suffer a data breach", 0.25),
        ("OpenAI rules out data breach", 0.25),
        ("Data breach averted at OpenAI", 0.25),
        ("False data breach reports", 0.25),
        ("OpenAI dementiert data breach", 0.25),
        ("OpenAI does not deny data breach", 1.0),
        ("It was not us: OpenAI denies data breach", 0.25),
        ("No, OpenAI denies data breach", 0.25),
        ("“No,” OpenAI says, denying a data breach", 0.25),
        ("No - OpenAI denies data breach", 0.25),
        ("No, there was no data breach", 0.25),
        ("No, OpenAI confirms data breach", 1.0),
        ("No OpenAI data breach", 0.25),
        ("No one denies the data breach", 1.0),
        ("OpenAI cannot rule a data breach out", 1.0),
        ("OpenAI cannot rule out data breach", 1.0),
        ("Not only a data breach", 1.0),
        ("OpenAI is not amused. Data breach follows", 1.0),
        ("Without power: the data breach", 1.0),
    ],
)
def test_a_denial_lowers_the_weight(title: str, weight: float) -> None:
    assert [hit.weight for hit in hits(topic("data breach"), title)] == [weight]
    assert [hit.weight for hit in hits(topic("data breach", negation=False), title)] == [1.0]


@pytest.mark.parametrize(
    ("language", "title", "weight"),
    [
        ("pt", "Falha no 112 afeta a OpenAI", 1.0),  # "no" is "in the"
        ("pt", "OpenAI nao sofre falha no 112", 0.25),
        ("es", "No hay falla 112 en OpenAI", 0.25),
        ("", "Falha no 112 afeta OpenAI", 0.25),  # nothing tells the language: any negation may be one
    ],
)
def test_a_word_negates_only_in_its_language(language: str, title: str, weight: float) -> None:
    assert [hit.weight for hit in hits(topic("112"), title, language=language)] == [weight]


def test_a_topic_counts_for_every_institution_unless_it_must_be_near() -> None:
    content = "OpenAI was sued by Mr. Smith. Anthropic Inc. grew. Nobody knows."
    (everywhere,) = hits(topic("sued"), "", content=content)
    assert everywhere.institutions is None
    near = topic("sued", "grew", "nobody", near=Near.SENTENCE)
    assert [hit.institutions for hit in hits(near, "", content=content)] == [
        frozenset({"openai"}),
        frozenset({"anthropic"}),
        frozenset(),
    ]


def test_in_the_title_all_is_near_and_an_own_source_is_always_near() -> None:
    near = topic("sued", near=Near.SENTENCE)
    (hit,) = hits(near, "OpenAI was sued. Anthropic was not.")
    assert hit.institutions == frozenset({"openai", "anthropic"})
    (hit,) = hits(near, "", content="OpenAI grew. We were sued.", source="news")
    assert hit.institutions == frozenset({"anthropic"})


def test_hits_are_in_order_of_field_and_offset() -> None:
    known = [Topic("b", Signal.GOVERNANCE, ("two",)), Topic("a", Signal.CONTINUITY, ("two", "one"))]
    found = hits(known, "two one", summary="one", content="two")
    assert [(hit.topic, hit.field, hit.text) for hit in found] == [
        ("a", "title", "two"),
        ("b", "title", "two"),
        ("a", "title", "one"),
        ("a", "summary", "one"),
        ("a", "content", "two"),
        ("b", "content", "two"),
    ]
