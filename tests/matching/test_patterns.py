"""Patterns: words in order within one sentence, institutions at their places, languages, bad input."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matching.inflection import inflect
from alerts.matching.matcher import Matcher
from alerts.matching.pattern_syntax import PatternError, parse_pattern, write_out_families
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.mention import Matched, TopicHit
from alerts.model.topic import Near, PatternKind, Signal, Topic, TopicPattern

WHEN = datetime(2026, 2, 24, tzinfo=UTC)
LABS = [Institution("anthropic", "Anthropic"), Institution("google", "Google"), Institution("eu", "EU")]


def topic(*patterns: str | TopicPattern, **settings: Any) -> Topic:
    made = tuple(each if isinstance(each, TopicPattern) else TopicPattern(each, "en") for each in patterns)
    return Topic("t", Signal.CONTINUITY, patterns=made, **settings)


def match(known: Topic, title: str, *, explain: bool = False, **fields: Any) -> Matched:
    return Matcher(LABS, [known], {}).match(Item("1", title, WHEN, **fields), explain)


def hits(known: Topic, title: str, **fields: Any) -> tuple[TopicHit, ...]:
    return match(known, title, **fields).topics


@pytest.mark.parametrize(
    ("pattern", "title", "found"),
    [
        ("data (breach|leak)", "Data breach, data leaks", ["Data breach"]),
        ("data (breach*|leak*)", "Data breach, data leaks", ["Data breach", "data leaks"]),
        ("{steal} ~3 (data|records)", "Hackers stole two million records", ["stole two million records"]),
        ("{steal} ~2 (data|records)", "Hackers stole about two million records", []),
        ("{buy} ~3 for # billion", "Buying Jos. A. Bank for $1.8 billion", ["Buying Jos. A. Bank for $1.8 billion"]),
        ("(raises|raised) #", "xAI raises $6B and raised prices", ["raises $6B"]),
        ("@ (is|are) (down|offline)", "Anthropic is down, Nobody is down", ["Anthropic is down"]),
        ("@ ~2 (ceo|chief executive) ~2 {resign}", "Google’s CEO has resigned", ["Google’s CEO has resigned"]),
        ("big? (data|customer (data|record*)) leaked", "Customer records leaked", ["Customer records leaked"]),
        ("*angriff auf", "Ein Hackerangriff auf Google", ["Hackerangriff auf"]),
        ("US ban", "The us ban, the US ban", ["US ban"]),
        ("co-founder leaves", "Co-founder leaves", ["Co-founder leaves"]),
        ("zero day*|patch tuesday", "A zero-day on Patch Tuesday", ["zero-day", "Patch Tuesday"]),
        ("(a|b (c|d (e|f)))", "b d f", ["b d f"]),
        ("遭~4攻击", "某公司遭到黑客攻击", ["遭到黑客攻击"]),
        ("@ ~2 (泄露|泄漏) ~4 数据", "Google 疑似泄露了用户数据", ["Google 疑似泄露了用户数据"]),
    ],
)
def test_what_matches(pattern: str, title: str, found: list[str]) -> None:
    got = hits(topic(TopicPattern(pattern, "en" if "{" in pattern else "")), title)
    assert [hit.text for hit in got] == found
    assert [title[hit.start : hit.end] for hit in got] == found


def test_roles_say_whom_a_topic_concerns() -> None:
    known = topic("@actor {fine} ~2 @target", "(fine|fines)", near=Near.SENTENCE)
    assert [(hit.role, hit.institutions) for hit in hits(known, "EU fines Google")] == [
        ("actor", frozenset({"eu"})),
        ("target", frozenset({"google"})),
    ]
    both = frozenset({"eu", "google"})
    assert [(hit.role, hit.institutions) for hit in hits(known, "Fines for EU and Google")] == [("", both)]


@pytest.mark.parametrize("between", ["am 16. Dezember", "im 2. Bezirk", "um 15 Mio. Euro", "am 3. und 4. Juni"])
def test_an_ordinal_or_an_abbreviation_ends_no_sentence_in_german(between: str) -> None:
    known = topic(TopicPattern("Rückzug ~9 Bank", "de"))
    assert hits(known, "", content=f"Der Rückzug {between} trifft die Bank.", language="de")


def test_no_match_crosses_the_end_of_a_sentence_in_running_text() -> None:
    known = topic("{steal} ~3 data")
    assert hits(known, "", content="Someone stole a car. Data is safe. They stole data.")[0].text == "stole data"


def test_several_targets_are_all_found() -> None:
    (hit,) = hits(topic("{fine} ~4 @target"), "EU fines Google and Anthropic")
    assert (hit.text, hit.institutions) == ("fines Google and Anthropic", frozenset({"google", "anthropic"}))


def test_a_plain_place_concerns_who_stands_there() -> None:
    (hit,) = hits(topic("@ is down"), "Google says Anthropic is down")
    assert (hit.role, hit.institutions) == ("", frozenset({"anthropic"}))


@pytest.mark.parametrize(
    ("title", "weight"),
    [
        ("Hackers stole data", 1.0),
        ("Hackers did not steal data", 0.25),
        ("Hackers stole no data", 0.25),
        ("Google denies that hackers stole data", 0.25),
        ("Hackers attempted to take data", 0.5),
        ("Hackers stole data: data recovered", 0.25),
        ("Data recovered", 0.25),
    ],
)
def test_weights(title: str, weight: float) -> None:
    known = topic(
        "{steal} ~2 data",
        TopicPattern("attempt* ~3 data", "en", PatternKind.WEAK),
        TopicPattern("data {recover}", "en", PatternKind.RESOLVED),
    )
    assert {hit.weight for hit in hits(known, title)} == {weight}


def test_what_is_over_in_the_title_is_over_in_all_fields() -> None:
    known = topic("outage*", TopicPattern("back online", "en", PatternKind.RESOLVED))
    found = hits(known, "Google is back online", content="The outage began at noon.")
    assert [(hit.field, hit.resolved) for hit in found] == [("title", True), ("content", True)]
    (there, later) = hits(known, "Outage at Google", content="It is back online.")
    assert (there.resolved, later.resolved) == (False, True)


def test_exceptions_cancel_what_they_overlap() -> None:
    known = topic("breach*", TopicPattern("breach of contract", "en", PatternKind.EXCEPT))
    assert [hit.text for hit in hits(known, "Breach of contract after breach")] == ["breach"]


def test_the_language_of_an_item_chooses_patterns() -> None:
    known = topic(TopicPattern("qux", "en"), TopicPattern("quux*", "es"))
    assert [hit.text for hit in hits(known, "qux quux", language="es-MX")] == ["quux"]
    assert [hit.text for hit in hits(known, "Los quux de la casa son qux")] == ["quux"]
    assert [hit.text for hit in hits(known, "qux quux")] == ["qux"]  # nothing tells: English is tried first
    assert [hit.text for hit in hits(known, "quux")] == ["quux"]


def test_explain_says_which_pattern_and_what_was_missing() -> None:
    found = match(topic("{steal} ~2 (data|records)", "outage"), "Outage: someone stole cars", explain=True)
    assert [hit.pattern for hit in found.topics] == ["outage"]
    (near,) = found.near_misses
    assert (near.found, near.missing) == (("stole",), ("data", "records"))


@pytest.mark.parametrize(
    ("pattern", "offset", "message"),
    [
        ("data (breach", 5, "not closed"),
        ("data breach)", 11, "not opened"),
        ("a|~3", 0, "needs a word"),
        ("(a||b)", 3, "nothing stands here"),
        ("~3", 0, "needs a word"),
        ("@ ~3 @target", 0, "needs a word"),
        ("a ~1000000000 b", 2, "from 1 to 30"),
        ("a ~ b", 2, "how many words"),
        ("@victim fined", 0, "unknown place"),
        ("? b", 0, "follows a word"),
        ("br*each", 0, "beginning or the end"),
        ("a {steal", 2, "no partner"),
        ("<data> leak", 0, "word family"),
        ("(" * 9 + "a" + ")" * 9, 8, "nested more than 8"),
        ("a " * 30_000, 0, "too long"),
        ("!! a", 0, "no letter or digit"),
        ("\ud800", 0, "no letter or digit"),
    ],
)
def test_a_bad_pattern_is_explained_with_its_place(pattern: str, offset: int, message: str) -> None:
    with pytest.raises(PatternError, match=message) as error:
        parse_pattern(write_out_families(pattern, {}), "en")
    assert error.value.offset == offset


def test_families_are_written_out() -> None:
    assert write_out_families("<a> x", {"a": "<b>|c", "b": "d"}) == "((d)|c) x"
    with pytest.raises(PatternError, match="hold one another"):
        write_out_families("<a>", {"a": "<a> <a>"})


@pytest.mark.parametrize(
    ("verb", "language", "forms"),
    [
        ("steal", "en", {"steals", "stole", "stolen", "stealing"}),
        ("acquire", "en", {"acquires", "acquired", "acquiring"}),
        ("plan", "en", {"planned"}),
        ("stehlen", "de", {"stiehlt", "gestohlen"}),
        ("racheter", "fr", {"rachete", "rachetee", "rachetes"}),
        ("comprar", "es", {"compra", "compro", "comprada"}),
        ("acquistare", "it", {"acquista", "acquistata"}),
        ("overnemen", "nl", {"overgenomen"}),
        ("comprar", "pt", {"compra", "comprou", "comprada"}),
    ],
)
def test_inflection(verb: str, language: str, forms: set[str]) -> None:
    assert forms <= set(inflect(verb, language))


@given(st.text(alphabet="ab(|)~3@#*{}<>? é数\ud800", max_size=40), st.text(alphabet="ab 数.", max_size=80))
def test_any_text_is_a_pattern_or_a_clear_line(pattern: str, title: str) -> None:
    error = None
    try:
        parse_pattern(pattern, "en")
    except PatternError as raised:
        error = raised
    if error is not None:
        assert "\n" not in str(error)
        assert 0 <= error.offset <= len(pattern)
    else:
        for hit in hits(topic(pattern), title):
            assert title[hit.start : hit.end] == hit.text


def test_a_thousand_alternatives_and_a_long_text_take_linear_time() -> None:
    words = [f"w{number}" for number in range(1000)]
    nested = "|".join(f"{word} (x|y ~3 z)?" for word in words)
    known = topic(f"({nested}) ~30 ({'|'.join(words)}) ~30 @", TopicPattern("w1 ~30 w2 ~30 w3 ~30 nowhere", "en"))
    matcher = Matcher(LABS, [known], {})

    def seconds(size: int) -> float:
        item = Item("1", "", WHEN, content=" ".join(words[number % 1000] for number in range(size)) + " nowhere")
        begin = time.process_time()
        matcher.match(item)
        return time.process_time() - begin

    seconds(1000)
    short, long = seconds(20_000), seconds(200_000)
    assert long < 30 * short + 0.5
