"""Which of the forms that stand in an item are mentions: overlaps, context, ambiguity.

The steps, each on what the one before left:

    longest     a name inside a longer one is not a mention of its own, nor one inside an excluded phrase
    judged      the neighbours (see `judge`) and the institution's context words
    supported   a short form needs a fuller name of the same institution in the item
    unambiguous where several institutions share the words, the one that the item names otherwise, then the
                one with the stronger claim (its official name before an alias); else none
    anaphors    "the company" counts where it follows a name of the same institution closely
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from alerts.matching import judge
from alerts.matching.forms import Form, Strength
from alerts.matching.place import Place
from alerts.matching.text import Text
from alerts.model.institution import Derivation
from alerts.model.mention import Rule

ANAPHOR_REACH = 40  # words back to a name of the same institution
_MOST_NAMED = 5  # others that a reason names

Reject = Callable[[Place, str], None]
Span = tuple[str, int, int]  # field, start, end


def resolve(
    places: list[Place], texts: Mapping[str, Text], required: Mapping[str, tuple[str, ...]], reject: Reject
) -> list[Place]:
    """The places that are mentions, at most one a span, by field and offset. `reject` is told the others.

    `required` are the context words of the institutions that have some.
    """
    context = _Context(texts, required)
    spans = _by_span(_parted(places))
    covers = _covers(spans)
    foreign = _defined_otherwise(places)
    edges = _Edges(spans)
    kept: list[Place] = []
    for span, rivals in spans.items():
        covering = covers.get(span)
        for place in rivals:
            form = place.form
            if form.excludes:
                continue
            cover = covering and (covering.get(form.institution) or covering.get(""))
            reason = (
                (cover and _covered(cover))
                or (foreign and foreign.get((form.institution, form.key)))
                or edges.joined(place)
                or _judged(place)
                or context.missing(place)
            )
            if reason:
                reject(place, reason)
            else:
                kept.append(place)
    supported = {place.form.institution for place in kept if place.form.strength > Strength.WEAK}
    anaphors, names = [], []
    for place in kept:
        if place.form.strength is Strength.ANAPHOR:
            anaphors.append(place)
        elif (
            place.form.strength is Strength.WEAK
            and place.form.institution not in supported
            and not place.shows_organisation
        ):
            reject(place, "a short form, and no fuller name of it stands in the item")
        else:
            names.append(place)
    claims = list(_by_span(names).values())
    clear = {rivals[0].form.institution for rivals in claims if _agree(rivals)}
    chosen = [best for rivals in claims if (best := _choose(rivals, clear, reject)) is not None]
    if anaphors:
        chosen += _pointing_back(anaphors, chosen, reject)
    order = {field: number for number, field in enumerate(texts)}
    return sorted(chosen, key=lambda place: (order[place.field], place.start, place.end))


def _by_span(places: Iterable[Place]) -> dict[Span, list[Place]]:
    spans: dict[Span, list[Place]] = {}
    for place in places:
        spans.setdefault((place.field, place.start, place.end), []).append(place)
    return spans


def _agree(rivals: list[Place]) -> bool:
    return len(rivals) == 1 or len({place.form.institution for place in rivals}) == 1


# ── What stands inside a longer name ─────────────────────────────────────────────────────────────────────────


def _covers(spans: Mapping[Span, list[Place]]) -> dict[Span, dict[str, Form]]:
    """For each span what covers it, by the institution that it is covered for, "" meaning all."""
    covered: dict[Span, dict[str, Form]] = {}
    open_spans: list[Span] = []
    for span in sorted(spans):
        if open_spans:
            field, start, _ = span
            open_spans = [other for other in open_spans if other[2] > start and other[0] == field]
            for other in open_spans:
                _cover(span, other, spans, covered)
                _cover(other, span, spans, covered)
        open_spans.append(span)
        for place in spans[span]:
            if place.form.excludes:
                covered.setdefault(span, {}).setdefault(place.form.institution, place.form)
    return covered


def _cover(
    inner: Span, outer: Span, spans: Mapping[Span, list[Place]], covered: dict[Span, dict[str, Form]]
) -> None:
    """Note that `inner` does not count beside `outer`, which overlaps it, where that is so."""
    longer = outer[2] - outer[1] > inner[2] - inner[1]
    for place in spans[outer]:
        form = place.form
        if form.excludes:
            covered.setdefault(inner, {}).setdefault(form.institution, form)
        elif longer and form.strength > Strength.ANAPHOR and not form.head:
            covered.setdefault(inner, {}).setdefault("", form)


def _covered(by: Form) -> str:
    if by.excludes:
        return f"inside the excluded phrase {by.cased!r}"
    return f"part of the longer name {by.cased!r} ({by.institution})"


def _parted(places: list[Place]) -> list[Place]:
    """Without names that tell a place by naming another: "X University in Y" is X University, and Y."""
    if not any(len(place.form.gaps) >= 3 and _locates(place) for place in places):
        return places
    owners: dict[Span, set[str]] = {}
    for place in places:
        if place.form.strength > Strength.ANAPHOR and not place.form.excludes and not place.form.head:
            owners.setdefault((place.field, place.first, place.last), set()).add(place.form.institution)

    def parts(place: Place) -> bool:
        return any(
            place.form.institution in owners.get((place.field, place.first, index), ())
            and owners.get((place.field, index + 1, place.last), set()) - {place.form.institution}
            for index in _locates(place)
        )

    return [place for place in places if not parts(place)]


def _locates(place: Place) -> list[int]:
    """Where in a name of four words or more a place is told."""
    if len(place.form.gaps) < 3:
        return []
    inner = range(place.first + 1, place.last - 1)
    return [index for index in inner if place.text.tokens[index] in {"in", "at"}]


# ── What the rest of the item says ───────────────────────────────────────────────────────────────────────────


def _defined_otherwise(places: list[Place]) -> dict[tuple[str, str], str]:
    """Initials that the item itself explains as those of something else: artificial pancreas (AP)."""
    acronyms = [place for place in places if place.form.origin == Derivation.ACRONYM]
    if not acronyms:
        return {}
    fuller = {
        (place.form.institution, place.field, place.end)
        for place in places
        if place.form.gaps and place.form.strength > Strength.WEAK
    }
    found = {}
    for place in acronyms:
        if (words := place.spelled_out()) and (
            place.form.institution,
            place.field,
            place.text.end(place.first - 1),
        ) not in fuller:
            found[place.form.institution, place.form.key] = f"the initials of {words!r}"
    return found


class _Edges:
    """Where names begin and end, to tell two names that a hyphen joins from one double name."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = spans
        self._edges: set[tuple[str, int]] = set()

    def joined(self, place: Place) -> str:
        """Why a place is a part of a hyphenated name; empty where it is none, or both parts are tracked."""
        reason = judge.hyphenated(place)
        if not reason:
            return ""
        if not self._edges:
            self._edges = {(field, at) for field, start, end in self._spans for at in (start, end)}
        sides = {(place.field, place.end + 1), (place.field, place.start - 1)}
        return "" if sides & self._edges else reason


def _judged(place: Place) -> str:
    return judge.domain(place) if place.form.rule is Rule.DOMAIN else judge.context(place)


class _Context:
    """The words of the whole item, for the conditions that they decide; each is looked for once."""

    def __init__(self, texts: Mapping[str, Text], required: Mapping[str, tuple[str, ...]]) -> None:
        self._texts = texts
        self._required = required
        self._joined = ""
        self._met: dict[tuple[str, ...], bool] = {}

    def missing(self, place: Place) -> str:
        form = place.form
        wanted = () if form.rule is Rule.DOMAIN else self._required.get(form.institution, ())
        for words in (form.needs, wanted):
            if words and not self._has_any(words):
                return "no context word: " + ", ".join(words)
        return ""

    def _has_any(self, phrases: tuple[str, ...]) -> bool:
        if phrases not in self._met:
            self._met[phrases] = any(self._has(phrase) for phrase in phrases)
        return self._met[phrases]

    def _has(self, phrase: str) -> bool:
        if not self._joined:
            self._joined = "".join(f" {' '.join(text.tokens)} \n" for text in self._texts.values())
        text = Text(phrase.rstrip(" *"))
        if text.special:
            return any(text.low.strip() in each.low for each in self._texts.values())
        ending = "" if phrase.rstrip().endswith("*") else " "
        return f" {' '.join(text.tokens)}{ending}" in self._joined


# ── Who is meant ─────────────────────────────────────────────────────────────────────────────────────────────


def _choose(rivals: list[Place], clear: set[str], reject: Reject) -> Place | None:
    """The one of the forms with the same span that is meant; none where nothing tells."""
    if len(rivals) == 1:
        return rivals[0]
    names = {place.form.institution for place in rivals}
    if len(names) > 1:
        names = _meant(rivals, clear)
    for place in rivals:
        if place.form.institution not in names:
            reject(place, f"rather {', '.join(sorted(names))}")
        elif len(names) > 1:
            others = ", ".join(sorted(names - {place.form.institution})[:_MOST_NAMED])
            reject(place, f"ambiguous: also a name of {others}, and nothing else in the item tells which")
    own = [place for place in rivals if place.form.institution in names]
    return max(own, key=_preference) if len(names) == 1 else None


def _meant(rivals: list[Place], clear: set[str]) -> set[str]:
    """Of several institutions with the same words those that are meant: by context, else by the stronger claim."""
    best = max(place.form.strength for place in rivals)
    strongest = {place.form.institution for place in rivals if place.form.strength == best}
    given = {place.form.institution for place in rivals if place.form.strength >= Strength.GIVEN}
    for candidates in (given if best < Strength.LISTED else set(), strongest):
        if len(candidates & clear) == 1:
            return candidates & clear
    return strongest


def _preference(place: Place) -> tuple[int, int, str]:
    """Of one institution's forms with the same words: the one whose punctuation stands there too, the strongest."""
    start, end = place.extent()
    return end - start, place.form.strength, place.form.cased


def _pointing_back(anaphors: list[Place], names: list[Place], reject: Reject) -> list[Place]:
    """The anaphors that follow a name of their institution closely and can mean no other of theirs."""
    taken: list[Place] = []
    last: dict[tuple[str, str], int] = {}  # field, institution: the word after its last mention
    named = {(place.field, place.start) for place in names}
    at: dict[tuple[str, int], list[Place]] = {}
    for place in (*names, *anaphors):
        at.setdefault((place.field, place.start), []).append(place)
    for where in sorted(at):
        if where in named:
            for place in at[where]:
                if place.form.strength > Strength.ANAPHOR:
                    last[place.field, place.form.institution] = place.last
            continue
        near = [
            place
            for place in at[where]
            if place.first - last.get((place.field, place.form.institution), -ANAPHOR_REACH) < ANAPHOR_REACH
        ]
        for place in at[where]:
            if place not in near:
                reject(place, "points back to no name close by")
            elif not _agree(near):
                reject(place, "ambiguous: it may point back to another institution as well")
        if near and _agree(near):
            taken.append(max(near, key=_preference))
            last[near[0].field, near[0].form.institution] = near[0].last
    return taken
