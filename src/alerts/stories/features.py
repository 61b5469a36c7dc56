"""The features of an item: what clustering and independence need to know, so that its texts are not needed again.

A tracked name stands in them as one term, `@` and the id of the institution, however it is written: so reports in two
languages share it, and a name of several words is one shared term, not several."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from struct import pack, unpack

from alerts.model.item import Item
from alerts.model.mention import Mention, Rule
from alerts.model.pages import canonical
from alerts.model.times import instant, micros
from alerts.stories import credit
from alerts.stories.lexicon import lines
from alerts.stories.sketch import Prints, fingerprints
from alerts.stories.terms import FREQUENT, terms_of, tokens, weight

VERSION = 5  # of what features say and how they are written; with another all that is recorded is clustered again
_READABLE = (2, 3, 4, VERSION)  # the versions that can be read
_NAMED = 2  # the publisher stood behind the item, as it was written
_NAME, _TITLE, _TEXT = 300, 400, 12_000  # characters that are looked at
_BODY = 480  # characters, the first of a summary or content, that say what the headline left out
_BODY_TERMS = 16
# The rules that find an institution itself: a product tells one of its stories from another.
_NAMES = frozenset({Rule.NAME, Rule.ALIAS, Rule.PUBLISHER})

# Headlines that begin with a correction mark: "Correction: …", "[Corrected] …", "CORRECTED-UPDATE 2-…",
# "(Berichtigung) …", "更正：…"; a sentence about one has no mark.
_MARKS = "|".join(re.escape(mark).replace(r"\ ", r"\s+") for mark in lines("correction_marks"))
_MARK = re.compile(
    rf"\s*(?:[\[(【]\s*(?:{_MARKS})(?:\W*update\s*\d*)?\s*[\])】]\s*[:：\-–—]?"
    rf"|(?:{_MARKS})(?:[\s\-]+update\s*\d*)?(?:\s*[:：]|\s+[-–—|]\s)"
    r"|corrected[-–—](?=\S))\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Features:
    """An item, reduced. `terms` are the title's; `body` are further ones, from the first words of the text.

    `outlet` is the publisher's name made comparable, `origin` that of whom an aggregator names as its source,
    `agency` the news agency the text is credited to (empty: none), `headline` a hash of the title as read,
    `make_prints` finds the fingerprints of the text, when they are first asked for: most items are alone in their story
    and compared with no other."""

    item: str
    outlet: str
    link: str
    reported: datetime
    observed: datetime
    terms: tuple[str, ...]
    body: tuple[str, ...] = ()
    headline: int = 0
    origin: str = ""
    agency: str = ""
    make_prints: Callable[[], tuple[Prints, Prints]] = field(default=lambda: ((), ()), compare=False, repr=False)

    @cached_property
    def prints(self) -> tuple[Prints, Prints]:
        """The opening and the sketch of its text, each empty where it has none."""
        return self.make_prints()

    def dump(self) -> bytes:
        """A compact, deterministic, versioned form; `load` gives an equal value back."""
        times = micros(self.reported), micros(self.observed)
        words = " ".join(self.terms), " ".join(self.body)
        prints = (b64encode(pack(f">{len(each)}I", *each)).decode("ascii") for each in self.prints)
        whose = self.item, self.outlet, self.link
        record = [VERSION, *whose, *times, *words, self.headline, *prints, self.origin, self.agency]
        return json.dumps(record, separators=(",", ":")).encode("ascii")

    @classmethod
    def load(cls, data: bytes) -> "Features":
        """The value that `dump` wrote. Raises ValueError where `data` is of no known version."""
        record = json.loads(data)
        if not isinstance(record, list) or not record or record[0] not in _READABLE:
            raise ValueError(f"features of an unknown version: {data[:20]!r}")
        if record[0] == _NAMED:
            del record[2]
        _, item, outlet, link, reported, observed, title, body, headline, opening, sketch, origin, agency = record
        times = instant(reported), instant(observed)
        words = tuple(title.split()), tuple(body.split())
        about = item, outlet, link, *times, *words, headline, origin, agency
        return cls(*about, lambda: (_unpacked(opening), _unpacked(sketch)))


def _unpacked(text: str) -> Prints:
    raw = b64decode(text)
    return unpack(f">{len(raw) // 4}I", raw)


def features(item: Item, publisher: str, mentions: Iterable[Mention] = ()) -> Features:
    """Reduce an item; `publisher` is the item's own or, where it names none, its source's.

    `mentions` are the institutions found in it. Texts are looked at up to a length that no headline and few articles
    reach, so that no item costs much."""
    publisher, origin = publisher[:_NAME], item.origin[:_NAME]
    named = [each for each in mentions if each.rule in _NAMES]
    text = (item.content if len(item.content) > len(item.summary) else item.summary)[:_TEXT]
    unmarked = without_mark(item.title)
    title = _without_publisher(unmarked, publisher)[:_TITLE]
    words = _read(title, len(item.title) - len(unmarked), [each for each in named if each.field == "title"])
    if not title:
        title, words = text[:_TITLE], _read(text[:_TITLE], 0, _in_text(item, text, named))
    in_title = tuple(dict.fromkeys(terms_of(words)))
    agency = credit.agency(publisher) or credit.agency(origin)
    if not agency and (text or item.author):
        agency = credit.credited(item.author[:_NAME], item.summary) or credit.credited("", item.content)
    headline = " ".join(tokens(title)).lower().encode("utf-8", "replace")
    return Features(
        item=item.id,
        outlet=credit.outlet(publisher),
        link=canonical(item.url) if item.url else "",
        reported=item.reported,
        observed=item.observed,
        terms=in_title,
        body=_body_terms(item, text, named, frozenset(in_title)),
        headline=int.from_bytes(blake2b(headline, digest_size=6).digest(), "big"),
        make_prints=lambda: fingerprints(tokens(text.lower())),
        origin=credit.outlet(origin) if origin else "",
        agency=agency,
    )


def is_correction(headline: str) -> bool:
    """Whether a headline says that it corrects what was reported."""
    return _MARK.match(headline) is not None


def without_mark(headline: str) -> str:
    """The headline without its correction mark; as it is where nothing would be left."""
    match = _MARK.match(headline)
    return headline if match is None else headline[match.end() :] or headline


def _without_publisher(title: str, publisher: str) -> str:
    """The title without a final `- Publisher` or `| Publisher`, which aggregators and sites append."""
    if publisher and title.endswith(publisher):
        shorter = title[: -len(publisher)].rstrip()
        if shorter[-1:] in {"-", "|", "–", "—", "·"}:
            return shorter[:-1].rstrip() or title
    return title


def _body_terms(item: Item, text: str, named: Sequence[Mention], known: frozenset[str]) -> tuple[str, ...]:
    """What the first words of the text add to the title, after those whom the source speaks for."""
    opening = item.summary or text
    speakers = [f"@{each.institution}" for each in named if each.rule is Rule.PUBLISHER]
    found: dict[str, None] = {}
    for term in chain(speakers, terms_of(_read(opening[:_BODY], 0, _in_text(item, opening, named)))):
        if term not in known and weight(term) > FREQUENT:
            found[term] = None
            if len(found) == _BODY_TERMS:
                break
    return tuple(found)


def _in_text(item: Item, text: str, named: Iterable[Mention]) -> list[Mention]:
    """The mentions of the field that a text is the beginning of."""
    field = "summary" if text and item.summary.startswith(text) else "content"
    return [each for each in named if each.field == field]


def _read(text: str, skipped: int, named: Iterable[Mention]) -> list[str]:
    """The tokens of a text, with one for each tracked name; `skipped` characters of the field stand before it."""
    read: list[str] = []
    at = 0
    for each in sorted(named, key=lambda each: each.start):
        start, end = each.start - skipped, each.end - skipped
        if at <= start and end <= len(text):
            read += [*tokens(text[at:start]), f"@{each.institution}"]
            at = end
    return [*read, *tokens(text[at:])]
