"""Laws of matching, whatever the names and the texts are."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from alerts.matching.document import Document
from alerts.matching.filters import FILTERS
from alerts.matching.forms import forms
from alerts.matching.index import Index
from alerts.matching.matcher import Matcher, mention_salience
from alerts.matching.text import Text
from alerts.matching.topics import Lexicon
from alerts.model import memory
from alerts.model.institution import Institution, MatchRules
from alerts.model.item import Item
from alerts.model.mention import Matched, Mention, Rejection, TopicHit
from alerts.model.topic import Near, Signal, Topic

WHEN = datetime(2026, 2, 24, tzinfo=UTC)

# Few words, so that names meet each other and the texts.
WORDS = [
    "Alpha",
    "Bank",
    "of",
    "America",
    "Beta",
    "Inc.",
    "New",
    "York",
    "it",
    "AI",
    "北京",
    "Été",
    "open",
    "U.S.",
    "&",
]
GAPS = [" ", " ", " ", ", ", ". ", "-", "\n", "\n\n", "'s ", " (", ") ", "\u200b ", " #", "@", "/", ""]
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
ANYTHING = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("Aa Bank.,'’-—\u200b\u202e\u0301İß™\ud800&#@北가\n")),
    max_size=80,
)
TEXTS = st.one_of(
    ANYTHING,
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=14).map(
        lambda pairs: "".join(word + gap for word, gap in pairs)
    ),
)
RULES = st.builds(
    MatchRules,
    case_sensitive=st.sampled_from([None, True, False]),
    require_any=st.sampled_from([(), ("AI",), ("bank*", "北京")]),
    exclude=st.sampled_from([(), ("alpha bank",)]),
)
BARE = st.builds(
    Institution,
    id=st.just(""),
    name=NAMES | ANYTHING,
    aliases=st.lists(NAMES, max_size=2).map(tuple),
    products=st.lists(NAMES, max_size=1).map(tuple),
    domains=st.sampled_from([(), ("alpha.com",)]),
    match=RULES,
)
INSTITUTIONS = st.lists(BARE, max_size=5).map(
    lambda each: [
        Institution(f"i{n}", b.name, b.aliases, b.products, b.domains, match=b.match) for n, b in enumerate(each)
    ]
)
TOPICS = [
    Topic("a", Signal.CONTINUITY, ("bank of", "alpha*", "北京"), near=Near.SENTENCE),
    Topic("b", Signal.GOVERNANCE, ("america", "été"), none=("new york",)),
]
PHRASES = ["bank of", "of*", "alpha", "*bank", "new york", "ameri*", "北京", "open alpha", "été"]
ITEMS = st.builds(
    lambda title, summary, content: Item("1", title, WHEN, summary=summary, content=content), TEXTS, TEXTS, TEXTS
)


@given(INSTITUTIONS, ITEMS)
def test_offsets_select_the_reported_text_in_order(institutions: list[Institution], item: Item) -> None:
    found = Matcher(institutions, TOPICS, {}).match(item, explain=True)
    spans: list[Mention | TopicHit | Rejection] = [*found.mentions, *found.topics, *found.rejections]
    for each in spans:
        text = item.field(each.field)
        assert 0 <= each.start < each.end <= len(text)
        assert text[each.start : each.end] == each.text
    order = {"title": 0, "summary": 1, "content": 2}
    for of_one_kind in (found.mentions, found.topics):
        places = [(order[each.field], each.start) for each in of_one_kind]
        assert places == sorted(places)


@given(st.data(), INSTITUTIONS, ITEMS)
def test_the_order_of_names_does_not_matter(data: st.DataObject, institutions: list[Institution], item: Item) -> None:
    shuffled = data.draw(st.permutations(institutions))
    one, other = (Matcher(institutions, TOPICS, {}).match(item), Matcher(shuffled, TOPICS[::-1], {}).match(item))
    assert one == other


@given(INSTITUTIONS, st.lists(ITEMS, min_size=2, max_size=4), st.sampled_from([1, 1 << 16]))
def test_the_order_of_items_does_not_matter(institutions: list[Institution], items: list[Item], most: int) -> None:
    """What a matcher remembers of words, and forgets when it is too much, changes no answer."""
    with patch.object(memory, "MAX_REMEMBERED", most):
        one, other = Matcher(institutions, TOPICS, {}), Matcher(institutions, TOPICS, {})
        forwards = [one.match(each) for each in items]
        backwards = [other.match(each) for each in reversed(items)]
        assert forwards == backwards[::-1] == [Matcher(institutions, TOPICS, {}).match(each) for each in items]


@given(INSTITUTIONS, ITEMS)
def test_explaining_changes_nothing(institutions: list[Institution], item: Item) -> None:
    matcher = Matcher(institutions, TOPICS, {})
    explained, plain = matcher.match(item, explain=True), matcher.match(item)
    assert (explained.mentions, explained.topics) == (plain.mentions, plain.topics)
    assert plain.rejections == ()


@given(INSTITUTIONS, st.lists(ITEMS, min_size=1, max_size=4))
def test_where_only_tracked_items_count_no_mention_is_missed(
    institutions: list[Institution], items: list[Item]
) -> None:
    matcher = Matcher(institutions, TOPICS, {})
    for item in items:
        found = matcher.match(item)
        assert matcher.match(item, tracked_only=True) == (found if found.mentions else Matched())


def entangled(found: Matched, institution: str) -> set[str]:
    """The institutions that are linked to one by candidates that overlap or touch."""
    candidates: list[Mention | Rejection] = [*found.mentions, *found.rejections]
    linked, grown = {institution}, True
    while grown:
        near = {
            one.institution
            for one in candidates
            for other in candidates
            if other.institution in linked
            and one.field == other.field
            and one.start <= other.end + 1
            and other.start <= one.end + 1
        }
        grown = not near <= linked
        linked |= near
    return linked


@given(INSTITUTIONS, BARE, ITEMS)
def test_another_institution_changes_others_only_through_overlaps(
    institutions: list[Institution], added: Institution, item: Item
) -> None:
    more = replace(added, id="added")
    before = Matcher(institutions, [], {}).match(item).mentions
    after = Matcher([*institutions, more], [], {}).match(item, explain=True)
    linked = entangled(after, "added")
    assert [each for each in after.mentions if each.institution not in linked] == [
        each for each in before if each.institution not in linked
    ]


@given(INSTITUTIONS, ITEMS)
def test_mentions_of_one_institution_do_not_overlap(institutions: list[Institution], item: Item) -> None:
    last: dict[tuple[str, str], int] = {}
    for each in Matcher(institutions, [], {}).match(item).mentions:
        key = (each.institution, each.field)
        assert each.start >= last.get(key, 0)
        last[key] = each.end


@given(INSTITUTIONS, ITEMS)
def test_no_two_institutions_have_one_span(institutions: list[Institution], item: Item) -> None:
    spans = [(each.field, each.start, each.end) for each in Matcher(institutions, [], {}).match(item).mentions]
    assert len(spans) == len(set(spans))


@given(INSTITUTIONS, ITEMS)
def test_doubt_and_voice_never_raise_the_salience(institutions: list[Institution], item: Item) -> None:
    for each in Matcher(institutions, [], {}).match(item).mentions:
        plain = mention_salience(each.field, each.start, each.rule)
        assert 0 < each.salience <= plain
        assert (each.salience < plain) == (each.voice or each.ambiguous)


@given(INSTITUTIONS, ITEMS, st.sampled_from(sorted(FILTERS)))
def test_a_filter_only_ever_takes_away(institutions: list[Institution], item: Item, left_out: str) -> None:
    """Without one of them every text is still found, by the same institution or by one that was turned down."""
    some = {name: each for name, each in FILTERS.items() if name != left_out}
    before = {(each.field, each.start) for each in Matcher(institutions, [], {}).match(item).mentions}
    after = Matcher(institutions, [], {}, some).match(item).mentions
    reach = [(each.field, each.start, each.end) for each in after]
    assert all(any(f == field and a <= start < b for f, a, b in reach) for field, start in before)


@given(INSTITUTIONS, TEXTS)
def test_every_form_is_found_wherever_its_words_stand(institutions: list[Institution], raw: str) -> None:
    """The same as by comparing each form with each run of words."""
    known = [form for form in chain.from_iterable(map(forms, institutions)) if not form.unspaced]
    text = Text(raw)
    expected: set[tuple[int, int]] = set()
    for key in {tuple(form.key.split(" ")) for form in known if not form.tagged}:
        at = 0
        while at + len(key) <= len(text.tokens):
            stands = tuple(text.tokens[at : at + len(key)]) == key
            expected |= {(at, at + len(key))} if stands else set()
            at += len(key) if stands else 1
    places, _ = Index(known, lambda _: False).find(text, explain=True)
    found = {
        (first, last)
        for _, first, last, _, _, named in places
        if not named[0].tagged and " ".join(text.tokens[first:last]) == named[0].key  # and no initials with full stops
    }
    assert found == expected


@given(INSTITUTIONS, ITEMS, st.lists(st.lists(st.sampled_from(PHRASES), min_size=1, max_size=2), max_size=3))
def test_topics_are_those_of_a_search_through_all_fields(
    institutions: list[Institution], item: Item, phrases: list[list[str]]
) -> None:
    topics = [Topic(f"t{number}", Signal.CONTINUITY, tuple(each)) for number, each in enumerate(phrases)]
    found, document = Matcher(institutions, topics, {}).match(item), Document(item)
    assert found.topics == Lexicon(topics).find(document.texts, found.mentions, lambda: document.language)


def test_names_that_share_their_rarest_word_are_each_found() -> None:
    seconds = ["Bank", "Energy", "Holdings", "of the North", "Systems", "Zinc"]
    matcher = Matcher([Institution(each, f"Kestrel {each}") for each in seconds], [], {})
    for each in seconds:
        (mention,) = matcher.match(Item("1", f"Yesterday Kestrel {each} announced plans", WHEN)).mentions
        assert (mention.institution, mention.text) == (each, f"Kestrel {each}")


def test_a_word_that_stands_often_without_the_rest_of_its_name_takes_linear_time() -> None:
    matcher = Matcher([Institution("k", "Kestrel Zinc")], [], {})

    def seconds(size: int) -> float:
        item = Item("1", "", WHEN, content="kestrel bank " * size)
        begin = time.process_time()
        assert not matcher.match(item, tracked_only=True).mentions
        return time.process_time() - begin

    seconds(1000)
    short, long = seconds(10_000), seconds(100_000)
    assert long < 30 * short + 0.5
