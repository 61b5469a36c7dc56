"""Everything that is looked for to find one institution, and what looks missing from it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alerts.matching.forms import Form, Strength, forms
from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.mention import Mention, Rejection

MIN_TURNED_DOWN = 2  # a name that was turned down less often is not worth a look
_INITIALS = re.compile(r"^\W{0,2}\(([A-Z][A-Za-z&]{1,7})\)")


@dataclass(frozen=True, slots=True)
class NameUse:
    """One name that is looked for. `by` is the derivation it came from, or `given`; `condition` says when it counts."""

    name: str
    rule: str
    by: str
    case: str
    condition: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A text that recorded items hold and that is not found: how often, and why, or what it looks like."""

    institution: str
    text: str
    times: int
    why: str


def names_of(institution: Institution) -> list[NameUse]:
    """The names in the order in which they are derived, each once; excluded phrases and hashtags are left out."""
    found: dict[str, NameUse] = {}
    for form in forms(institution):
        if not form.excludes and not form.tagged:
            name = _written(form)
            by = "given" if form.origin == form.rule.value else form.origin
            found.setdefault(name, NameUse(name, form.rule.value, by, form.case.value, _condition(form)))
    return list(found.values())


def _written(form: Form) -> str:
    """The name with what stands between its words."""
    words = form.cased.split(" ")
    gaps = (*(form.gaps or [" "] * (len(words) - 1)), form.after)
    return form.before + "".join(word + gap for word, gap in zip(words, gaps, strict=False))


def _condition(form: Form) -> str:
    words = ["the item holds one of: " + ", ".join(wanted) for wanted in (form.needs, form.requires) if wanted]
    if form.strength is Strength.ANAPHOR:
        words.append("a name of the institution stands close before it")
    elif form.strength is Strength.WEAK:
        words.append("a fuller name stands in the item, or a word such as spokesman follows")
    return "; ".join(words)


def missing(institutions: Sequence[Institution], items: Iterable[Item]) -> list[Missing]:
    """What the items hold of institutions and was turned down, and initials that they give them, most often first."""
    matcher = Matcher(institutions, [], {})
    turned_down: Counter[tuple[str, str, str]] = Counter()
    initials: Counter[tuple[str, str]] = Counter()
    for item in items:
        matched = matcher.match(item, explain=True)
        outside = (each for each in matched.rejections if not any(_holds(one, each) for one in matched.mentions))
        turned_down.update({(each.institution, each.text, f"turned down: {each.reason}") for each in outside})
        initials.update(set(_initials(item, matched.mentions)))
    often = {key: times for key, times in turned_down.items() if times >= MIN_TURNED_DOWN}
    found = [Missing(institution, text, times, why) for (institution, text, why), times in often.items()]
    known = {each.id: {use.name.casefold() for use in names_of(each)} for each in institutions}
    why = "items explain it as initials of a name: give it as an alias"
    found += [Missing(*key, times, why) for key, times in initials.items() if key[1].casefold() not in known[key[0]]]
    return sorted(found, key=lambda each: (-each.times, each.institution, each.text, each.why))


def _holds(mention: Mention, rejection: Rejection) -> bool:
    """Whether a place that was turned down lies within a mention."""
    within = mention.start <= rejection.start and rejection.end <= mention.end
    return within and mention.field == rejection.field


def _initials(item: Item, mentions: Iterable[Mention]) -> Iterator[tuple[str, str]]:
    """Initials in parentheses right after a name."""
    for each in mentions:
        if each.field != "source" and (found := _INITIALS.match(item.field(each.field)[each.end : each.end + 14])):
            yield each.institution, found[1]
