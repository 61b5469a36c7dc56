"""What clustering and independence need to know of an item, so that its texts are not needed again."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import islice
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

_READ = (2, 3, VERSION)  # the versions that can be read
_NAMED = 2  # the publisher stood behind the item, as it was written
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
        times = micros(self.reported), micros(self.observed)
        words = " ".join(self.terms), " ".join(self.body)
        prints = _packed(self.opening), _packed(self.sketch)
        whose = self.item, self.outlet, self.link
        record = [VERSION, *whose, *times, *words, self.headline, *prints, self.origin, self.agency]
        return json.dumps(record, separators=(",", ":")).encode("ascii")

    @classmethod
    def load(cls, data: bytes) -> Features:
        """The value that `dump` wrote. Raises ValueError where `data` is of no known version."""
        record = json.loads(data)
        if not isinstance(record, list) or not record or record[0] not in _READ:
            raise ValueError(f"features of an unknown version: {data[:20]!r}")
        if record[0] == _NAMED:
            del record[2]
        _, item, outlet, link, reported, observed, title, body, headline, opening, sketch, origin, agency = record
        times = instant(reported), instant(observed)
        words = tuple(title.split()), tuple(body.split())
        prints = _unpacked(opening), _unpacked(sketch)
        return cls(item, outlet, link, *times, *words, headline, *prints, origin, agency)


def _packed(values: tuple[int, ...]) -> str:
    return b64encode(pack(f">{len(values)}I", *values)).decode("ascii")


def _unpacked(text: str) -> tuple[int, ...]:
    raw = b64decode(text)
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
    opening, sketch = fingerprints(tokens(text.lower()))
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
        body=_body_terms(item.summary or text, words),
        headline=_headline(read),
        opening=opening,
        sketch=sketch,
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
    found = (term for term in terms(text[:_BODY]) if term not in known and weight(term) > FREQUENT)
    return tuple(islice(found, _BODY_TERMS))
