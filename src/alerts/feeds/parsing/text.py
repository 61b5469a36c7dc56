"""Markup to plain text. Linear in its input, whatever that is."""

import html
import re
from collections.abc import Sequence
from contextlib import suppress

from lxml import etree

from alerts.feeds.feed import MAX_ENTRIES, MAX_TEXT
from alerts.model.tables import table

_TABLE = table("alerts.feeds", "data/html.yaml")
# What replaces the start and end of an element in the text.
_SPACE = dict.fromkeys(_TABLE["blocks"].split(), "\n") | {"td": " ", "th": " "}
_HIDDEN = frozenset(_TABLE["hidden"].split())
_TAG = re.compile(rf"</?(?:{'|'.join(_TABLE['known'].split())})(?:\s[^<>]*)?/?>|<!--|<!\[CDATA\[", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")

# Invisible characters, terminal controls, changes of the writing direction, and surrogates, which databases refuse.
# Joiners that writing systems need (U+200C, U+200D) stay.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_BLANK_LINES = re.compile("\n{3,}")


def looks_like_markup(text: str) -> bool:
    """Whether a text of undeclared type contains an HTML tag or entity."""
    return ("<" in text and _TAG.search(text) is not None) or ("&" in text and _ENTITY.search(text) is not None)


def to_text(value: str, *, markup: bool) -> str:
    """A field's value as plain text: blocks become lines, runs of spaces one space, scripts nothing.

    `markup`: it is HTML. Where what remains still looks like HTML, it was escaped twice, and is read once more."""
    text = strip_markup(value) if markup else value
    return tidy(strip_markup(text) if markup and looks_like_markup(text) else text)


def to_line(value: str, *, markup: bool) -> str:
    """As `to_text`, on one line: a title or a name."""
    return " ".join(to_text(value, markup=markup).split())


def tidy(text: str) -> str:
    """Normalises spaces and line breaks, and removes invisible characters."""
    if text.isprintable() and "  " not in text:  # no other space is printable
        return text.strip(" ")
    if "\r" in text or "\u2028" in text or "\u2029" in text or "\x85" in text:
        text = re.sub("\r\n?|[\u2028\u2029\x85]", "\n", text)
    if not text.isprintable():
        text = _UNSEEN.sub("", text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def note_of_rest(entries: Sequence[object]) -> list[str]:
    """What to say of a feed of which not all entries are read."""
    count = len(entries)
    return [f"only the first {MAX_ENTRIES} of {count} entries were read"] if count > MAX_ENTRIES else []


def bounded(summary: str, content: str, notes: list[str]) -> tuple[str, str]:
    """Both texts of an entry, bounded; a note says so where one was cut."""
    longest = max(len(summary), len(content))
    if longest > MAX_TEXT:
        notes.append(f"a text of {longest} characters was cut to {MAX_TEXT}")
    return summary[:MAX_TEXT], content[:MAX_TEXT]


def strip_markup(value: str) -> str:
    """The text that a browser would show, roughly. Never raises."""
    if "<" not in value:
        return html.unescape(value) if "&" in value else value
    if _UNSEEN.search(value):
        value = _UNSEEN.sub("", value)  # libxml2 ends at a NUL
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = None
    with suppress(etree.LxmlError):
        root = etree.fromstring(value.encode(), parser)
    if root is None:  # nothing but comments, or the beginnings of tags
        return html.unescape(re.sub(r"<[^<>]*>?", " ", value))
    parts: list[str] = []
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        tag = str(element.tag)
        if event == "end":
            parts += ["" if tag in {"br", "hr"} else _SPACE.get(tag, ""), element.tail or ""]
        elif tag in _HIDDEN:
            walker.skip_subtree()
        else:
            parts += [_SPACE.get(tag, ""), element.text or ""]
    return "".join(parts)
