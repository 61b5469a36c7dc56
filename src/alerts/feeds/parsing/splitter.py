"""Cut an XML feed into its entries without reading it, so that only unknown entries need reading.

Most polls whose bytes changed bring nothing new, and a full parse is slow. Here the bytes are cut at the
entries' tags, and each entry gets a hash. Known ones can be left out: what remains, in its feed's envelope,
is a smaller feed that any parser reads to the same entries.

Cutting XML at tags is right only where no tag stands inside a comment or CDATA, where no document type changes what
entities mean, and where bytes are characters. Wherever that is in doubt there is no split, and the whole feed is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

# Dates are taken out before hashing: builds rewrite them, and a date rewritten alone makes nothing.
_DATES = re.compile(
    rb"<((?:[A-Za-z0-9_.-]{1,20}:)?(?:pubDate|published|updated|lastBuildDate|date|modified|issued|created))"
    rb"(?:\s[^<>]*)?>(?:<!\[CDATA\[)?[^<>]{0,100}(?:\]\]>)?</\1\s*>"
)
_OPEN = {name: re.compile(b"<" + name + rb"(?=[\s>/])") for name in (b"item", b"entry")}
_ENTRY_ANYWHERE = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)(?=[\s>/])", re.IGNORECASE)
_CLOSINGS = re.compile(rb"(?:\s*</[\w:.-]+\s*>)+\s*")
_DECLARATION = re.compile(rb"\s*<\?xml[^<>]*>")
_ROOT = re.compile(rb"<[A-Za-z_][^<>]*>")
_CHANNEL = re.compile(rb"<channel\b[^<>]*>")
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^<>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._-]+)", re.IGNORECASE)
# Encodings in which the bytes of a tag are always that tag.
_ASCII_BASED = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-?\d+|latin-?\d+|windows-125\d|cp125\d|koi8-[ru]", re.IGNORECASE
)


def without_dates(data: bytes) -> bytes:
    """The bytes without the elements that hold dates."""
    return _DATES.sub(b"", data)


def digest(data: bytes, *, size: int, salt: bytes = b"") -> str:
    return hashlib.blake2b(data, digest_size=size, salt=salt).hexdigest()


@dataclass(frozen=True, slots=True)
class SplitFeed:
    """A feed in pieces: `head` up to the first entry, the entries, `tail` behind the last.

    `entry_hashes` are the entries' hashes. They are salted with everything outside an entry that its meaning depends
    on: the namespaces, base and language of the elements around it, and the address it came from.
    """

    head: bytes
    entries: tuple[bytes, ...]
    tail: bytes
    entry_hashes: tuple[str, ...]

    @property
    def envelope_hash(self) -> str:
        return digest(without_dates(self.head) + b"\n" + self.tail, size=8)

    def only(self, indexes: Sequence[int], *, bare: bool = False) -> bytes:
        """The feed with these entries alone; `bare`: in an envelope that says nothing of itself but dates, where
        the rest can be taken off."""
        head, tail = (self._bare() or (self.head, self.tail)) if bare else (self.head, self.tail)
        return b"".join((head, *(self.entries[index] for index in indexes), tail))

    def _bare(self) -> tuple[bytes, bytes] | None:
        if _CLOSINGS.fullmatch(self.tail) is None:
            return None
        declaration, root, channel = _around(self.head)
        if b"</channel" in self.head:  # RSS 1.0 has its items behind the channel
            return declaration + root, self.tail
        dates = b"".join(match[0] for match in _DATES.finditer(self.head))
        return declaration + root + channel + dates, self.tail


def split(body: bytes, content_type: str, *, base_url: str, hash_size: int) -> SplitFeed | None:
    """Cut a feed; None where it is in doubt how."""
    if not _bytes_are_characters(body, content_type):
        return None
    starts = [(match.start(), name) for name, tag in _OPEN.items() if (match := tag.search(body))]
    if len(starts) != 1:
        return None
    at, name = starts[0]
    head = body[:at]
    if b"<!DOCTYPE" in head or b"<!doctype" in head or b"<!ENTITY" in head:
        return None
    opening, closing = _OPEN[name], b"</" + name + b">"
    entries: list[bytes] = []
    while True:
        end = body.find(closing, at)
        if end < 0:
            return None
        end += len(closing)
        following = opening.search(body, end)
        if following is None:
            entries.append(body[at:end])
            break
        between = _without_opaque(body[end : following.start()])
        if between is None or between.strip():
            return None
        entries.append(body[at : following.start()])
        at = following.start()
    tail = body[end:]
    if not _sound(head, entries, tail, opening):
        return None
    context = b"\0".join(
        # The query of the address says nothing of what a relative link means, and is often another each time.
        (*_around(head), base_url.partition("?")[0].encode("utf-8", "replace"), content_type.encode("utf-8", "replace"))
    )
    salt = hashlib.blake2b(context, digest_size=16).digest()
    entry_hashes = tuple(digest(without_dates(entry), size=hash_size, salt=salt) for entry in entries)
    return SplitFeed(head, tuple(entries), tail, entry_hashes)


def _around(head: bytes) -> tuple[bytes, bytes, bytes]:
    """The XML declaration and the start tags around the entries, each empty where there is none."""
    plain = _without_opaque(head) or b""
    matches = _DECLARATION.match(plain), _ROOT.search(plain), _CHANNEL.search(plain)
    declaration, root, channel = (match[0] if match else b"" for match in matches)
    return declaration, root, channel


def _bytes_are_characters(body: bytes, content_type: str) -> bool:
    """Whether the bytes of a tag are a tag wherever they stand, and each piece decodes as the whole does."""
    names = [match[1] for match in [_CHARSET.search(content_type)] if match]
    if (declared := _XML_ENCODING.search(body[:256])) is not None:
        names.append(declared[1].decode("ascii"))
    if not all(_ASCII_BASED.fullmatch(name) for name in names) or b"\x00" in body or b"\x1b" in body:
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return bool(names) and not any(name.lower().startswith(("u", "ascii")) for name in names)
    return True


def _sound(head: bytes, entries: list[bytes], tail: bytes, opening: re.Pattern[bytes]) -> bool:
    """Whether each piece stands for itself: one entry each, none elsewhere, nothing opaque across a split."""
    for entry in entries:
        is_empty = entry[: entry.find(b">") + 1].endswith(b"/>")
        if is_empty or opening.search(entry, 1) is not None or b"<?" in entry or not _closed(entry):
            return False
    return all(_closed(piece) and not _ENTRY_ANYWHERE.search(piece) for piece in (head, tail))


def _closed(piece: bytes) -> bool:
    """Whether every comment and CDATA section of a piece begins and ends in it."""
    plain = _without_opaque(piece)
    return plain is not None and not any(edge in plain for edge in (b"<!", b"]]>", b"-->"))


def _without_opaque(piece: bytes) -> bytes | None:
    """A piece without its comments and CDATA sections; None where one does not end."""
    if b"<!" not in piece:
        return piece
    kept = []
    at = 0
    while (start := piece.find(b"<!", at)) >= 0:
        kept.append(piece[at:start])
        for opening, closing in ((b"<![CDATA[", b"]]>"), (b"<!--", b"-->")):
            if piece.startswith(opening, start):
                end = piece.find(closing, start + len(opening))
                if end < 0:
                    return None
                at = end + len(closing)
                break
        else:
            kept.append(b"<!")
            at = start + 2
    kept.append(piece[at:])
    return b"".join(kept)
