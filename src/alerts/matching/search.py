"""Full-text search without a database: which words of a text are indexed, what a query asks for, how well a text fits.

An index says which texts may fit; what is decided here holds for both databases. Words are those of `Text`: without
case and accents. Scripts that are written without spaces are indexed by pairs of characters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from alerts.matching.text import ASCII_WORDS, LETTER, UNSPACED_CHARACTER, Text
from alerts.model.errors import UsageError
from alerts.model.item import Item

VERSION = 1  # goes up when other words are indexed: recorded items are then indexed again
MAX_QUERY, MAX_BODY, MAX_WORD = 200, 4_000, 64  # characters of a query, of an indexed body, of a word in the index
MIN_PREFIX, MIN_LAST = 3, 4  # letters of a word before `*`, and of the last word, from which it may go on
LEAD = 300  # characters of a body that count more than the rest, as they do for the salience of a mention

_RUN = re.compile(f"{UNSPACED_CHARACTER.pattern}+")
_UNIT = re.compile(f"{_RUN.pattern}|{LETTER}+")
_LETTERS_AS_X = bytes(code if code == ord(" ") else ord("x") for code in range(256))
_TOO_LONG = b"x" * (MAX_WORD + 1)
_CHUNK = re.compile(r"""(-?)(?:"([^"]*)"?|([^\s"]+))""")


def body_of(item: Item) -> str:
    """What is searched besides the title."""
    return f"{item.summary} {item.content[:MAX_BODY]}"[:MAX_BODY]


def index_words(item: Item) -> str:
    """The words by which an item is found, its source among them, with blanks between; empty for a withdrawn one.

    One that it holds more than once may stand there more than once: an index sees to that faster."""
    if item.withdrawn:
        return ""
    source, body = source_word(item.source), body_of(item)
    raw = f"{item.title} {body}"
    # Most texts: as below, without cutting them into words.
    if raw.isascii() and "&" not in raw and "+" not in raw:
        words = raw.lower().encode("ascii").translate(ASCII_WORDS)
        if _TOO_LONG not in words.translate(_LETTERS_AS_X):
            return f"{source} {words.decode('ascii')}"
    found = {source}
    for text in (Text(item.title), Text(body)):
        found.update(word[:MAX_WORD] for word in text.tokens if word.strip("&+"))
        if text.special:  # the last character of a run alone, too: a query of one character looks for beginnings
            found.update(run[at : at + 2] for run in _RUN.findall(text.low) for at in range(len(run)))
    return " ".join(found)


def source_word(source: str) -> str:
    """A source as a word of the index, which no text holds. Where two share one, readers look at the id itself."""
    return "@" + re.sub(r"\W", "-", source.lower())[:MAX_WORD]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand together. `terms` are those of the index, each with whether it is only a beginning."""

    terms: tuple[tuple[str, bool], ...]
    pattern: re.Pattern[str]


def _phrase(units: Sequence[str], *, open_ended: bool) -> Phrase:
    """`units` are words and runs of a script without spaces; `open_ended`: the last word may go on."""
    terms: list[tuple[str, bool]] = []
    pattern, before = "", False
    for unit in units:
        spaced = UNSPACED_CHARACTER.match(unit) is None
        if spaced:
            terms.append((unit[:MAX_WORD], len(unit) > MAX_WORD))
        else:
            terms += [(unit[at : at + 2], False) for at in range(len(unit) - 1)] or [(unit, True)]
        gap = r"[\W_]" + "*+"[spaced and before] if pattern else rf"(?<!{LETTER})" * spaced
        pattern, before = pattern + gap + re.escape(unit), spaced
    if open_ended and before:
        terms[-1] = (terms[-1][0], True)
    tail = (rf"({LETTER}*)" if open_ended else rf"(?!{LETTER})") if before else ""
    return Phrase(tuple(terms), re.compile(pattern + tail))


@dataclass(frozen=True, slots=True)
class Query:
    """What a text must hold, and what it must not."""

    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...]

    def score(self, title: str, body: str) -> float:
        """How well a text fits, up to 1: by where each phrase stands in it; 0 where it does not fit."""
        head, rest = Text(title).low, Text(body).low
        if any(each.pattern.search(text) for each in self.unwanted for text in (head, rest)):
            return 0.0
        total = 0.0
        for phrase in self.wanted:
            found = phrase.pattern.search(head) or phrase.pattern.search(rest)
            if found is None:
                return 0.0
            place = 1.0 if found.string is head else 0.7 if found.start() < LEAD else 0.4
            total += place * (0.8 if found.lastindex and found[1] else 1.0)  # less where the word goes on
        return total / len(self.wanted)

    def excerpt(self, text: str, limit: int) -> tuple[str, list[tuple[int, int]]]:
        """The part of a clean text around the first words that were looked for, with … where it is cut; and the
        offsets between which it holds such words."""
        seen = Text(text)
        pattern = "|".join(phrase.pattern.pattern for phrase in self.wanted)
        spans = [seen.raw_span(*each.span()) for each in re.finditer(pattern, seen.low)]
        start = max(0, min(spans[0][0] - limit // 3, len(text) - limit)) if spans else 0
        start = (text.find(" ", start, spans[0][0]) + 1 or start) if start else 0
        end = start + limit
        shift = (start > 0) - start
        marks = [(first + shift, last + shift) for first, last in spans if start <= first < last <= end]
        return "…" * (start > 0) + text[start:end] + "…" * (end < len(text)), marks


def parse(raw: str) -> Query:
    """Words of which all must be there, `"a phrase"`, `-without`, `beginning*`; the last word may go on.

    Raises UsageError where nothing can be looked for."""
    if len(raw) > MAX_QUERY:
        raise UsageError(f"the query has {len(raw):,} characters: write at most {MAX_QUERY}")
    chunks = [
        (minus, plain, units)
        for minus, quoted, plain in _CHUNK.findall(Text(raw).low)
        if (units := [unit for unit in _UNIT.findall(quoted or plain) if unit.strip("&+")])
    ]
    phrases: dict[str, list[Phrase]] = {"": [], "-": []}
    for minus, plain, units in chunks:
        starred, last = plain.endswith("*"), plain and not minus and units is chunks[-1][2]
        goes_on = (starred and len(units[-1]) >= MIN_PREFIX) or (last and len(units[-1]) >= MIN_LAST)
        phrases[minus].append(_phrase(units, open_ended=bool(goes_on)))
    if not phrases[""]:
        raise UsageError("the query names nothing to look for: write at least one word without - before it")
    return Query(tuple(phrases[""]), tuple(phrases["-"]))
