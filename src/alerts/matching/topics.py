"""What an item is about: the phrases of the topics' lexicons in its fields."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from ahocorasick_rs import AhoCorasick, MatchKind

from alerts.matching.negation import denied
from alerts.matching.sentences import Sentences
from alerts.matching.spacing import same_gap
from alerts.matching.text import Text
from alerts.model.mention import Mention, TopicHit
from alerts.model.topic import Near, Topic

DENIED = 0.25  # the weight of a topic that the text denies


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase of a topic. `cased` are its words in capitals, by place: they count only in capitals."""

    topic: int
    rules_out: bool
    gaps: tuple[str, ...]
    cased: tuple[tuple[int, str], ...]


class Lexicon:
    """All topics. Immutable once built; the cost of a text does not depend on the number of phrases."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._topics = tuple(sorted(topics, key=lambda topic: topic.id))
        spaced: dict[str, list[_Phrase]] = {}
        unspaced: dict[str, list[_Phrase]] = {}
        for number, topic in enumerate(self._topics):
            for rules_out, phrases in ((False, topic.any), (True, topic.none)):
                for phrase in phrases:
                    _file(phrase, number, rules_out, spaced, unspaced)
        self._phrases = list(spaced.values())
        self._automaton = _automaton(spaced)
        self._unspaced = list(unspaced.values())
        self._unspaced_automaton = _automaton(unspaced)

    def find(self, texts: Mapping[str, Text], mentions: Iterable[Mention]) -> tuple[TopicHit, ...]:
        """The topics of an item, by field (in the order of `texts`), offset and topic."""
        if self._automaton is None and self._unspaced_automaton is None:
            return ()
        hits: list[tuple[str, int, int, int]] = []
        ruled_out: set[int] = set()
        for field, text in texts.items():
            spans: list[tuple[int, int, int]] = []
            for phrase, start, end in self._places(text):
                if phrase.rules_out:
                    ruled_out.add(phrase.topic)
                else:
                    spans.append((start, end, phrase.topic))
            hits.extend((field, *span) for span in _longest(spans))
        if not hits:
            return ()
        return tuple(self._hits([hit for hit in hits if hit[3] not in ruled_out], texts, tuple(mentions)))

    def _places(self, text: Text) -> Iterator[tuple[_Phrase, int, int]]:
        """Phrases with offsets in `text.low`."""
        if self._automaton is not None and text.tokens:
            found = self._automaton.find_matches_as_indexes(f" {' '.join(text.tokens)} ", overlapping=True)
            if found:
                begins = list(accumulate((len(token) + 1 for token in text.tokens), initial=1))
                for number, start, _ in found:
                    first = bisect_right(begins, start + 1) - 1
                    for phrase in self._phrases[number]:
                        last = first + len(phrase.gaps) + 1
                        if last <= len(text.tokens) and _stands(phrase, text, first):
                            yield phrase, text.starts[first], text.end(last - 1)
        if self._unspaced_automaton is not None and text.special:
            for number, start, end in self._unspaced_automaton.find_matches_as_indexes(
                text.low, overlapping=True
            ):
                for phrase in self._unspaced[number]:
                    yield phrase, start, end

    def _hits(
        self, hits: list[tuple[str, int, int, int]], texts: Mapping[str, Text], mentions: tuple[Mention, ...]
    ) -> Iterator[TopicHit]:
        neighbours: dict[str, _Neighbours] = {}
        for field, start, end, number in hits:
            topic, text = self._topics[number], texts[field]
            first, last = text.raw_span(start, end)
            weight = DENIED if topic.negation and _is_denied(text, start, end) else 1.0
            institutions = None
            if topic.near is Near.SENTENCE:
                if field not in neighbours:
                    neighbours[field] = _Neighbours(field, text, mentions)
                institutions = neighbours[field].at(first)
            yield TopicHit(
                topic.id, topic.signal, field, first, last, text.raw[first:last], weight, institutions
            )


def _file(
    phrase: str,
    topic: int,
    rules_out: bool,
    spaced: dict[str, list[_Phrase]],
    unspaced: dict[str, list[_Phrase]],
) -> None:
    open_end = phrase.rstrip().endswith("*")
    text = Text(phrase.rstrip(" *"))
    if text.special:
        key = text.low.strip()
        unspaced.setdefault(key, []).append(_Phrase(topic, rules_out, (), ()))
    elif text.tokens:
        gaps = tuple(text.gap(index) for index in range(1, len(text.tokens)))
        cased = tuple(
            (index, word) for index, word in enumerate(text.cased_tokens) if word.isupper() and len(word) > 1
        )
        key = f" {' '.join(text.tokens)}" + ("" if open_end else " ")
        spaced.setdefault(key, []).append(_Phrase(topic, rules_out, gaps, () if open_end else cased))


def _automaton(patterns: Mapping[str, object]) -> AhoCorasick | None:
    if not patterns:
        return None
    return AhoCorasick(list(patterns), matchkind=MatchKind.Standard, store_patterns=False)


def _stands(phrase: _Phrase, text: Text, first: int) -> bool:
    return all(
        same_gap(gap, text.gap(first + 1 + index), text.tokens[first + index])
        for index, gap in enumerate(phrase.gaps)
    ) and all(text.cased_tokens[first + index] == word for index, word in phrase.cased)


def _longest(spans: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """For every topic the leftmost, longest spans that do not overlap, in order of offset and topic."""
    kept: list[tuple[int, int, int]] = []
    ends: dict[int, int] = {}
    for start, end, topic in sorted(set(spans), key=lambda span: (span[0], -span[1], span[2])):
        if start >= ends.get(topic, 0):
            ends[topic] = end
            kept.append((start, end, topic))
    return kept


def _is_denied(text: Text, start: int, end: int) -> bool:
    first = bisect_right(text.starts, start) - 1
    last = bisect_right(text.starts, end - 1)
    return 0 <= first < last and text.starts[first] == start and denied(text, first, last)


class _Neighbours:
    """Whom a topic that must stand close counts for: who stands in its sentence, or with it in the title.

    Whom the item is about because of where it comes from counts everywhere.
    """

    def __init__(self, field: str, text: Text, mentions: Iterable[Mention]) -> None:
        self._sentences = Sentences("" if field == "title" else text.raw)
        everywhere: set[str] = set()
        found: dict[int, set[str]] = {}
        for mention in mentions:
            if mention.field == "source":
                everywhere.add(mention.institution)
            elif mention.field == field:
                found.setdefault(self._sentences.at(mention.start), set()).add(mention.institution)
        self._everywhere = frozenset(everywhere)
        self._found = {number: frozenset(each | everywhere) for number, each in found.items()}

    def at(self, offset: int) -> frozenset[str]:
        return self._found.get(self._sentences.at(offset), self._everywhere)
