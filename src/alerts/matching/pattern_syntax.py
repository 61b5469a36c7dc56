"""The pattern language of topics: from the text of a pattern to a tree.

words        in order, next to one another, within one sentence; case and accents do not count
WORD         a word in capitals (of two letters or more) counts only in capitals
breach*      the word and longer ones that begin with it; `*angriff` longer ones that end with it
{steal}      the verb in all its forms: steal, steals, stole, stolen, stealing
(a|b c)      one of the alternatives; groups may be nested
word?        the word, or nothing; also after a group
~4           up to four words of any kind
#            a number or an amount: 5, 38b, 1.5m
<family>     a word family defined under `word_families`
@            an institution; `@target`, `@actor`: the one acted upon, the one who acts"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.matching.inflection import LANGUAGES, inflect
from alerts.matching.text import Text

MAX_GAP = 30  # words
MAX_NAME = 60  # words of an institution's name, with what belongs to it
MAX_DEPTH = 8  # nested groups
MAX_NODES = 20_000  # words, gaps and groups of one pattern, families written out
MAX_LENGTH = 50_000  # characters of one pattern, families written out

_TOKEN = re.compile(r"\s+|~\d*|@\w*|[(|)?]|\{[^{}]*\}|<[^<>]*>|#(?=[\s)|?]|$)|[^\s(){}|?<>~@]+|.", re.DOTALL)
_FAMILY = re.compile(r"<([^<>]*)>")


class PatternError(ValueError):
    """A pattern that cannot be read. `offset` is the place in its text, in characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, offset)
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Word:
    """One word, folded and in lower case; `cased` where it counts only as written."""

    text: str
    open_start: bool = False
    open_end: bool = False
    cased: str = ""
    unspaced: bool = False  # in a script without spaces: found at any character

    def __str__(self) -> str:
        return f"{'*' if self.open_start else ''}{self.cased or self.text}{'*' if self.open_end else ''}"


@dataclass(frozen=True, slots=True)
class Number:
    """A number or an amount."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to `most` words."""

    most: int


@dataclass(frozen=True, slots=True)
class Mentioned:
    """An institution. `role` is `target`, `actor` or empty."""

    role: str


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the alternatives, or nothing where `optional`."""

    options: "tuple[Node, ...]"
    optional: bool = False


Node = Word | Number | Gap | Mentioned | Sequence | Choice


def write_out_families(text: str, families: Mapping[str, str]) -> str:
    """A pattern with its word families as groups of their alternatives. Raises PatternError for an unknown one."""
    for _ in range(MAX_DEPTH):
        if not _FAMILY.search(text):
            return text
        text = _FAMILY.sub(lambda found: f"({_alternatives(found, families)})", text)
        if len(text) > MAX_LENGTH:
            break
    raise PatternError("the word families in it hold one another, or are too long", 0)


def _alternatives(found: re.Match[str], families: Mapping[str, str]) -> str:
    name = found[1].strip()
    if name not in families:
        raise PatternError(f"no word family is called {name!r}", found.start())
    return families[name]


def parse_pattern(text: str, language: str = "") -> Node:
    """The tree of a pattern whose word families are written out.

    Raises PatternError where the pattern cannot be read, or would match without any word."""
    if len(text) > MAX_LENGTH:
        raise PatternError(f"too long: a pattern has at most {MAX_LENGTH:,} characters", 0)
    parser = _Parser(text, language.partition("-")[0].lower())
    options = parser.alternatives(0)
    if parser.at < len(parser.pieces):
        raise PatternError("a bracket closes that was not opened", parser.pieces[parser.at][1])
    options = [_without_outer_gaps(each) for each in options]
    node = options[0] if len(options) == 1 else Choice(tuple(options))
    if anchors(node) is None:
        raise PatternError("a pattern needs a word that is not optional", 0)
    return node


def _without_outer_gaps(node: Node) -> Node:
    """A gap at the beginning or the end of a pattern may hold no word, so it says nothing."""
    parts = list(node.parts) if isinstance(node, Sequence) else [node]
    while parts and isinstance(parts[0], Gap):
        del parts[0]
    while parts and isinstance(parts[-1], Gap):
        del parts[-1]
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def anchors(node: Node) -> frozenset[Word] | None:
    """Words of which a match holds at least one, the best set of them; None where it can do without."""
    match node:
        case Word():
            return frozenset({node})
        case Choice(options, optional):
            sets = [anchors(each) for each in options]
            if optional or any(each is None for each in sets):
                return None
            return frozenset().union(*(each for each in sets if each))
        case Sequence():
            return min(required(node), key=_commonness, default=None)
    return None


def required(node: Node) -> list[frozenset[Word]]:
    """For each part that a match cannot do without, the words of which it holds at least one."""
    if isinstance(node, Sequence):
        return [each for part in node.parts for each in required(part)]
    found = anchors(node)
    return [] if found is None else [found]


def needs_name(node: Node) -> bool:
    """Whether no match can do without an institution."""
    match node:
        case Mentioned():
            return True
        case Sequence(parts):
            return any(map(needs_name, parts))
        case Choice(options, optional):
            return not optional and all(map(needs_name, options))
    return False


def reach(node: Node) -> int:
    """The most words that a match holds."""
    match node:
        case Gap(most):
            return most
        case Sequence(parts):
            return sum(map(reach, parts))
        case Choice(options):
            return max(map(reach, options))
        case Mentioned():
            return MAX_NAME
    return 1


def words_of(node: Node) -> Iterator[Word]:
    """All words of a pattern."""
    match node:
        case Word():
            yield node
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from words_of(part)


def _commonness(words: frozenset[Word]) -> tuple[float, int]:
    """Orders sets of words by how often texts hold one of them, by their lengths: short words are frequent."""
    return sum(2.0 ** -len(word.text) if not word.unspaced else 0.0 for word in words), len(words)


class _Parser:
    def __init__(self, text: str, language: str) -> None:
        self.pieces = [(found.group(), found.start()) for found in _TOKEN.finditer(text) if not found.group().isspace()]
        self.text = text
        self.at = 0
        self._language = language
        self._nodes = 0

    def alternatives(self, depth: int) -> list[Node]:
        options = [self._sequence(depth)]
        while self._follows("|"):
            self.at += 1
            options.append(self._sequence(depth))
        return options

    def _sequence(self, depth: int) -> Node:
        """Parts up to the end, a `|` or a closing bracket."""
        begin = self.pieces[self.at][1] if self.at < len(self.pieces) else len(self.text)
        parts: list[Node] = []
        while self.at < len(self.pieces):
            piece, offset = self.pieces[self.at]
            if piece in {"|", ")"}:
                break
            self.at += 1
            self._nodes += 1
            if self._nodes > MAX_NODES:
                raise PatternError(f"too long: a pattern has at most {MAX_NODES:,} words and groups", 0)
            parts += self._part(piece, offset, depth)
        if not parts:
            raise PatternError("nothing stands here: write a word", begin)
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _part(self, piece: str, offset: int, depth: int) -> list[Node]:
        first = piece[0]
        if piece == "(":
            return [self._optional(self._group(offset, depth))]
        if piece == "?":
            raise PatternError("`?` follows a word or a group directly", offset)
        if first == "~":
            return [_gap(piece, offset)]
        if first == "@":
            if piece[1:] not in {"", "target", "actor"}:
                raise PatternError(f"unknown place {piece!r}: write @, @target or @actor", offset)
            return [self._optional(Mentioned(piece[1:]))]
        if piece == "#":
            # The words of "1.8" are two.
            return [self._optional(Sequence((Number(), Choice((Number(),), optional=True))))]
        if first == "{" and len(piece) > 1:
            return [self._optional(self._verb(piece[1:-1].strip(), offset))]
        if first in "{}<>":
            raise PatternError(f"{first!r} has no partner", offset)
        words = _words(piece, offset)
        if len(words) > 1 and self._follows("?"):
            return [self._optional(Sequence(words))]
        return [*words[:-1], self._optional(words[-1])]

    def _follows(self, piece: str) -> bool:
        return self.at < len(self.pieces) and self.pieces[self.at][0] == piece

    def _optional(self, node: Node) -> Node:
        if not self._follows("?"):
            return node
        self.at += 1
        return Choice((node,), optional=True)

    def _group(self, offset: int, depth: int) -> Node:
        if depth >= MAX_DEPTH:
            raise PatternError(f"brackets are nested more than {MAX_DEPTH} deep", offset)
        options = self.alternatives(depth + 1)
        if self.at >= len(self.pieces):
            raise PatternError("this bracket is not closed", offset)
        self.at += 1
        if len(options) > 1 and any(isinstance(each, Choice) and each.optional for each in options):
            message = "one of these alternatives may be left out: write `?` after the bracket (word|words)?"
            raise PatternError(message, offset)
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _verb(self, verb: str, offset: int) -> Node:
        if self._language not in LANGUAGES:
            message = f"{{{verb}}} needs a language: write the pattern under one of {', '.join(LANGUAGES)}"
            raise PatternError(message, offset)
        if not verb or not all(char.isalpha() or char in " -'" for char in verb):
            raise PatternError("write one verb in its basic form: {steal}", offset)
        head, *rest = verb.split()
        tail = [word for each in rest for word in _words(each, offset)]
        options: list[Node] = []
        for form in inflect(head, self._language):
            words = (*_words(form, offset), *tail)
            options.append(words[0] if len(words) == 1 else Sequence(words))
        self._nodes += len(options)
        return Choice(tuple(options))


def _gap(piece: str, offset: int) -> Gap:
    digits = piece[1:]
    if not digits:
        raise PatternError("write how many words may stand between, for example ~3", offset)
    if len(digits) > 9 or not 0 < int(digits) <= MAX_GAP:
        raise PatternError(f"a gap is from 1 to {MAX_GAP} words", offset)
    return Gap(int(digits))


def _words(piece: str, offset: int) -> tuple[Word, ...]:
    """The words of a piece without spaces: `co-founder*` is two."""
    open_start, open_end = piece.startswith("*"), piece.endswith("*")
    bare = piece.strip("*")
    if "*" in bare:
        raise PatternError("`*` stands only at the beginning or the end of a word", offset)
    words = words_in(Text(bare), open_start, open_end)
    if not words:
        raise PatternError(f"{piece!r} has no letter or digit", offset)
    return words


def words_in(text: Text, open_start: bool = False, open_end: bool = False) -> tuple[Word, ...]:
    """The words of a text, of which the first and the last may be open. One in capitals counts only in capitals."""
    if text.special:
        return (Word(text.low.strip(), unspaced=True),)
    last = len(text.tokens) - 1
    return tuple(
        Word(
            low,
            open_start and index == 0,
            open_end and index == last,
            cased if cased.isupper() and len(cased) > 1 and not (open_start or open_end) else "",
        )
        for index, (low, cased) in enumerate(zip(text.tokens, text.cased_tokens, strict=True))
    )
