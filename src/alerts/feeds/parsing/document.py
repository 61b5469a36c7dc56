"""An XML feed as a tree, its entries recognised by a hash of what they say.

Most polls whose bytes changed bring nothing new, and reading an entry is slow. libxml2 parses a whole feed in a
millisecond; each entry is then serialised without its dates and hashed, and an entry whose hash is known is not read.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from contextlib import suppress

from lxml import etree

from alerts.feeds.parsing.known_entries import HASH_BYTES, without_dates

_HEADER = re.compile(rb"\s*(?:<\?xml[^<>?]*\?>)?", re.DOTALL)
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([^\"']*)")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def parse_document(body: bytes, content_type: str) -> etree._Element | None:
    """The root of a feed that is well-formed XML in UTF-8 without a document type; None for any other."""
    if not _is_plain_utf8(body, content_type):
        return None
    # Limits on depth and size stay on: feedparser reads what exceeds them, within bounds of its own.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, strip_cdata=False
    )
    with suppress(etree.LxmlError, ValueError):
        root = etree.fromstring(body, parser)
        if root.getprevious() is None and root.getnext() is None:
            return root
    return None


def _is_plain_utf8(body: bytes, content_type: str) -> bool:
    """Whether the body is UTF-8 by every sign there is, and has no document type and no processing instruction."""
    header = _HEADER.match(body)
    end = header.end() if header else 0
    declared = _ENCODING.search(body, 0, end)
    charset = _CHARSET.search(content_type)
    if (declared and declared[1].lower() != b"utf-8") or (charset and charset[1].lower() != "utf-8"):
        return False
    if not body.startswith(b"<") or body.find(b"<?", end) >= 0 or body.find(b"<!DOCTYPE") >= 0:
        return False
    with suppress(UnicodeDecodeError):
        body.decode("utf-8")
        return True
    return False


def entries_of(root: etree._Element) -> list[etree._Element]:
    """The entries in order; none where an element of that name stands elsewhere, as it is unclear what it is then."""
    found = list(root.iter("{*}item", "{*}entry"))
    parents = {root, *root.iterchildren("{*}channel")}
    return found if all(each.getparent() in parents for each in found) else []


def entry_hashes(root: etree._Element, entries: Sequence[etree._Element], base_url: str) -> list[str]:
    """The hash of each entry without its dates.

    Salted with all that an entry's meaning depends on outside of it: base and language of the elements around it, and
    the address of the feed. (Serialising an element declares the namespaces that it uses.)"""
    around = [root, *root.iterchildren("{*}channel")]
    # The query of the address says nothing of what a relative link means, and is often another each time.
    context = repr((base_url.partition("?")[0], [sorted(each.attrib.items()) for each in around]))
    salt = hashlib.blake2b(context.encode("utf-8", "replace"), digest_size=16).digest()
    texts = (etree.tostring(entry, encoding="utf-8", with_tail=False) for entry in entries)
    hashes = (hashlib.blake2b(without_dates(text), digest_size=HASH_BYTES, salt=salt) for text in texts)
    return [each.hexdigest() for each in hashes]


def without(root: etree._Element, entries: Collection[etree._Element]) -> bytes:
    """The feed without these entries, which are taken out of the tree."""
    for entry in entries:
        parent = entry.getparent()
        assert parent is not None  # noqa: S101 - `entries_of` finds no root
        parent.remove(entry)
    return etree.tostring(root, encoding="utf-8")
