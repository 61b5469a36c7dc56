"""The phrases and patterns of one language, compiled; and where they match in a text."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from alerts.matching.negation import is_negative
from alerts.matching.pattern_program import Match, Program, View
from alerts.matching.pattern_syntax import Choice, Node, needs_name, parse_pattern, reach, required, words_in, words_of
from alerts.matching.terms import Found, Terms
from alerts.matching.text import Sentences, Text, same_gap
from alerts.model.fields import grouped
from alerts.model.mention import Mention
from alerts.model.topic import PatternKind, Topic, TopicPattern


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase (`terms`, `gaps`) or a pattern (`program`) of a topic.

    `needs` holds, for each part that a match cannot do without, the terms of which it has at least one; of a pattern
    in their order. `rules_out` marks the phrases of `none`."""

    topic: int
    kind: PatternKind
    written: str
    needs: tuple[frozenset[int], ...]
    program: Program | None = None
    terms: tuple[int, ...] = ()
    gaps: tuple[str, ...] = ()
    rules_out: bool = False
    negative: bool = False  # it holds a negation itself: one inside its match denies nothing
    names: bool = False  # it cannot do without an institution
    reach: int = 0  # the most words that a match of a pattern holds


@dataclass(slots=True)
class Span:
    """A match of a rule: offsets in `text.low`, and whom it captured."""

    start: int
    end: int
    rule: Rule
    role: str = ""
    institutions: frozenset[str] | None = None


class TopicRules:
    """What is looked for in texts of one language: phrases, its patterns and those of all languages. Immutable.

    Topics are named by their place in `topics`."""

    def __init__(self, topics: Sequence[Topic], language: str) -> None:
        """Raises PatternError for a pattern that cannot be read."""
        self._terms = Terms()
        rules = [
            self._phrase(phrase, number, rules_out)
            for number, topic in enumerate(topics)
            for rules_out, phrases in ((False, topic.any), (True, topic.none))
            for phrase in phrases
        ]
        for number, topic in enumerate(topics):
            for pattern in topic.patterns:
                if language_code(pattern.language) in {"", language}:
                    tree = parse_pattern(pattern.text, pattern.language)
                    options = tree.options if isinstance(tree, Choice) else (tree,)
                    rules += [self._pattern(number, pattern, option) for option in options]
        self._terms.close()
        self._rules = grouped(  # by the term that must be there before anything else is looked at
            (term, rule)
            for rule in filter(None, rules)
            for term in sorted(rule.needs[0] if rule.program is None else self._rarest(rule.needs))
        )
        self._anchors = frozenset(self._rules)

    def has_anchor(self, word: str) -> bool:
        """Whether a rule is filed under a word of a text."""
        return not self._anchors.isdisjoint(self._terms.of_word[word])

    def spans(self, text: Text, mentions: Sequence[Mention], sentences: Callable[[], Sentences]) -> Iterator[Span]:
        """Where the rules match in a field. Its sentences are asked for only where they matter."""
        found = self._terms.find(text)
        view: View | None = None
        for rule in self._candidates(found.present, named=bool(mentions)):
            if not (text.special or _within_reach(rule, found.words)):
                continue
            if rule.program is None:
                yield from _phrase_spans(rule, text, found)
                continue
            if view is None:
                view = View(text, found, mentions, sentences())
            for match in rule.program.matches(view):
                yield from _captured(match, rule, *view.offsets(match))

    def near_misses(self, text: Text) -> Iterator[tuple[Rule, tuple[str, ...], tuple[str, ...]]]:
        """Patterns of two needs or more of which a text has all but one: what it has, and what is missing."""
        there = self._terms.find(text).present
        for rule in _distinct(chain.from_iterable(self._rules.values())):
            missing = [need for need in rule.needs if need.isdisjoint(there)]
            if len(rule.needs) > 1 and len(missing) == 1 and rule.kind is PatternKind.FULL:
                has = tuple(min(map(self._terms.text, there & need)) for need in rule.needs if need != missing[0])
                yield rule, has, tuple(sorted(map(self._terms.text, missing[0])))

    def _rarest(self, needs: tuple[frozenset[int], ...]) -> frozenset[int]:
        """The need that texts hold most seldom, by the lengths of its words."""
        return min(needs, key=lambda need: (sum(2.0 ** -len(self._terms.text(term)) for term in need), len(need)))

    def _pattern(self, topic: int, pattern: TopicPattern, tree: Node) -> Rule:
        program = Program(tree, self._terms.number)  # numbers the words in the order of the pattern
        return Rule(
            topic,
            pattern.kind,
            pattern.written or pattern.text,
            tuple(frozenset(map(self._terms.number, words)) for words in required(tree)),
            program,
            negative=any(is_negative(word.text, language_code(pattern.language)) for word in words_of(tree)),
            names=needs_name(tree),
            reach=reach(tree),
        )

    def _phrase(self, phrase: str, topic: int, rules_out: bool) -> Rule | None:
        open_end = phrase.rstrip().endswith("*")
        text = Text(phrase.rstrip(" *"))
        words = words_in(text, open_end=open_end)
        if not words:
            return None
        gaps = () if text.special else tuple(text.gap(index) for index in range(1, len(text.tokens)))
        terms = tuple(map(self._terms.number, words))
        needs = tuple(frozenset({term}) for term in terms)
        rarest = max(range(len(words)), key=lambda index: len(words[index].text))
        needs = (needs[rarest], *needs[:rarest], *needs[rarest + 1 :])
        return Rule(topic, PatternKind.FULL, phrase, needs, None, terms, gaps, rules_out)

    def _candidates(self, there: frozenset[int], *, named: bool) -> list[Rule]:
        """The rules of which a text has all that a match cannot do without; `named` says whether it has a mention."""
        rules = (rule for term in there & self._anchors for rule in self._rules[term] if named or not rule.names)
        return [rule for rule in _distinct(rules) if not any(map(there.isdisjoint, rule.needs))]


def _distinct(rules: Iterable[Rule]) -> Collection[Rule]:
    return {id(rule): rule for rule in rules}.values()


def language_code(language: str) -> str:
    """The first part of a language in lower case: `pt` of `pt-BR`."""
    return language.replace("_", "-").partition("-")[0].strip().lower()


def _within_reach(rule: Rule, words: Mapping[int, Sequence[int]]) -> bool:
    """Whether the words that a pattern needs stand anywhere in their order and close enough for a match."""
    if len(rule.needs) < 2 or rule.program is None:
        return True
    first, *others = ([at for term in need.intersection(words) for at in words[term]] for need in rule.needs)
    return any(all(any(at < other < at + rule.reach for other in each) for each in others) for at in first)


def _phrase_spans(rule: Rule, text: Text, found: Found) -> list[Span]:
    if not rule.gaps:
        (term,) = rule.terms
        spans = found.spans.get(term)
        if spans is not None:
            return [Span(start, end, rule) for start, end in spans]
        return [Span(text.starts[at], text.end(at), rule) for at in found.words[term]]
    rest = [frozenset(found.words[term]) for term in rule.terms[1:]]
    return [
        Span(text.starts[first], text.end(first + len(rest)), rule)
        for first in found.words[rule.terms[0]]
        if all(first + index in places for index, places in enumerate(rest, 1))
        and all(same_gap(gap, text.gap(at + 1), text.tokens[at]) for at, gap in enumerate(rule.gaps, first))
    ]


def _captured(match: Match, rule: Rule, start: int, end: int) -> Iterator[Span]:
    """A match, once for each role that it captured."""
    if not match.captures:
        yield Span(start, end, rule)
        return
    by_role: dict[str, frozenset[str]] = {}
    for role, institutions in match.captures:
        by_role[role] = by_role.get(role, frozenset()) | institutions
    if len(by_role) > 1:  # a plain `@` beside a role only says that somebody stands there
        by_role.pop("", None)
    for role, institutions in by_role.items():
        yield Span(start, end, rule, role, institutions)
