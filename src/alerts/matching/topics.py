"""What an item is about: the phrases and patterns of the topics in its fields."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from alerts.matching.negation import denied, denied_without_spaces, is_negative
from alerts.matching.pattern_program import Match, Program, View
from alerts.matching.pattern_syntax import Choice, Node, Word, parse_pattern, required, words_of
from alerts.matching.sentences import Sentences
from alerts.matching.spacing import same_gap
from alerts.matching.terms import Found, Terms
from alerts.matching.text import Text
from alerts.model.mention import Mention, NearMiss, TopicHit
from alerts.model.topic import Near, PatternKind, Topic, TopicPattern

DENIED = 0.25  # the weight of a topic that the text denies, or of which it says that it is over
WEAK = 0.5  # the weight of a topic that only a weak pattern found


@dataclass(frozen=True, slots=True)
class _Rule:
    """A phrase (`terms`, `gaps`) or a pattern (`program`) of a topic.

    `needs` holds, for each part that a match cannot do without, the terms of which it has at least one. `rules_out`
    marks the phrases of `none`.
    """

    topic: int
    kind: PatternKind
    language: str
    written: str
    needs: tuple[frozenset[int], ...]
    program: Program | None = None
    terms: tuple[int, ...] = ()
    gaps: tuple[str, ...] = ()
    rules_out: bool = False
    negative: bool = False  # it holds a negation itself: one inside its match denies nothing


@dataclass(slots=True)
class _Span:
    """A match of a rule: offsets in `text.low`, and whom it captured."""

    start: int
    end: int
    rule: _Rule
    role: str = ""
    institutions: frozenset[str] | None = None


@dataclass(slots=True)
class _Field:
    """What was found in one field."""

    name: str
    text: Text
    mentions: tuple[Mention, ...]
    spans: list[_Span] = field(default_factory=list)
    _sentences: Sentences | None = None
    _neighbours: _Neighbours | None = None

    def sentence(self, start: int) -> int:
        """The sentence at an offset of `text.low`."""
        if self._sentences is None:
            self._sentences = Sentences(self.text.cased)
        return self._sentences.at(start)

    def near(self, raw_start: int) -> frozenset[str]:
        if self._neighbours is None:
            self._neighbours = _Neighbours(self.name, self.text, self.mentions)
        return self._neighbours.at(raw_start)


class _Spoken:
    """The languages whose patterns hold for an item, asked for once, if at all."""

    def __init__(self, language: Callable[[], str], known: frozenset[str]) -> None:
        self._language = language
        self._known = known
        self._chosen: frozenset[str] | None = None

    def __contains__(self, language: str) -> bool:
        if not language:
            return True
        if self._chosen is None:
            code = self._language().replace("_", "-").partition("-")[0].lower()
            self._chosen = frozenset({code}) if code in self._known else self._known
        return language in self._chosen


class Lexicon:
    """All topics. Immutable once built; the cost of a text does not depend on the number of phrases."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        """Raises PatternError for a pattern that cannot be read."""
        self._topics = tuple(sorted(topics, key=lambda topic: topic.id))
        self._terms = Terms()
        self._rules: dict[
            int, list[_Rule]
        ] = {}  # by the term that must be there before anything else is looked at
        for number, topic in enumerate(self._topics):
            for rules_out, phrases in ((False, topic.any), (True, topic.none)):
                for phrase in phrases:
                    self._add(self._phrase(phrase, number, rules_out))
            for pattern in topic.patterns:
                tree = parse_pattern(pattern.text, pattern.language)
                for option in tree.options if isinstance(tree, Choice) else (tree,):
                    self._add(self._pattern(number, pattern, option))
        self._terms.close()
        self._languages = frozenset(rule.language for rules in self._rules.values() for rule in rules) - {""}

    def find(
        self,
        texts: Mapping[str, Text],
        mentions: Iterable[Mention],
        language: Callable[[], str] = lambda: "",
    ) -> tuple[TopicHit, ...]:
        """The topics of an item, by field (in the order of `texts`), offset and topic.

        `language` chooses the patterns; where it is empty or none that patterns are written in, all hold. It is
        asked for only where a pattern has its words in the text.
        """
        if not self._rules:
            return ()
        mentions = tuple(mentions)
        spoken = _Spoken(language, self._languages)
        ruled_out: set[int] = set()
        fields: list[_Field] = []
        for name, text in texts.items():
            there = tuple(each for each in mentions if each.field in (name, "source"))
            one = _Field(name, text, there)
            one.spans = list(self._spans(text, there, spoken, ruled_out))
            fields.append(one)
        return tuple(
            hit
            for one in fields
            if one.spans
            for hit in self._hits(one, fields[0] if fields[0].name == "title" else None, ruled_out)
        )

    def near_misses(self, texts: Mapping[str, Text], language: str = "") -> tuple[NearMiss, ...]:
        """Patterns of two needs or more of which the text has all but one, to explain why a topic is not there."""
        spoken = _Spoken(lambda: language, self._languages)
        found: list[NearMiss] = []
        for name, text in texts.items():
            terms = self._terms.find(text)
            there = terms.words.keys() | terms.spans.keys()
            candidates = {id(rule): rule for rules in self._rules.values() for rule in rules}
            for rule in candidates.values():
                if rule.language not in spoken or len(rule.needs) < 2 or rule.kind is not PatternKind.FULL:
                    continue
                missing = [need for need in rule.needs if there.isdisjoint(need)]
                if len(missing) == 1:
                    has = tuple(
                        self._terms.text(min(there & need)) for need in rule.needs if need != missing[0]
                    )
                    lacks = tuple(sorted(self._terms.text(term) for term in missing[0]))
                    found.append(NearMiss(self._topics[rule.topic].id, rule.written, name, has, lacks))
        return tuple(found)

    def _add(self, rule: _Rule | None) -> None:
        if rule is not None:
            anchors = min(rule.needs, key=len) if rule.program is None else self._rarest(rule.needs)
            for term in anchors:
                self._rules.setdefault(term, []).append(rule)

    def _rarest(self, needs: tuple[frozenset[int], ...]) -> frozenset[int]:
        """The need that texts hold most seldom, by the lengths of its words."""
        return min(
            needs, key=lambda need: (sum(2.0 ** -len(self._terms.text(term)) for term in need), len(need))
        )

    def _pattern(self, topic: int, pattern: TopicPattern, tree: Node) -> _Rule:
        return _Rule(
            topic,
            pattern.kind,
            pattern.language.partition("-")[0].lower(),
            pattern.written or pattern.text,
            tuple(frozenset(map(self._terms.number, words)) for words in required(tree)),
            Program(tree, self._terms.number),
            negative=any(is_negative(word.text) for word in words_of(tree)),
        )

    def _phrase(self, phrase: str, topic: int, rules_out: bool) -> _Rule | None:
        open_end = phrase.rstrip().endswith("*")
        text = Text(phrase.rstrip(" *"))
        words: list[Word]
        gaps: tuple[str, ...] = ()
        if text.special:
            words = [Word(text.low.strip(), unspaced=True)]
        elif text.tokens:
            last = len(text.tokens) - 1
            words = [
                Word(
                    low,
                    open_end=open_end and index == last,
                    cased=cased if cased.isupper() and len(cased) > 1 and not open_end else "",
                )
                for index, (low, cased) in enumerate(zip(text.tokens, text.cased_tokens, strict=True))
            ]
            gaps = tuple(text.gap(index) for index in range(1, len(text.tokens)))
        else:
            return None
        terms = tuple(map(self._terms.number, words))
        needs = tuple(frozenset({term}) for term in terms)
        rarest = max(range(len(words)), key=lambda index: len(words[index].text))
        needs = (needs[rarest], *needs[:rarest], *needs[rarest + 1 :])
        return _Rule(topic, PatternKind.FULL, "", phrase, needs, None, terms, gaps, rules_out)

    def _spans(
        self, text: Text, mentions: tuple[Mention, ...], spoken: _Spoken, ruled_out: set[int]
    ) -> Iterator[_Span]:
        found = self._terms.find(text)
        there = found.words.keys() | found.spans.keys() if found.spans else found.words.keys()
        view: View | None = None
        done: set[int] = set()
        for term in there & self._rules.keys():
            for rule in self._rules[term]:
                if id(rule) in done or any(there.isdisjoint(need) for need in rule.needs):
                    continue
                if rule.language not in spoken:
                    continue
                done.add(id(rule))
                if rule.program is None:
                    spans = _phrase_spans(rule, text, found)
                    if rule.rules_out:
                        ruled_out.update(rule.topic for _ in spans)
                    else:
                        yield from spans
                    continue
                if view is None:
                    view = View(text, found.words, found.spans, (m for m in mentions if m.field != "source"))
                for match in rule.program.matches(view):
                    yield from _captured(match, rule, *view.offsets(match))

    def _hits(self, one: _Field, title: _Field | None, ruled_out: set[int]) -> Iterator[TopicHit]:
        excepted = _by_topic(one.spans, PatternKind.EXCEPT)
        resolved = _by_topic(one.spans, PatternKind.RESOLVED)
        over = _by_topic(title.spans, PatternKind.RESOLVED).keys() if title is not None else frozenset()
        spans = [
            span
            for span in one.spans
            if span.rule.kind is not PatternKind.EXCEPT
            and span.rule.topic not in ruled_out
            and not any(
                span.start < end and start < span.end for start, end in excepted.get(span.rule.topic, ())
            )
        ]
        for span in self._narrowed(_chosen(spans), one):
            topic, text = self._topics[span.rule.topic], one.text
            first, last = text.raw_span(span.start, span.end)
            institutions = span.institutions
            if institutions is None and topic.near is Near.SENTENCE:
                institutions = one.near(first)
            sentence = one.sentence(span.start) if resolved else 0
            is_over = (
                span.rule.kind is PatternKind.RESOLVED
                or span.rule.topic in over
                or any(one.sentence(start) == sentence for start, _ in resolved.get(span.rule.topic, ()))
            )
            is_denied = topic.negation and not is_over and _is_denied(text, span)
            weak = span.rule.kind is PatternKind.WEAK
            yield TopicHit(
                topic.id,
                topic.signal,
                one.name,
                first,
                last,
                text.raw[first:last],
                DENIED if is_denied or is_over else WEAK if weak else 1.0,
                institutions,
                span.role,
                weak,
                is_denied,
                is_over,
                span.rule.written,
            )

    def _narrowed(self, spans: list[_Span], one: _Field) -> Iterator[_Span]:
        """Where a sentence says whom a topic concerns, its other matches there say nothing more."""
        placed = {(one.sentence(span.start), span.rule.topic) for span in spans if span.role}
        for span in spans:
            if span.role or not placed or (one.sentence(span.start), span.rule.topic) not in placed:
                yield span


def _phrase_spans(rule: _Rule, text: Text, found: Found) -> list[_Span]:
    if not rule.gaps:
        (term,) = rule.terms
        spans = found.spans.get(term)
        if spans is not None:
            return [_Span(start, end, rule) for start, end in spans]
        return [_Span(text.starts[at], text.end(at), rule) for at in found.words[term]]
    rest = [frozenset(found.words[term]) for term in rule.terms[1:]]
    return [
        _Span(text.starts[first], text.end(first + len(rest)), rule)
        for first in found.words[rule.terms[0]]
        if all(first + index in places for index, places in enumerate(rest, 1))
        and all(
            same_gap(gap, text.gap(first + 1 + index), text.tokens[first + index])
            for index, gap in enumerate(rule.gaps)
        )
    ]


def _captured(match: Match, rule: _Rule, start: int, end: int) -> Iterator[_Span]:
    """A match, once for each role that it captured."""
    if not match.captures:
        yield _Span(start, end, rule)
        return
    by_role: dict[str, frozenset[str]] = {}
    for capture in match.captures:
        by_role[capture.role] = by_role.get(capture.role, frozenset()) | capture.institutions
    if len(by_role) > 1:  # a plain `@` beside a role only says that somebody stands there
        by_role.pop("", None)
    for role, institutions in by_role.items():
        yield _Span(start, end, rule, role, institutions)


def _by_topic(spans: Iterable[_Span], kind: PatternKind) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for span in spans:
        if span.rule.kind is kind:
            found.setdefault(span.rule.topic, []).append((span.start, span.end))
    return found


def _chosen(spans: list[_Span]) -> list[_Span]:
    """For every topic and role the leftmost, longest spans that do not overlap, in order of offset and topic.

    What a weak pattern or one of resolution found counts only where nothing else overlaps it. Of overlapping
    spans with institutions, these are put together.
    """
    strength = {PatternKind.FULL: 0, PatternKind.RESOLVED: 1, PatternKind.WEAK: 2}
    kept: dict[tuple[int, str, bool], list[_Span]] = {}
    for span in sorted(
        spans,
        key=lambda each: (
            strength[each.rule.kind],
            each.start,
            -each.end,
            each.rule.topic,
            each.rule.written,
        ),
    ):
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


def _is_denied(text: Text, span: _Span) -> bool:
    if text.special:
        return denied_without_spaces(text.low, span.start, span.end)
    first, last = bisect_right(text.starts, span.start) - 1, bisect_right(text.starts, span.end - 1)
    if not (0 <= first < last and text.starts[first] == span.start):
        return False
    inner = () if span.rule.program is None or span.rule.negative else text.tokens[first:last]
    return any(map(is_negative, inner)) or denied(text, first, last)


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
