"""Which tracked institutions and topics an item names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from urllib.parse import urlsplit

from alerts.matching import judge
from alerts.matching.forms import forms, host
from alerts.matching.index import Index
from alerts.matching.place import Place
from alerts.matching.resolve import resolve
from alerts.matching.salience import mention_salience
from alerts.matching.text import Text
from alerts.matching.topics import Lexicon
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.mention import Matched, Mention, Rejection, Rule
from alerts.model.source import Source
from alerts.model.topic import Topic

FIELDS = ("title", "summary", "content")


class Matcher:
    """Immutable and safe to share between threads; build it once for a configuration.

    Neither the order of institutions nor that of items matters. Adding an institution changes the mentions
    of another only where one of its forms is longer and overlaps, or is written the same.
    """

    def __init__(
        self, institutions: Iterable[Institution], topics: Iterable[Topic], sources: Mapping[str, Source]
    ) -> None:
        self._institutions = {each.id: each for each in institutions}
        self._index = Index(chain.from_iterable(forms(each) for each in self._institutions.values()))
        self._required = {
            each.id: each.match.require_any for each in self._institutions.values() if each.match.require_any
        }
        self._lexicon = Lexicon(topics)
        self._hosts: dict[str, set[str]] = {}
        for each in self._institutions.values():
            for domain in each.domains:
                if name := host(domain):
                    self._hosts.setdefault(name, set()).add(each.id)
        self._speakers = {
            source.id: tuple(sorted(source.speaks_for & self._institutions.keys()))
            for source in sources.values()
            if source.speaks_for
        }

    def match(self, item: Item, explain: bool = False) -> Matched:
        """The mentions and topics of an item, by field and offset; with `explain` also what was turned down."""
        texts = {field: Text(raw) for field in FIELDS if (raw := getattr(item, field))}
        rejections: list[Rejection] = []

        def reject(place: Place, reason: str) -> None:
            if explain:
                rejections.append(_rejection(place, reason))

        places: list[Place] = []
        for field, text in texts.items():
            for found in self._index.find(text, explain):
                for form in found.forms:
                    place = Place(form, field, text, found)
                    reason = judge.spelling(place)
                    if not reason:
                        places.append(place)
                    elif not form.excludes:
                        reject(place, reason)
        mentions: list[Mention] = []
        if places:
            chosen = resolve(places, texts, self._required, reject)
            mentions = _apart(_mention(place, explain) for place in chosen)
        mentions += self._about(item, mentions)
        topics = self._lexicon.find(texts, mentions, item.language)
        missed = self._lexicon.near_misses(texts, item.language) if explain else ()
        return Matched(tuple(mentions), topics, tuple(rejections), missed)

    def _about(self, item: Item, mentions: list[Mention]) -> list[Mention]:
        """Whom the item is about by where it comes from, where no field says so as clearly."""
        if item.source not in self._speakers and not (self._hosts and item.url):
            return []
        found = [(name, Rule.PUBLISHER) for name in self._speakers.get(item.source, ())]
        found += [
            (name, Rule.DOMAIN)
            for name in sorted(self._of_host(item.url))
            if (name, Rule.PUBLISHER) not in found
        ]
        about = []
        for name, rule in found:
            salience = mention_salience("source", 0, rule)
            if all(each.institution != name or each.salience < salience for each in mentions):
                about.append(Mention(name, "source", 0, 0, "", rule, salience))
        return about

    def _of_host(self, url: str) -> set[str]:
        if not self._hosts or not url:
            return set()
        try:
            name = (urlsplit(url).hostname or "").rstrip(".")
        except ValueError:
            return set()
        while name:
            if name in self._hosts:
                return self._hosts[name]
            name = name.partition(".")[2]
        return set()


def _apart(mentions: Iterable[Mention]) -> list[Mention]:
    """Without those that begin within the one before of their institution: an "Inc." that belongs to the name."""
    kept: list[Mention] = []
    ends: dict[tuple[str, str], int] = {}
    for each in mentions:
        if each.start >= ends.get((each.institution, each.field), 0):
            ends[each.institution, each.field] = each.end
            kept.append(each)
    return kept


def _mention(place: Place, explain: bool) -> Mention:
    first, last = place.text.raw_span(*place.extent())
    form, text = place.form, place.text.raw[first:last]
    salience = mention_salience(place.field, first, form.rule)
    how = f"{form.origin} {form.cased!r}" if explain else ""
    return Mention(form.institution, place.field, first, last, text, form.rule, salience, how)


def _rejection(place: Place, reason: str) -> Rejection:
    first, last = place.text.raw_span(*place.extent())
    return Rejection(place.form.institution, place.field, first, last, place.text.raw[first:last], reason)
