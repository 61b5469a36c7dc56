"""A field as matching sees it: folded, cut into words and sentences, with the way back to the text as given.

Folding makes spellings that readers take for the same equal: Unicode compatibility forms (NFKC), accents on
Latin letters, quotes and dashes, white space, invisible characters. Case is kept in `cased` and dropped in
`low`; both have the same length, and `raw_span` leads from their offsets to code points of the raw text.

Everything here is linear in the text, whatever it holds (lone surrogates, megabytes, no spaces at all)."""

import re
import unicodedata
from bisect import bisect_right
from functools import cached_property, lru_cache

from alerts.matching.words import word_list

# Scripts written without spaces between words: any character may begin or end a name there.
_UNSPACED_RANGES = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # radicals, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_HANGUL = "\u1100-\u11ff\uac00-\ud7a3"

# Marks that readers do without: accents, Hebrew and Arabic vowel points, variation selectors.
_OPTIONAL_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u0652\u0656-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e8\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
)
# What joins the character before it: these, Arabic hamza, Indic nukta, kana voicing, Hangul vowels and finals.
_JOINING = f"[{_OPTIONAL_MARKS}\u0653-\u0655\u093c\u09bc\u0a3c\u0b3c\u3099\u309a\uff9e\uff9f\u1160-\u11ff]"
_SIGNS = "\u0900-\u0963\u0966-\u0dff\u0f00-\u0fbc"  # vowel signs of Indic scripts are parts of words, too

UNSPACED_CHARACTER = re.compile(f"[{_UNSPACED_RANGES}]")
LETTER = rf"(?:[^\W_{_UNSPACED_RANGES}]|[&+{_SIGNS}])"  # one character of a word of `Text.tokens`
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_JOINS = re.compile(_JOINING)
_OPTIONAL = re.compile(f"[{_OPTIONAL_MARKS}]")
_CLUSTER = re.compile(rf"[\s\S]{_JOINING}{{0,16}}")
_SPECIAL_SCRIPT = re.compile(f"[{_UNSPACED_RANGES}{_HANGUL}]")
_NO_WORD = re.compile(rf"[^\w&+{_SIGNS}]|_|[{_UNSPACED_RANGES}]")
_CAPITAL = re.compile(r"(?<!\S)[\"'(\[]*[A-Z]")
_SMALL_PRONOUN = re.compile(r"(?<= )i(?= [a-z])")

# Letters and digits of ASCII stay, all others become a space; `&` and `+` belong to names (AT&T, Canal+).
ASCII_WORDS = bytes(code if chr(code).isalnum() or chr(code) in "&+" else ord(" ") for code in range(256))

_SPECIAL = (
    dict.fromkeys("‘’‚‛′‵＇`´ʼʹˈ", "'")
    | dict.fromkeys("“”„‟″‶«»", '"')
    | dict.fromkeys("‐‑‒–−﹣－", "-")
    | dict.fromkeys("—―⸺", ";")  # a dash between clauses: never inside a name
    | {"…": ".", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "ς": "σ"}
    | dict.fromkeys("أإآٱ", "ا")  # the hamza of an alif is written or not
    | {"\u2028": "\n", "\u2029": "\n", "\x85": "\n"}
)
_BLANK_LINE = re.compile(r"\n\s*\n")
_LOOSE_GAPS = frozenset({" ", "-", ",", "/"})

# The end of a sentence. One class of characters first: the engine skips what is none of them.
_BOUNDARY = re.compile(r"[.!?…。！？\n](?:(?<=[。！？\n])|[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\Wa-z]))")
_LAST_WORD = re.compile(r"[\w.]{1,12}$")
_DOTTED = re.compile(r"(?:\w\.)+\w")
_ABBREVIATIONS = word_list("abbreviations")
_ORDINAL = re.compile(r"\b(?i:ab|am|bis|das|dem|den|der|des|die|im|seit|und|vom|zum|zur)\s+\d{1,2}$")  # am 16. Dezember
_MAX_SOUGHT = 8  # places of a text that are searched for
_BLANK_CATEGORIES = frozenset({"Cs", "Cc", "Cn", "Co", "Zs"})


@lru_cache(maxsize=1 << 16)
def fold(cluster: str) -> str:
    """A character (with what joins it) as names are compared, case kept. May be empty or longer.

    Invisible and bidirectional characters vanish; superscripts such as ™ and lone surrogates become spaces."""
    if cluster.isascii() or cluster in _SPECIAL:
        return _SPECIAL.get(cluster, cluster)
    first = cluster[0]
    category = unicodedata.category(first)
    if category == "Cf" or _OPTIONAL.match(first):
        return ""
    if category in _BLANK_CATEGORIES or unicodedata.decomposition(first).startswith("<super>"):
        return " "
    whole = unicodedata.normalize("NFKD", cluster)
    if not whole[0].isascii():
        whole = unicodedata.normalize("NFKC", cluster)
    whole = _OPTIONAL.sub("", whole).replace("ß", "ss").replace("ẞ", "SS")
    return "".join(_SPECIAL.get(char, char) for char in whole)


class Text:
    """One field, folded: `cased` keeps its case, `low` is in lower case; both have the same offsets.

    `tokens` are its words in lower case, `cased_tokens` the same with their case. `special` says that the text
    holds Hangul or a script that is written without spaces: there names are looked for character by character."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self._back: list[int] | None = None  # offset in `low` -> offset in `raw`, where they differ
        self._places: dict[tuple[int, int], tuple[int, int, str, str]] = {}
        self.styles: dict[int, str] = {}  # kept for `Candidate`: how sentences use capitals, by offset
        self.cased = raw if raw.isascii() else self._fold(raw)
        # `cased` with a space for everything that is not part of a word.
        if self.cased.isascii():
            self.low = self.cased.lower()
            self._separated = self.cased.encode("ascii").translate(ASCII_WORDS).decode("ascii")
            self.special = False
        else:
            self.low = self.cased.lower().replace("ς", "σ")
            self._separated = _NO_WORD.sub(" ", self.cased)
            self.special = _SPECIAL_SCRIPT.search(self.low) is not None
        self.cased_tokens = self._separated.split()

    def _fold(self, raw: str) -> str:
        odd = set(_NON_ASCII.findall(raw))
        if all(len(fold(char)) == 1 for char in odd) and not _JOINS.search("".join(odd)):
            return _NON_ASCII.sub(lambda found: fold(found.group()), raw)
        pieces: list[str] = []
        back: list[int] = []
        for found in _CLUSTER.finditer(raw):
            cluster = found.group()
            piece = cluster if cluster.isascii() else fold(cluster)
            pieces.append(piece)
            back.extend([found.start()] * len(piece))
        back.append(len(raw))
        self._back = back
        return "".join(pieces)

    @cached_property
    def tokens(self) -> list[str]:
        """Its words in lower case; most texts without a candidate never need them."""
        return self._separated.lower().replace("ς", "σ").split()

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each word in `low`."""
        end = -1  # of the part before
        sizes = map(len, self._separated.split(" "))
        return [end - size for size in sizes if (end := end + size + 1) and size]

    @cached_property
    def caseless(self) -> bool:
        """Whether its writer leaves capitals out, as in chats, so that case tells nothing.

        Not even the pronoun `I` has one (in Italian an article), or no word beside a link, a hashtag or a handle."""
        cased = self.cased
        marked = "@" in cased or "#" in cased or "http" in cased
        return (" i " in cased and bool(_SMALL_PRONOUN.search(cased))) or (marked and _CAPITAL.search(cased) is None)

    def end(self, index: int) -> int:
        """The offset in `low` where word `index` ends."""
        return self.starts[index] + len(self.cased_tokens[index])

    def place(self, first: int, last: int) -> tuple[int, int, str, str]:
        """Of words `first` up to `last`: where they start and end in `low`, what is before them and what after, up to
        the words beside them or the rims of the text."""
        place = self._places.get((first, last))
        if place is None:
            place = self._places[first, last] = self._find_place(first, last)
        return place

    def _find_place(self, first: int, last: int) -> tuple[int, int, str, str]:
        low, separated, words = self.low, self._separated, self.cased_tokens
        # To search costs less than to measure all words.
        if "starts" not in self.__dict__ and len(self._places) < _MAX_SOUGHT:
            start = separated.find(words[first])
            if separated.find(words[first], start + 1) >= 0:  # it stands there more than once
                start = len(separated) - len(separated.split(None, first)[first])
            written = " ".join(words[first:last])
            if separated.startswith(written, start):
                end = start + len(written)
                before, after = separated[:start].rstrip(), separated[end:].lstrip()
                return start, end, low[len(before) : start], low[end : len(low) - len(after)]
        start, end = self.starts[first], self.end(last - 1)
        begin = self.end(first - 1) if first else 0
        finish = self.starts[last] if last < len(words) else len(low)
        return start, end, low[begin:start], low[end:finish]

    def gap(self, index: int) -> str:
        """What stands before word `index`: up to the word before it, or the rim of the text."""
        if index > 0:
            return self.place(index - 1, index)[3]
        return self.place(0, 1)[2] if self.cased_tokens else self.low

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """A span of `low` as code points into the text as given."""
        if self._back is None:
            return start, end
        if end <= start:
            return self._back[start], self._back[start]
        last = _CLUSTER.match(self.raw, self._back[end - 1])
        assert last is not None  # noqa: S101 - the pattern matches any one character
        return self._back[start], last.end()


def same_gap(given: str, seen: str, word: str) -> bool:
    """Whether `seen`, after `word` in a text, may stand for `given` between the same words of a name.

    A space, a hyphen and a single line break are the same; a comma or slash of the name may be missing; the
    full stop of an abbreviation (of at most three letters) may be missing or added. A blank line never is."""
    if given == seen:
        return True
    if "\n" in seen and _BLANK_LINE.search(seen):
        return False
    seen = " ".join(seen.split()) or (" " if seen else "")
    given = given.strip() or " "
    if given == seen:
        return True
    if given in _LOOSE_GAPS:
        return seen in {" ", "-"} or (seen == "." and given == " " and len(word) <= 3)
    return given == "." and seen == " "


class Sentences:
    """The sentences of one text; `at` numbers them by offset, `starts` are the offsets of all but the first.

    Enough to tell whether two spans stand in the same one. An abbreviation's full stop ends none."""

    __slots__ = ("starts",)

    def __init__(self, raw: str) -> None:
        self.starts = [found.end() for found in _BOUNDARY.finditer(raw) if not _abbreviates(raw, found.start())]

    def at(self, offset: int) -> int:
        return bisect_right(self.starts, offset)


def _abbreviates(raw: str, stop: int) -> bool:
    if raw[stop] != ".":
        return False
    word = _LAST_WORD.search(raw, max(0, stop - 12), stop)
    if word is None:
        return False
    last = word.group().lower()
    if last.isdigit():
        return _ORDINAL.search(raw, max(0, stop - 8), stop) is not None
    return last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()) or _DOTTED.fullmatch(last) is not None
