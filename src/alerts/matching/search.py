"""Full-text search without a database: which words of a text are indexed, what a query asks for, how well a text fits.

The index answers which texts may fit; what is decided here holds for both databases. Words are those of `Text`:
without case and accents. Scripts that are written without spaces are indexed by pairs of characters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from alerts.matching.text import LETTER, UNSPACED_CHARACTER, Text
from alerts.model.errors import UsageError
from alerts.model.item import Item

VERSION = 1
"""Goes up when other words are indexed: recorded items are then indexed again."""

MAX_QUERY, MAX_WORDS = 200, 24  # characters and words of a query
MAX_BODY = 4_000  # characters of summary and content that are indexed
MAX_WORD = 64  # characters of a word in the index
MIN_PREFIX, MIN_LAST = 3, 4  # letters before a `*`; letters from which the last word may go on

LEAD = 300
"""So many characters of a body count more than the rest, as they do for the salience of a mention."""

_RUN = re.compile(f"{UNSPACED_CHARACTER.pattern}+")
_UNIT = re.compile(f"{_RUN.pattern}|{LETTER}+")
_CHUNK = re.compile(r"""(-?)(?:"([^"]*)"?|([^\s"]+))""")


def body_of(item: Item) -> str:
    """What is searched besides the title."""
    return f"{item.summary} {item.content[:MAX_BODY]}"[:MAX_BODY]


def index_words(item: Item) -> str:
    """The words by which an item is found, and its source, with blanks between them; empty for a withdrawn one."""
    if item.withdrawn:
        return ""
    found: set[str] = set()
    for text in (Text(item.title), Text(body_of(item))):
        found.update(word[:MAX_WORD] for word in text.tokens if word.strip("&+"))
        if text.special:  # the last character of a run alone, too: a query of one character looks for beginnings
            found.update(run[at : at + 2] for run in _RUN.findall(text.low) for at in range(len(run)))
    return " ".join([*found, source_word(item.source)])


def source_word(source: str) -> str:
    """A source as a word of the index, which no text holds. Where two share one, readers look at the id itself."""
    return "@" + re.sub(r"\W", "-", source.lower())[:MAX_WORD]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand together. `terms` are those of the index, each with whether it is only a beginning."""

    terms: tuple[tuple[str, bool], ...]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, units: Sequence[str], *, open_ended: bool) -> "Phrase":
        """`units` are words and runs of a script without spaces; `open_ended`: the last word may go on."""
        terms: list[tuple[str, bool]] = []
        pattern, before = "", False
        for place, unit in enumerate(units):
            spaced = UNSPACED_CHARACTER.match(unit) is None
            if spaced:
                terms.append((unit[:MAX_WORD], len(unit) > MAX_WORD or (open_ended and place == len(units) - 1)))
            else:
                terms += [(unit[at : at + 2], False) for at in range(len(unit) - 1)] or [(unit, True)]
            gap = (rf"[\W_]{{{int(spaced and before)},8}}") if pattern else rf"(?<!{LETTER})" * spaced
            pattern, before = pattern + gap + re.escape(unit), spaced
        tail = rf"({LETTER}*)" if open_ended else rf"(?!{LETTER})"
        return cls(tuple(terms), re.compile(pattern + tail * before))

    def weight(self, text: Text) -> tuple[float, int]:
        """1 where the text holds it, less where a word goes on, 0 where it does not; and where it begins."""
        found = self.pattern.search(text.low)
        if found is None:
            return 0.0, 0
        return (0.8 if found.lastindex and found[found.lastindex] else 1.0), found.start()


@dataclass(frozen=True, slots=True)
class Query:
    """What a text must hold, and what it must not."""

    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...]

    @classmethod
    def parse(cls, raw: str) -> "Query":
        """Words of which all must be there, `"a phrase"`, `-without`, `beginning*`; the last word may go on.

        Raises UsageError where nothing can be looked for.
        """
        if len(raw) > MAX_QUERY:
            raise UsageError(f"the query has {len(raw):,} characters: write at most {MAX_QUERY}")
        chunks = [(*each, _UNIT.findall(each[1] or each[2])) for each in _CHUNK.findall(Text(raw).low)]
        chunks = [each for each in chunks if any(unit.strip("&+") for unit in each[3])]
        wanted: list[Phrase] = []
        unwanted: list[Phrase] = []
        for place, (minus, quoted, plain, found) in enumerate(chunks):
            units = [unit for unit in found if unit.strip("&+")]
            starred = plain.endswith("*") and UNSPACED_CHARACTER.match(units[-1]) is None
            if starred and len(units[-1]) < MIN_PREFIX:
                raise UsageError(f"“{units[-1]}*” is too short: write at least {MIN_PREFIX} letters before the *")
            last = place == len(chunks) - 1 and not minus and not quoted and len(units[-1]) >= MIN_LAST
            (unwanted if minus else wanted).append(Phrase.of(units, open_ended=starred or last))
        if not wanted:
            raise UsageError("the query names nothing to look for: write at least one word without - before it")
        if sum(len(each.terms) for each in (*wanted, *unwanted)) > MAX_WORDS:
            raise UsageError(f"the query has too many words: write at most {MAX_WORDS}")
        return cls(tuple(wanted), tuple(unwanted))

    def score(self, title: str, body: str) -> float:
        """How well a text fits, up to 1: by where each phrase stands in it; 0 where it does not fit."""
        head, rest = Text(title), Text(body)
        if any(each.pattern.search(text.low) for each in self.unwanted for text in (head, rest)):
            return 0.0
        total = 0.0
        for phrase in self.wanted:
            weight, _ = phrase.weight(head)
            if not weight:
                weight, at = phrase.weight(rest)
                weight *= 0.7 if at < LEAD else 0.4
            if not weight:
                return 0.0
            total += weight
        return total / len(self.wanted)


Marked = tuple[str, list[list[int]]]
"""A text, and the offsets between which it says what was looked for."""


def excerpt(query: Query, text: str, limit: int) -> Marked:
    """The part of a clean text around the first words that were looked for, with … where it is cut."""
    seen = Text(text)
    spans = sorted(seen.raw_span(*each.span()) for phrase in query.wanted for each in phrase.pattern.finditer(seen.low))
    start = max(0, spans[0][0] - limit // 3) if spans and len(text) > limit else 0
    start = text.find(" ", start, spans[0][0]) + 1 or start if start else 0
    end = start + limit
    end = max(text.rfind(" ", start + limit * 2 // 3, end), 0) or end if end < len(text) else len(text)
    before, after = "…" * (start > 0), "…" * (end < len(text))
    marks: list[list[int]] = []
    for left, right in spans:
        first, last = (min(at, end) - start + len(before) for at in (left, right))
        if marks and first < marks[-1][1]:
            marks[-1][1] = max(marks[-1][1], last)
        elif len(before) <= first < last:
            marks.append([first, last])
    return before + text[start:end] + after, marks
