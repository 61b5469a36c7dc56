"""Which tracked institutions and topics an item names."""

from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from itertools import chain
from operator import itemgetter
from urllib.parse import urlsplit

from alerts.matching.candidate import Candidate
from alerts.matching.document import Document
from alerts.matching.filters import FILTERS, Filter
from alerts.matching.forms import forms, host
from alerts.matching.index import Found, Index
from alerts.matching.resolve import Reject, resolve
from alerts.matching.spelling import spelling
from alerts.matching.text import Text
from alerts.matching.topics import Lexicon
from alerts.matching.vocabulary import ANY_FUNCTION_WORDS, HOMES
from alerts.matching.voice import is_voice
from alerts.model.fields import grouped
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.memory import Memory
from alerts.model.mention import Matched, Mention, Rejection, Rule
from alerts.model.source import Source
from alerts.model.topic import Topic

HEAD_OF_CONTENT = 300  # characters of the content that count as much as a summary
VOICE = 0.3  # of an institution that only speaks about others, whatever the rule
AMBIGUOUS = 0.5  # times this, where other institutions have the name too and nothing tells which is meant
_NOTHING = Matched()
_BY_FIELD = {"title": 1.0, "source": 1.0, "summary": 0.7}
_BY_RULE = {Rule.NAME: 1.0, Rule.ALIAS: 1.0, Rule.PRODUCT: 0.8, Rule.DOMAIN: 0.8, Rule.PUBLISHER: 0.8}


class Matcher:
    """Immutable and safe to share between threads; build it once for a configuration.

    Neither the order of institutions nor that of items matters. Adding an institution changes the mentions
    of another only where one of its forms is longer and overlaps, or is written the same."""

    def __init__(
        self,
        institutions: Iterable[Institution],
        topics: Iterable[Topic],
        sources: Mapping[str, Source],
        filters: Mapping[str, Filter] = FILTERS,
    ) -> None:
        self._filters = tuple(filters.values())
        self._institutions = {each.id: each for each in institutions}
        self._lexicon = Lexicon(topics)
        self._index = Index(chain.from_iterable(map(forms, self._institutions.values())), self._lexicon.topical)
        self._tags = {source.id: source.tags for source in sources.values() if source.tags}
        self._hosts = grouped((host(each), one.id) for one in self._institutions.values() for each in one.domains)
        self._of_site = Memory(self._of_host)
        known = self._institutions.keys()
        self._speakers = {each.id: sorted(each.speaks_for & known) for each in sources.values() if each.speaks_for}

    @cached_property
    def namesakes(self) -> frozenset[str]:
        """The institutions that share one of their names with another."""
        return self._index.namesakes()

    def match(self, item: Item, explain: bool = False, *, tracked_only: bool = False) -> Matched:
        """The mentions and topics of an item, by field and offset; with `explain` also what was turned down.

        With `tracked_only` an item that mentions no institution is not searched for topics."""
        document = Document(item)
        rejections: list[Rejection] = []

        def reject(candidate: Candidate, reason: str) -> None:
            if explain:
                first, last = candidate.text.raw_span(*candidate.extent())
                place = candidate.field, first, last, candidate.text.raw[first:last]
                rejections.append(Rejection(candidate.form.institution, *place, reason))

        candidates: list[Candidate] = []
        topical: list[str] = []  # the fields that may hold a topic
        for field, text in document.texts.items():
            places, any_topic = self._index.find(text, explain)
            if places:
                candidates += _spelled(places, field, document, reject, explain)
            if any_topic:
                topical.append(field)
        mentions: list[Mention] = []
        origin = self._origin(item)
        if candidates:
            about = {name for name, _ in origin}
            likelihood = partial(self._likelihood, document, item.source)
            chosen, ambiguous = resolve(candidates, document, reject, self._filters, about, likelihood)
            mentions = _apart([_mention(candidate, candidate in ambiguous, explain) for candidate in chosen])
        if origin:
            mentions += _about(origin, mentions)
        if tracked_only and not mentions:
            return _NOTHING
        topics = self._lexicon.find(document.texts, mentions, lambda: document.language, topical)
        missed = self._lexicon.near_misses(document.texts, document.language) if explain else ()
        return Matched(tuple(mentions), topics, tuple(rejections), missed)

    def _origin(self, item: Item) -> list[tuple[str, Rule]]:
        """Whom the item is about by where it comes from."""
        speakers = self._speakers.get(item.source, [])
        site = "/".join(item.url.split("/", 3)[:3]) if self._hosts else ""  # the scheme and the host
        others = sorted(self._of_site[site].difference(speakers))
        return [*((name, Rule.PUBLISHER) for name in speakers), *((name, Rule.DOMAIN) for name in others)]

    def _likelihood(self, document: Document, source: str, institution: str) -> int:
        """How much speaks for one of those that share a name: words of its record that stand in the item, tags that
        the source has too, a region where the item's language is at home.

        Only what the matching key covers is looked at, so that recorded items are matched again where it changes."""
        known = self._institutions[institution]
        record = (known.name, *known.aliases, *known.products, *known.match.require_any, *known.tags)
        own = Text(" ".join((*record, known.region, known.category, known.primary_domain)))
        said = {word for text in document.texts.values() for word in text.tokens}
        at_home = not HOMES.get(document.language, frozenset()).isdisjoint(Text(known.region).tokens)
        shared_tags = known.tags & self._tags.get(source, frozenset())
        return len(said.intersection(own.tokens) - ANY_FUNCTION_WORDS) + len(shared_tags) + at_home

    def _of_host(self, url: str) -> set[str]:
        try:
            name = (urlsplit(url).hostname or "").rstrip(".")
        except ValueError:
            return set()
        while name and name not in self._hosts:
            name = name.partition(".")[2]
        return set(self._hosts.get(name, ()) if name else ())


def _spelled(places: list[Found], field: str, document: Document, reject: Reject, explain: bool) -> list[Candidate]:
    """The candidates at some places of a field; with `explain` also those inside a longer name."""
    candidates: list[Candidate] = []
    longer: list[tuple[int, int]] = []
    if len(places) > 1:
        places.sort(key=itemgetter(0))
    for size, first, last, start, end, named in places:
        if longer and last and any(a <= first and last <= b and b - a > -size for a, b in longer):
            continue
        hides = False
        for form in named:
            candidate = Candidate(form, field, document, (first, last, start, end))
            reason = spelling(candidate)
            if not reason:
                hides = hides or form.hides
                candidates.append(candidate)
            elif not form.excludes:
                reject(candidate, reason)
        if hides and not explain:
            longer.append((first, last))
    return candidates


def _about(origin: Iterable[tuple[str, Rule]], mentions: list[Mention]) -> list[Mention]:
    """Mentions of those that an item comes from, where no field names them as clearly."""
    strongest: dict[str, float] = {}
    for each in mentions:
        strongest[each.institution] = max(each.salience, strongest.get(each.institution, 0.0))
    about = (Mention(name, "source", 0, 0, "", rule, mention_salience("source", 0, rule)) for name, rule in origin)
    return [each for each in about if each.salience > strongest.get(each.institution, 0.0)]


def _apart(mentions: Iterable[Mention]) -> list[Mention]:
    """Without those that begin within the one before of their institution: an "Inc." that belongs to the name."""
    kept: list[Mention] = []
    ends: dict[tuple[str, str], int] = {}
    for each in mentions:
        if each.start >= ends.get((each.institution, each.field), 0):
            ends[each.institution, each.field] = each.end
            kept.append(each)
    return kept


def _mention(candidate: Candidate, ambiguous: bool, explain: bool) -> Mention:
    first, last = candidate.text.raw_span(*candidate.extent())
    form, text = candidate.form, candidate.text.raw[first:last]
    voice = is_voice(candidate)
    salience = mention_salience(candidate.field, first, form.rule, voice=voice, ambiguous=ambiguous)
    how = f"{form.origin} {form.cased!r}" if explain else ""
    return Mention(form.institution, candidate.field, first, last, text, form.rule, salience, how, ambiguous, voice)


def mention_salience(field: str, start: int, rule: Rule, *, voice: bool = False, ambiguous: bool = False) -> float:
    """Field (title 1.0, summary or the first 300 characters of the content 0.7, the rest 0.4) times rule.

    `start` is the offset of the mention in the field. A mention in no field (`source`) counts as a title."""
    weight = _BY_FIELD.get(field) or (0.7 if start < HEAD_OF_CONTENT else 0.4)
    weight *= VOICE if voice else _BY_RULE[rule]
    return round(weight * AMBIGUOUS if ambiguous else weight, 6)
