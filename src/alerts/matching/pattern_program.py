"""Patterns run over a text as sets of positions.

A set of positions is an integer, one bit for each place between words. A word takes the set of places where it may
begin to the set where it ends: `(set & where it stands) << 1`. A gap smears the set to the right, a group is the
union of its alternatives. So a pattern costs a few operations on integers, whatever it is, and is linear in the text.

Places of different sentences are kept apart by a place between them at which no word stands."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from alerts.matching.pattern_syntax import Choice, Gap, Mentioned, Node, Number, Word
from alerts.matching.pattern_syntax import Sequence as Parts
from alerts.matching.terms import Found
from alerts.matching.text import UNSPACED_CHARACTER, Sentences, Text
from alerts.model.mention import Mention

MAX_MATCHES = 16  # of one pattern in one field

Capture = tuple[str, frozenset[str]]  # the role at an `@` of a pattern, and the institutions that stand there


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern matched: units `first` up to `last` of the view."""

    first: int
    last: int
    captures: tuple[Capture, ...]


class View:
    """One field, cut into units: words, and the characters of scripts that are written without spaces.

    Places are numbered by unit, with one more after every sentence."""

    def __init__(self, text: Text, found: Found, mentions: Iterable[Mention], sentences: Sentences) -> None:
        self.text = text
        self._found = found
        self._mentions = mentions
        self._standing: dict[frozenset[int], int] = {}
        self._spans: dict[frozenset[int], list[tuple[int, int]]] = {}
        self._starts = text.starts
        if text.special:
            characters = [found.start() for found in UNSPACED_CHARACTER.finditer(text.low)]
            self._starts = sorted([*text.starts, *characters])
        # A unit's place is its number and the number of its sentence: the places between are never stepped over.
        self._places: list[int] = []
        self.inside = 0
        begin = 0
        for number, start in enumerate([*sentences.starts, len(text.low)]):
            end = bisect_left(self._starts, start, begin)
            self._places.extend(range(begin + number, end + number))
            self.inside |= ((1 << (end - begin)) - 1) << (begin + number)
            begin = end
        self.size = self._places[-1] + 2 if self._places else 1

    def standing(self, terms: frozenset[int]) -> int:
        """The places where one of the terms (words) stands."""
        found = self._standing.get(terms)
        if found is None:
            units = [index for term in self._found.present & terms for index in self._found.words[term]]
            if self.text.special:
                units = [self._unit(self.text.starts[index]) for index in units]
            found = self._standing[terms] = _bits([self._places[unit] for unit in units], self.size)
        return found

    def spans_of(self, terms: frozenset[int]) -> list[tuple[int, int]]:
        """For each width in units the places where one of the terms without spaces begins."""
        if terms not in self._spans:
            spans = [span for term in self._found.present & terms for span in self._found.spans[term]]
            self._spans[terms] = self._grouped((self._unit(start), self._unit(end - 1) + 1) for start, end in spans)
        return self._spans[terms]

    @cached_property
    def mentions(self) -> list[tuple[int, int]]:
        """For each width in units the places where a mention begins."""
        return self._grouped(self._mentioned)

    @cached_property
    def _mentioned(self) -> dict[tuple[int, int], frozenset[str]]:
        """Institutions by the units of their mentions; an apostrophe-s belongs to them."""
        found: dict[tuple[int, int], frozenset[str]] = {}
        raw = [self.text.raw_span(start, start)[0] for start in self._starts]
        for mention in self._mentions:
            first, last = bisect_left(raw, mention.start), bisect_left(raw, mention.end)
            if first and raw[first - 1] < mention.start < self.text.raw_span(0, self._end(first - 1))[1]:
                first -= 1  # within a word, as in a compound
            if first < last:
                if last < len(raw) and self._possessive(last):
                    last += 1
                key = (first, last)
                found[key] = found.get(key, frozenset()) | {mention.institution}
        return found

    def _possessive(self, unit: int) -> bool:
        low = self.text.low
        return low[self._starts[unit] : self._end(unit)] == "s" and low[self._starts[unit] - 1] == "'"

    def institutions(self, place: int, width: int) -> frozenset[str]:
        """Whom the mention at a place names."""
        unit = bisect_left(self._places, place)
        return self._mentioned.get((unit, unit + width), frozenset())

    def offsets(self, match: Match) -> tuple[int, int]:
        """A match as offsets in `text.low`, without gaps at its ends."""
        first = bisect_left(self._places, match.first)
        last = bisect_right(self._places, match.last - 1) - 1
        return self._starts[first], self._end(last)

    def _end(self, unit: int) -> int:
        """The offset where a unit ends."""
        start = self._starts[unit]
        if self.text.special and UNSPACED_CHARACTER.match(self.text.low, start):
            return start + 1
        return self.text.end(bisect_left(self.text.starts, start))

    def _unit(self, offset: int) -> int:
        """The unit that holds a character."""
        return max(0, bisect_right(self._starts, offset) - 1)

    def _grouped(self, units: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        places: dict[int, list[int]] = {}
        for first, last in units:
            if self._places[last - 1] - self._places[first] == last - 1 - first:  # within one sentence
                places.setdefault(last - first, []).append(self._places[first])
        return [(width, _bits(each, self.size)) for width, each in sorted(places.items())]


class Program:
    """A pattern, ready to run. `number` gives the term that stands for a word; None stands for any number."""

    def __init__(self, root: Node, number: Callable[[Word | None], int]) -> None:
        self._root = _compiled(root, number)

    def matches(self, view: View) -> Iterator[Match]:
        """Matches from left to right, each as short as it can be."""
        ends = self._root.forward(view.inside, view)
        seen: set[tuple[int, tuple[Capture, ...]]] = set()
        for _ in range(MAX_MATCHES):
            if not ends:
                return
            low = ends & -ends
            ends ^= low
            last = low.bit_length() - 1
            first = self._root.backward(low, view).bit_length() - 1
            captures: list[tuple[str, int, int]] = []
            self._root.trace(first, last, view, captures)
            named = tuple((role, view.institutions(start, end - start)) for role, start, end in captures)
            if last > first and (first, named) not in seen:
                seen.add((first, named))
                yield Match(first, last, named)


class _Step:
    """A part of a program, from the places where it may begin to those where it may end, and back."""

    def forward(self, places: int, view: View) -> int:
        raise NotImplementedError

    def backward(self, places: int, view: View) -> int:
        raise NotImplementedError

    def trace(self, first: int, last: int, view: View, captures: list[tuple[str, int, int]]) -> None:
        """Collect the mentions of a match from one place to another, of which it is known that there is one."""


class _OneOf(_Step):
    """One of some words."""

    def __init__(self, terms: frozenset[int]) -> None:
        self._terms = terms

    def forward(self, places: int, view: View) -> int:
        return (places & view.standing(self._terms)) << 1

    def backward(self, places: int, view: View) -> int:
        return (places >> 1) & view.standing(self._terms)


class _Wide(_Step):
    """What may take several units: a mention, or one of some terms in scripts without spaces."""

    def __init__(self, terms: frozenset[int] | None, role: str = "") -> None:
        self._terms = terms
        self._role = role

    def _where(self, view: View) -> list[tuple[int, int]]:
        return view.mentions if self._terms is None else view.spans_of(self._terms)

    def forward(self, places: int, view: View) -> int:
        found = 0
        for width, bits in self._where(view):
            found |= (places & bits) << width
        return found

    def backward(self, places: int, view: View) -> int:
        found = 0
        for width, bits in self._where(view):
            found |= (places >> width) & bits
        return found

    def trace(self, first: int, last: int, _: View, captures: list[tuple[str, int, int]]) -> None:
        if self._terms is None:
            captures.append((self._role, first, last))


class _Gap(_Step):
    def __init__(self, most: int) -> None:
        self._most = most

    def forward(self, places: int, view: View) -> int:
        for _ in range(self._most):
            places |= (places & view.inside) << 1
        return places

    def backward(self, places: int, view: View) -> int:
        for _ in range(self._most):
            places |= (places >> 1) & view.inside
        return places


class _Choice(_Step):
    def __init__(self, options: Sequence[_Step], optional: bool) -> None:
        self._options = options
        self._optional = optional

    def forward(self, places: int, view: View) -> int:
        found = places if self._optional else 0
        if places:
            for each in self._options:
                found |= each.forward(places, view)
        return found

    def backward(self, places: int, view: View) -> int:
        found = places if self._optional else 0
        for each in self._options:
            found |= each.backward(places, view)
        return found

    def trace(self, first: int, last: int, view: View, captures: list[tuple[str, int, int]]) -> None:
        for each in self._options:
            if each.backward(1 << last, view) >> first & 1:
                each.trace(first, last, view, captures)
                return


class _Sequence(_Step):
    def __init__(self, parts: Sequence[_Step]) -> None:
        self._parts = parts

    def forward(self, places: int, view: View) -> int:
        for each in self._parts:
            if not places:
                return 0
            places = each.forward(places, view)
        return places

    def backward(self, places: int, view: View) -> int:
        for each in reversed(self._parts):
            if not places:
                return 0
            places = each.backward(places, view)
        return places

    def trace(self, first: int, last: int, view: View, captures: list[tuple[str, int, int]]) -> None:
        reached = [1 << first]
        for each in self._parts:
            reached.append(each.forward(reached[-1], view))
        for each, before in zip(reversed(self._parts), reversed(reached[:-1]), strict=True):
            start = (each.backward(1 << last, view) & before).bit_length() - 1
            each.trace(start, last, view, captures)
            last = start


def _compiled(node: Node, number: Callable[[Word | None], int]) -> _Step:
    match node:
        case Word():
            terms = frozenset({number(node)})
            return _Wide(terms) if node.unspaced else _OneOf(terms)
        case Number():
            return _OneOf(frozenset({number(None)}))
        case Gap(most):
            return _Gap(most)
        case Mentioned(role):
            return _Wide(None, role)
        case Parts(parts):
            return _Sequence([_compiled(each, number) for each in parts])
        case Choice(options, optional):  # the words among them are one step, however many they are
            spaced = frozenset(number(each) for each in options if isinstance(each, Word) and not each.unspaced)
            unspaced = frozenset(number(each) for each in options if isinstance(each, Word) and each.unspaced)
            steps: list[_Step] = [_OneOf(spaced)] if spaced else []
            steps += [_Wide(unspaced)] if unspaced else []
            steps += [_compiled(each, number) for each in options if not isinstance(each, Word)]
            return steps[0] if len(steps) == 1 and not optional else _Choice(steps, optional)


def _bits(places: Sequence[int], size: int) -> int:
    """A set of places. Linear, also where they are many."""
    if size <= 1024:
        found = 0
        for place in places:
            found |= 1 << place
        return found
    packed = bytearray((size >> 3) + 1)
    for place in places:
        packed[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(packed, "little")
