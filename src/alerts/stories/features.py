"""What clustering and independence need to know of an item, so that its texts are not needed again."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, b85decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from struct import pack, unpack

from alerts.model.item import Item
from alerts.model.pages import canonical
from alerts.model.times import instant, micros
from alerts.stories import credit
from alerts.stories.corrections import without_mark
from alerts.stories.sketch import fingerprints
from alerts.stories.terms import FREQUENT, terms, terms_of, tokens, weight

VERSION = 4
"""Of what features say and how they are written. With another one all that is recorded is clustered again."""

_NAMED = 2  # up to this version the publisher stood behind the item, as it was written
# Base 64 takes a little more room than base 85, and a tenth of the time.
_DECODERS: Mapping[int, Callable[[str], bytes]] = {1: b85decode, 2: b64decode, 3: b64decode, 4: b64decode}
_NAME, _TITLE, _TEXT = 300, 400, 12_000  # characters that are looked at
_BODY = 480  # characters, the first of a summary or content, that say what the headline left out
_BODY_TERMS = 16


@dataclass(frozen=True, slots=True)
class Features:
    """An item, reduced. `terms` are the title's; `body` are further ones, from the first words of the text.

    `outlet` is the publisher's name made comparable, `origin` that of whom an aggregator names as its source,
    `agency` the news agency the text is credited to (empty: none), `headline` a hash of the title as read,
    `opening` and `sketch` fingerprints of the text (empty where the item has none).
    """

    item: str
    outlet: str
    link: str
    reported: datetime
    observed: datetime
    terms: tuple[str, ...]
    body: tuple[str, ...] = ()
    headline: int = 0
    opening: tuple[int, ...] = ()
    sketch: tuple[int, ...] = ()
    origin: str = ""
    agency: str = ""

    def dump(self) -> bytes:
        """A compact, deterministic, versioned form; `load` gives an equal value back."""
        record = [
            VERSION,
            self.item,
            self.outlet,
            self.link,
            micros(self.reported),
            micros(self.observed),
            " ".join(self.terms),
            " ".join(self.body),
            self.headline,
            _packed(self.opening),
            _packed(self.sketch),
            self.origin,
            self.agency,
        ]
        return json.dumps(record, separators=(",", ":")).encode("ascii")

    @classmethod
    def load(cls, data: bytes) -> Features:
        """The value that `dump` wrote. Raises ValueError where `data` is of no known version."""
        record = json.loads(data)
        if not isinstance(record, list) or not record or record[0] not in tuple(_DECODERS):
            raise ValueError(f"features of an unknown version: {data[:20]!r}")
        version = record[0]
        if version <= _NAMED:
            del record[2]
        (_, item, outlet, link, reported, observed, words, body, headline, start, whole, origin, agency) = record
        return cls(
            item,
            outlet,
            link,
            instant(reported),
            instant(observed),
            tuple(words.split()),
            tuple(body.split()),
            headline,
            _unpacked(start, version),
            _unpacked(whole, version),
            origin,
            agency,
        )


def _packed(values: tuple[int, ...]) -> str:
    return b64encode(pack(f">{len(values)}I", *values)).decode("ascii")


def _unpacked(text: str, version: int) -> tuple[int, ...]:
    raw = _DECODERS[version](text)
    return unpack(f">{len(raw) // 4}I", raw)


def features(item: Item, publisher: str) -> Features:
    """Reduce an item; `publisher` is the item's own or, where it names none, its source's.

    Texts are looked at up to a length that no headline and few articles reach, so that no item costs much.
    """
    publisher, origin = publisher[:_NAME], item.origin[:_NAME]
    text = (item.content if len(item.content) > len(item.summary) else item.summary)[:_TEXT]
    title = _without_publisher(without_mark(item.title), publisher) or text
    read = tokens(title[:_TITLE])
    words = terms_of(read)
    body: tuple[str, ...] = ()
    start: tuple[int, ...] = ()
    whole: tuple[int, ...] = ()
    if text:
        lower = tokens(text.lower())
        start, whole = fingerprints(lower)
        body = _body_terms(item.summary or text, words)
    agency = credit.agency(publisher) or credit.agency(origin)
    if not agency and (text or item.author):
        agency = credit.credited(item.author[:_NAME], item.summary) or credit.credited("", item.content)
    return Features(
        item=item.id,
        outlet=credit.outlet(publisher),
        link=canonical(item.url) if item.url else "",
        reported=item.reported,
        observed=item.observed,
        terms=words,
        body=body,
        headline=_headline(read),
        opening=start,
        sketch=whole,
        origin=credit.outlet(origin) if origin else "",
        agency=agency,
    )


def _headline(words: list[str]) -> int:
    read = " ".join(words).lower().encode("utf-8", "replace")
    return int.from_bytes(blake2b(read, digest_size=6).digest(), "big")


def _without_publisher(title: str, publisher: str) -> str:
    """The title without a final `- Publisher` or `| Publisher`, which aggregators and sites append."""
    if publisher and title.endswith(publisher):
        shorter = title[: -len(publisher)].rstrip()
        if shorter[-1:] in {"-", "|", "–", "—", "·"}:
            return shorter[:-1].rstrip() or title
    return title


def _body_terms(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = [term for term in terms(text[:_BODY]) if term not in known and weight(term) > FREQUENT]
    return tuple(found[:_BODY_TERMS])
