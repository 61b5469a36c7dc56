"""What an XML feed may hold before feedparser reads it: one linear pass of expat counts. Pure.

feedparser takes time quadratic in the attributes of one tag, in the categories of one entry and in the namespaces of
one document: a feed of 400 kB can keep it busy for a minute. libexpat reads the same bytes in milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

# Tags, lines, entities and attributes of a feed; feedparser spends about 3 microseconds on each.
MAX_PIECES: Final = 1_000_000
MAX_ATTRIBUTES: Final = 250  # of one tag
MAX_CATEGORIES: Final = 1_000  # between the start of one entry and that of the next
MAX_NAMESPACES: Final = 500  # different ones of a document
MAX_DEPTH: Final = 500  # of elements

CHEAP_PIECES: Final = 100_000  # a well-formed feed with at most so many pieces is read within about 0.3 s
# The same for a malformed feed, of which expat counts only what stands before its first fault.
CHEAP_MALFORMED_PIECES: Final = 20_000
_TAG_WEIGHT: Final = 9  # pieces that one tag counts for, measured
_ENTRIES: Final = frozenset({"item", "entry"})
_CATEGORIES: Final = frozenset({"category", "subject"})
_KEYWORDS: Final = "keywords"  # one element with many categories
_ENTRY_OR_CATEGORY = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:(item|entry)|category|subject)(?=[\s/>])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Survey:
    """What the pass found. `malformed` is what a strict parser says against the body, `excess` the bound that the
    body exceeds, each one line, or empty. `cheap`: feedparser reads the body within a fraction of a second."""

    malformed: str = ""
    excess: str = ""
    cheap: bool = False


class _ExcessError(Exception):
    """Ends the pass; its text says which bound was exceeded."""


class _Counter:
    """Counts what expat meets. Raises `_ExcessError` at the first bound that is exceeded."""

    def __init__(self) -> None:
        self._depth = 0
        self._categories = 0
        self._namespaces: set[str] = set()
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.ordered_attributes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartNamespaceDeclHandler = self._namespace

    def _start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        if len(attributes) > 2 * MAX_ATTRIBUTES:
            raise _ExcessError(f"a tag has {len(attributes) // 2} attributes, more than {MAX_ATTRIBUTES}")
        if self._depth > MAX_DEPTH:
            raise _ExcessError(f"elements are nested more than {MAX_DEPTH} deep")
        local = name.rpartition(" ")[2].lower()
        if local in _ENTRIES:
            self._categories = 0
        elif local in _CATEGORIES:
            self._count(1)
        elif local == _KEYWORDS:
            self.parser.CharacterDataHandler = self._keywords

    def _end(self, _name: str) -> None:
        self._depth -= 1
        self.parser.CharacterDataHandler = None

    def _keywords(self, text: str) -> None:
        self._count(1 + text.count(" ") + text.count(",") + text.count("\n"))

    def _count(self, categories: int) -> None:
        self._categories += categories
        if self._categories > MAX_CATEGORIES:
            raise _ExcessError(f"an entry has more than {MAX_CATEGORIES} categories")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._namespaces.add(f"{prefix} {uri}")
        if len(self._namespaces) > MAX_NAMESPACES:
            raise _ExcessError(f"more than {MAX_NAMESPACES} namespaces are declared")


def survey(body: bytes) -> Survey:
    """Count a body's parts, in time linear in its size."""
    pieces = _TAG_WEIGHT * body.count(b"<") + body.count(b"\n") + body.count(b"&") + body.count(b"=")
    if pieces > MAX_PIECES:
        return Survey(excess=f"{body.count(b'<')} tags in {len(body)} bytes are more than can be read")
    try:
        _Counter().parser.Parse(body, True)
    except _ExcessError as error:
        return Survey(excess=str(error))
    except (expat.ExpatError, ValueError, LookupError) as error:
        if _has_many_categories(body):
            return Survey(excess=f"an entry has more than {MAX_CATEGORIES} categories")
        return Survey(malformed=" ".join(str(error).split())[:200], cheap=pieces <= CHEAP_MALFORMED_PIECES)
    return Survey(cheap=pieces <= CHEAP_PIECES)


def _has_many_categories(body: bytes) -> bool:
    count = 0
    for tag in _ENTRY_OR_CATEGORY.finditer(body):
        count = 0 if tag[1] else count + 1
        if count > MAX_CATEGORIES:
            return True
    return False
