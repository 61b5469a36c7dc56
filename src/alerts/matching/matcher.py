"""Which tracked institutions and topics an item names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from urllib.parse import urlsplit

from alerts.matching import judge
from alerts.matching.forms import Strength, forms, host
from alerts.matching.index import Index
from alerts.matching.judge import Place
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
        texts = {name: Text(raw) for name in FIELDS if (raw := item.field(name))}
        mentions: list[Mention] = []
        rejections: list[Rejection] | None = [] if explain else None
        places: list[tuple[str, Place]] = []
        for field, text in texts.items():
            for found in self._index.find(text):
                for form in found.forms:
                    place = Place(form, text, found)
                    reason = judge.spelling(place)
                    if not reason:
                        places.append((field, place))
                    elif rejections is not None and not form.excludes and not form.tagged:
                        rejections.append(_rejection(field, place, reason))
        if places:
            mentions = self._decide(places, texts, rejections)
        mentions += self._about(item, mentions)
        topics = self._lexicon.find(texts, mentions)
        return Matched(tuple(mentions), topics, tuple(rejections or ()))

    def _decide(
        self, places: list[tuple[str, Place]], texts: Mapping[str, Text], rejections: list[Rejection] | None
    ) -> list[Mention]:
        def reject(field: str, place: Place, reason: str) -> None:
            if rejections is not None:
                rejections.append(_rejection(field, place, reason))

        kept: list[tuple[str, Place]] = []
        for field, place in places:
            if place.form.excludes:
                continue
            reason = _covered(field, place, places) or (
                judge.domain(place) if place.form.rule is Rule.DOMAIN else judge.context(place)
            )
            if reason:
                reject(field, place, reason)
            else:
                kept.append((field, place))
        supported = {p.form.institution for _, p in kept if p.form.strength > Strength.WEAK}
        spans: dict[tuple[str, int, int], list[Place]] = {}
        for field, place in kept:
            if place.form.strength is Strength.WEAK and place.form.institution not in supported:
                reject(field, place, "a short form, and no fuller name stands in the item")
            elif reason := self._out_of_context(place, texts):
                reject(field, place, reason)
            else:
                spans.setdefault((field, place.start, place.end), []).append(place)
        clear = {
            contenders[0].form.institution
            for contenders in spans.values()
            if len({each.form.institution for each in contenders}) == 1
        }
        mentions = []
        for (field, _, _), contenders in spans.items():
            best = max(each.form.strength for each in contenders)
            top = [each for each in contenders if each.form.strength == best]
            names = {each.form.institution for each in top}
            if len(names) > 1 and len(names & clear) == 1:
                names &= clear
            for each in contenders:
                if len(names) > 1 and each.form.institution in names:
                    others = ", ".join(sorted(names - {each.form.institution}))
                    reject(field, each, f"ambiguous: also a name of {others}")
                elif each.form.institution not in names:
                    reject(field, each, f"rather {', '.join(sorted(names))}")
            if len(names) == 1:
                chosen = [each for each in contenders if each.form.institution in names]
                mentions.append(_mention(field, max(chosen, key=_preference)))
        mentions.sort(key=lambda each: (FIELDS.index(each.field), each.start, each.end))
        return mentions

    def _out_of_context(self, place: Place, texts: Mapping[str, Text]) -> str:
        wanted = self._institutions[place.form.institution].match.require_any
        if not wanted or place.form.rule is Rule.DOMAIN:
            return ""
        if any(_has_phrase(texts, phrase) for phrase in wanted):
            return ""
        return "no context word: " + ", ".join(wanted)

    def _about(self, item: Item, mentions: list[Mention]) -> list[Mention]:
        """Whom the item is about by where it comes from, where no field says so as clearly."""
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


def _covered(field: str, place: Place, places: list[tuple[str, Place]]) -> str:
    """The longer name that a place is a part of, if any."""
    for other_field, other in places:
        if other_field != field or other.start >= place.end or place.start >= other.end:
            continue
        if other.form.excludes:
            if other.form.institution == place.form.institution:
                return f"inside the excluded phrase {other.form.cased!r}"
        elif other.end - other.start > place.end - place.start:
            return f"part of the longer name {other.form.cased!r} ({other.form.institution})"
    return ""


def _preference(place: Place) -> tuple[int, int, str]:
    form = place.form
    return len(form.before) + len(form.after), form.strength, form.cased


def _mention(field: str, place: Place) -> Mention:
    text, form = place.text, place.form
    start, end = place.start, place.end
    if form.before and text.low.endswith(form.before, 0, start):
        start -= len(form.before)
    if form.after and text.low.startswith(form.after, end):
        end += len(form.after)
    first, last = text.raw_span(start, end)
    return Mention(
        form.institution,
        field,
        first,
        last,
        text.raw[first:last],
        form.rule,
        mention_salience(field, first, form.rule),
    )


def _rejection(field: str, place: Place, reason: str) -> Rejection:
    first, last = place.text.raw_span(place.start, place.end)
    return Rejection(place.form.institution, field, first, last, place.text.raw[first:last], reason)


def _has_phrase(texts: Mapping[str, Text], phrase: str) -> bool:
    open_end = phrase.endswith("*")
    words = Text(phrase.rstrip("*")).tokens
    wanted = " " + " ".join(words) + ("" if open_end else " ")
    return any(wanted in f" {' '.join(text.tokens)} " for text in texts.values())
