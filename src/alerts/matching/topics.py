"""What an item is about: the phrases and patterns of the topics in its fields."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from alerts.matching.negation import denied, denied_without_spaces, is_negative
from alerts.matching.text import Sentences, Text
from alerts.matching.topic_rules import Span, TopicRules, language_code
from alerts.matching.words import words
from alerts.model.fields import grouped
from alerts.model.mention import Mention, NearMiss, TopicHit
from alerts.model.topic import Near, PatternKind, Topic

DENIED = 0.25  # the weight of a topic that the text denies, or of which it says that it is over
ENOUGH_WORDS = 3  # so many different words that only English has make a text English
_ENGLISH_WORDS = words("the and for with that from by its has said this have are which their after will")
WEAK = 0.5  # the weight of a topic that only a weak pattern found


@dataclass
class _Field:
    """What was found in one field."""

    name: str
    text: Text
    of_item: tuple[Mention, ...]  # in any field
    spans: list[Span] = field(default_factory=list)

    def search(self, rules: TopicRules) -> None:
        self.spans += rules.spans(self.text, self.mentions, lambda: self.sentences)

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Those in this field, without who is only named in parentheses: LONDON (Reuters), Hans Muster (SPÖ)."""
        here = (each for each in self.of_item if each.field == self.name)
        return tuple(each for each in here if not (each.voice and self.text.raw[each.start - 1 : each.start] == "("))

    @cached_property
    def sentences(self) -> Sentences:
        """A title is one sentence, whatever full stops are in it: "Jos. A. Bank"."""
        return Sentences("" if self.name == "title" else self.text.cased)

    @cached_property
    def _raw_sentences(self) -> Sentences:
        return Sentences("" if self.name == "title" else self.text.raw)

    @cached_property
    def _everywhere(self) -> frozenset[str]:
        """Whom the item is about because of where it comes from: every topic counts for them."""
        return frozenset(each.institution for each in self.of_item if each.field == "source")

    @cached_property
    def _named(self) -> dict[int, frozenset[str]]:
        """For each sentence in which institutions stand, these and those of everywhere."""
        named: dict[int, set[str]] = {}
        for mention in self.mentions:
            sentence = self._raw_sentences.at(mention.start)
            named.setdefault(sentence, set(self._everywhere)).add(mention.institution)
        return {sentence: frozenset(each) for sentence, each in named.items()}

    def near(self, raw_start: int) -> frozenset[str]:
        """Whom a topic that must stand close counts for: who stands in its sentence, or with it in the title."""
        return self._named.get(self._raw_sentences.at(raw_start), self._everywhere)


class Lexicon:
    """All topics. Immutable; what a language needs is compiled when the first text of it comes."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._topics = tuple(sorted(topics, key=lambda topic: topic.id))
        languages = {language_code(each.language) for topic in self._topics for each in topic.patterns} - {""}
        # English first: where nothing tells the language of a text, the others are asked only if it finds nothing.
        self._languages = tuple(sorted(languages, key=lambda language: (language != "en", language))) or ("",)
        self._rules: dict[str, TopicRules] = {}

    def compile(self) -> None:
        """Compile every language now. Raises PatternError for a pattern that cannot be read."""
        for language in self._languages:
            self._of(language)

    def topical(self, word: str) -> bool:
        """Whether a topic is filed under a word, in texts of the language that is tried first."""
        return self._of(self._languages[0]).has_anchor(word)

    def find(
        self,
        texts: Mapping[str, Text],
        mentions: Iterable[Mention],
        language: Callable[[], str] = lambda: "",
        topical: Collection[str] | None = None,
    ) -> tuple[TopicHit, ...]:
        """The topics of an item, by field (in the order of `texts`), offset and topic.

        `language` finds out the language of the item, which chooses the patterns; where it gives none, English ones
        are tried before all others. `topical` are the fields with words that are `topical`, where that is known."""
        topical, languages = texts if topical is None else topical, self._languages
        if len(languages) > 1:
            code = "en" if _clearly_english(texts) else language_code(language())
            languages = (code,) if code in languages else languages
        elif not topical:
            return ()
        mentions = tuple(mentions)
        fields = [_Field(name, text, mentions) for name, text in texts.items()]
        for each in languages:
            for one in fields:
                if one.name in topical or each != self._languages[0]:
                    one.search(self._of(each))
            if any(one.spans for one in fields):
                break
        else:
            return ()
        ruled_out = {span.rule.topic for one in fields for span in one.spans if span.rule.rules_out}
        title = fields[0] if fields and fields[0].name == "title" else None
        return tuple(hit for one in fields if one.spans for hit in self._hits(one, title, ruled_out, language))

    def near_misses(self, texts: Mapping[str, Text], language: str = "") -> tuple[NearMiss, ...]:
        """Patterns of which the text has all words but one, to explain why a topic is not there."""
        code = language_code(language)
        rules = self._of(code if code in self._languages else self._languages[0])
        return tuple(
            NearMiss(self._topics[rule.topic].id, rule.written, name, has, missing)
            for name, text in texts.items()
            for rule, has, missing in rules.near_misses(text)
        )

    def _of(self, language: str) -> TopicRules:
        if language not in self._rules:
            self._rules[language] = TopicRules(self._topics, language)
        return self._rules[language]

    def _hits(
        self, one: _Field, title: _Field | None, ruled_out: set[int], language: Callable[[], str]
    ) -> Iterator[TopicHit]:
        excepted = _by_topic(one.spans, PatternKind.EXCEPT)
        spans = [
            span
            for span in one.spans
            if span.rule.kind is not PatternKind.EXCEPT
            and not span.rule.rules_out
            and span.rule.topic not in ruled_out
            and not any(span.start < end and start < span.end for start, end in excepted.get(span.rule.topic, ()))
        ]
        if not spans:
            return
        resolved = _by_topic(one.spans, PatternKind.RESOLVED)
        over = _by_topic(title.spans, PatternKind.RESOLVED).keys() if title is not None else frozenset()
        for span in self._narrowed(_chosen(spans), one):
            topic, text, rule = self._topics[span.rule.topic], one.text, span.rule
            first, last = text.raw_span(span.start, span.end)
            institutions = span.institutions
            if institutions is None and topic.near is Near.SENTENCE:
                institutions = one.near(first)
            sentence = one.sentences.at(span.start) if resolved else 0
            is_over = (
                rule.kind is PatternKind.RESOLVED
                or rule.topic in over
                or any(one.sentences.at(start) == sentence for start, _ in resolved.get(rule.topic, ()))
            )
            is_denied = topic.negation and not is_over and _is_denied(text, span, language_code(language()))
            weak = rule.kind is PatternKind.WEAK
            weight = DENIED if is_denied or is_over else WEAK if weak else 1.0
            place = one.name, first, last, text.raw[first:last]
            how = weak, is_denied, is_over, rule.written
            yield TopicHit(topic.id, topic.signal, *place, weight, institutions, span.role, *how)

    def _narrowed(self, spans: list[Span], one: _Field) -> Iterator[Span]:
        """Where a sentence says whom a topic concerns, its other matches there say nothing more."""
        placed = {(one.sentences.at(span.start), span.rule.topic) for span in spans if span.role}
        for span in spans:
            if span.role or not placed or (one.sentences.at(span.start), span.rule.topic) not in placed:
                yield span


def _clearly_english(texts: Mapping[str, Text]) -> bool:
    """Whether words that no other language has say so: cheaper than to find the language out."""
    return any(
        len(_ENGLISH_WORDS.intersection(text.cased_tokens)) >= ENOUGH_WORDS
        or len(_ENGLISH_WORDS.intersection(text.tokens)) >= ENOUGH_WORDS
        for text in texts.values()
    )


def _by_topic(spans: Iterable[Span], kind: PatternKind) -> dict[int, list[tuple[int, int]]]:
    return grouped((span.rule.topic, (span.start, span.end)) for span in spans if span.rule.kind is kind)


def _chosen(spans: list[Span]) -> list[Span]:
    """For every topic and role the leftmost, longest spans that do not overlap, in order of offset and topic.

    What a weak pattern or one of resolution found counts only where nothing else overlaps it. Of overlapping
    spans with institutions, these are put together."""
    if len(spans) == 1:  # as nearly always
        return spans
    strength = {PatternKind.FULL: 0, PatternKind.RESOLVED: 1, PatternKind.WEAK: 2}
    kept: dict[tuple[int, str, bool], list[Span]] = {}
    spans.sort(key=lambda each: (strength[each.rule.kind], each.start, -each.end, each.rule.topic, each.rule.written))
    for span in spans:
        rivals = kept.setdefault((span.rule.topic, span.role, span.institutions is None), [])
        at = bisect_left(rivals, span.start, key=lambda each: each.end - 1)
        if at < len(rivals) and rivals[at].start < span.end:
            rival = rivals[at]
            if rival.institutions is not None and span.institutions is not None:
                rival.institutions |= span.institutions
        else:
            rivals.insert(at, span)
    return sorted(
        (span for rivals in kept.values() for span in rivals),
        key=lambda each: (each.start, each.rule.topic, each.end, each.role, each.institutions is None),
    )


def _is_denied(text: Text, span: Span, language: str) -> bool:
    if text.special:
        return denied_without_spaces(text.low, span.start, span.end)
    first, last = bisect_right(text.starts, span.start) - 1, bisect_right(text.starts, span.end - 1)
    if not (0 <= first < last and text.starts[first] == span.start):
        return False
    inner = () if span.rule.program is None or span.rule.negative else text.tokens[first:last]
    return any(is_negative(word, language) for word in inner) or denied(text, first, last, language)
