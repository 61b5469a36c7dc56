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
from alerts.matching.forms import Strength
from alerts.matching.place import Place
from alerts.matching.text import Text
from alerts.model.institution import Derivation, Institution
from alerts.model.mention import Rule

ANAPHOR_REACH = 40  # words back to a name of the same institution

Reject = Callable[[Place, str], None]


def resolve(
    places: list[Place], texts: Mapping[str, Text], institutions: Mapping[str, Institution], reject: Reject
) -> list[Place]:
    """The places that are mentions, one a span and institution, by field and offset. `reject` is told the others."""
    context = _Context(texts, institutions)
    places = _parted(places)
    foreign = _defined_otherwise(places)
    kept = []
    for place in places:
        if place.form.excludes:
            continue
        reason = (
            _inside(place, places)
            or foreign.get((place.form.institution, place.form.key), "")
            or _judged(place)
            or context.missing(place)
        )
        if reason:
            reject(place, reason)
        else:
            kept.append(place)
    names = [place for place in kept if place.form.strength > Strength.ANAPHOR]
    supported = {place.form.institution for place in names if place.form.strength > Strength.WEAK}
    spans: dict[tuple[str, int, int], list[Place]] = {}
    for place in names:
        if (
            place.form.strength is Strength.WEAK
            and place.form.institution not in supported
            and not place.shows_organisation
        ):
            reject(place, "a short form, and no fuller name of it stands in the item")
        else:
            spans.setdefault((place.field, place.start, place.end), []).append(place)
    clear = {
        each[0].form.institution
        for each in spans.values()
        if len({one.form.institution for one in each}) == 1
    }
    chosen = [best for rivals in spans.values() if (best := _choose(rivals, clear, reject)) is not None]
    anaphors = [place for place in kept if place.form.strength is Strength.ANAPHOR]
    if anaphors:
        chosen += _pointing_back(anaphors, chosen, reject)
    order = {field: number for number, field in enumerate(texts)}
    return sorted(chosen, key=lambda place: (order[place.field], place.start, place.end))


def _inside(place: Place, places: Iterable[Place]) -> str:
    """What longer name or excluded phrase covers a place, if any."""
    for other in places:
        if other.field != place.field or other.start >= place.end or place.start >= other.end:
            continue
        if other.form.excludes:
            if other.form.institution == place.form.institution:
                return f"inside the excluded phrase {other.form.cased!r}"
        elif (
            other.end - other.start > place.end - place.start
            and other.form.strength > Strength.ANAPHOR
            and not other.form.head
        ):
            return f"part of the longer name {other.form.cased!r} ({other.form.institution})"
    return ""


def _parted(places: list[Place]) -> list[Place]:
    """Without names that tell a place by naming another: "X University in Y" is X University, and Y."""
    spans: dict[tuple[str, int, int], set[str]] = {}
    for place in places:
        if place.form.strength > Strength.ANAPHOR and not place.form.excludes and not place.form.head:
            spans.setdefault((place.field, place.first, place.last), set()).add(place.form.institution)
    return [
        place
        for place in places
        if not any(
            place.text.tokens[index] in {"in", "at"}
            and place.form.institution in spans.get((place.field, place.first, index), ())
            and spans.get((place.field, index + 1, place.last), set()) - {place.form.institution}
            for index in range(place.first + 1, place.last - 1)
        )
    ]


def _defined_otherwise(places: list[Place]) -> dict[tuple[str, str], str]:
    """Initials that the item itself explains as those of something else: artificial pancreas (AP)."""
    fuller = {
        (p.form.institution, p.field, p.end)
        for p in places
        if p.form.gaps and p.form.strength > Strength.WEAK
    }
    found = {}
    for place in places:
        if place.form.origin == Derivation.ACRONYM and (words := place.spelled_out()):
            own = (place.form.institution, place.field, place.text.end(place.first - 1))
            if own not in fuller:
                found[place.form.institution, place.form.key] = f"the initials of {words!r}"
    return found


def _judged(place: Place) -> str:
    return judge.domain(place) if place.form.rule is Rule.DOMAIN else judge.context(place)


class _Context:
    """The words of the whole item, for the conditions that they decide."""

    def __init__(self, texts: Mapping[str, Text], institutions: Mapping[str, Institution]) -> None:
        self._texts = texts
        self._institutions = institutions
        self._joined = ""

    def missing(self, place: Place) -> str:
        if place.form.needs and not any(self._has(word) for word in place.form.needs):
            return "no context word: " + ", ".join(place.form.needs)
        wanted = self._institutions[place.form.institution].match.require_any
        if wanted and place.form.rule is not Rule.DOMAIN and not any(self._has(phrase) for phrase in wanted):
            return "no context word: " + ", ".join(wanted)
        return ""

    def _has(self, phrase: str) -> bool:
        if not self._joined:
            self._joined = "".join(f" {' '.join(text.tokens)} \n" for text in self._texts.values())
        text = Text(phrase.rstrip(" *"))
        if text.special:
            return any(text.low.strip() in each.low for each in self._texts.values())
        return " " + " ".join(text.tokens) + ("" if phrase.rstrip().endswith("*") else " ") in self._joined


def _choose(rivals: list[Place], clear: set[str], reject: Reject) -> Place | None:
    """The one of the forms with the same span that is meant; none where nothing tells."""
    names = {place.form.institution for place in rivals}
    if len(names) > 1:
        given = {place.form.institution for place in rivals if place.form.strength >= Strength.GIVEN}
        best = max(place.form.strength for place in rivals)
        strongest = {place.form.institution for place in rivals if place.form.strength == best}
        if best < Strength.LISTED and len(given & clear) == 1:
            names = given & clear
        elif len(strongest & clear) == 1:
            names = strongest & clear
        else:
            names = strongest
    for place in rivals:
        if place.form.institution not in names:
            reject(place, f"rather {', '.join(sorted(names))}")
        elif len(names) > 1:
            others = ", ".join(sorted(names - {place.form.institution}))
            reject(
                place, f"ambiguous: it is also a name of {others}, and nothing else in the item tells which"
            )
    return (
        max((p for p in rivals if p.form.institution in names), key=_preference) if len(names) == 1 else None
    )


def _preference(place: Place) -> tuple[int, int, str]:
    """Of one institution's forms with the same words: the one whose punctuation stands there too, the strongest."""
    start, end = place.extent()
    return end - start, place.form.strength, place.form.cased


def _pointing_back(anaphors: list[Place], names: list[Place], reject: Reject) -> list[Place]:
    taken: list[Place] = []
    last: dict[tuple[str, str], int] = {}
    events = sorted([*anaphors, *names], key=lambda place: (place.field, place.start, place.form.institution))
    covered = {(place.field, place.start) for place in names}
    for place in events:
        key = (place.field, place.form.institution)
        if place.form.strength > Strength.ANAPHOR:
            last[key] = place.last
        elif (place.field, place.start) in covered:
            continue
        elif key in last and place.first - last[key] <= ANAPHOR_REACH:
            rivals = {
                other.form.institution
                for other in anaphors
                if (other.field, other.start) == (place.field, place.start)
                and place.first - last.get((other.field, other.form.institution), -ANAPHOR_REACH - 1)
                <= ANAPHOR_REACH
            }
            if len(rivals) == 1:
                last[key] = place.last
                taken.append(place)
            else:
                reject(place, "ambiguous: it may point back to " + ", ".join(sorted(rivals)))
        else:
            reject(place, "points back to no name close by")
    return taken
