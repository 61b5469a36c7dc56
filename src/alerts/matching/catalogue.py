"""Everything that is looked for to find one institution, and what looks missing from it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.matching.forms import Case, Form, Strength, forms
from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.mention import Mention, Rejection

MIN_TURNED_DOWN = 2  # a name that was turned down less often is not worth a look
_INITIALS = re.compile(r"^\W{0,2}\(([A-Z][A-Za-z&]{1,7})\)")
_CASES = {
    Case.STRICT: "exactly as written",
    Case.PROPER: "with its capitals",
    Case.FREE: "in any case, unless its words are ordinary",
    Case.ANY: "in any case",
}


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
            found.setdefault(name, NameUse(name, form.rule.value, by, _CASES[form.case], _condition(form)))
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


def missing(institution: Institution, items: Iterable[Item]) -> list[Missing]:
    """What the items hold of the institution and was turned down, and initials that they give it, most often first."""
    matcher = Matcher([institution], [], {})
    known = {use.name.casefold() for use in names_of(institution)}
    turned_down: Counter[tuple[str, str]] = Counter()
    initials: Counter[str] = Counter()
    for item in items:
        matched = matcher.match(item, explain=True)
        outside = (each for each in matched.rejections if not any(_holds(one, each) for one in matched.mentions))
        turned_down.update({(each.text, f"turned down: {each.reason}") for each in outside})
        initials.update(set(_initials(item, matched.mentions)))
    found = [Missing(text, times, why) for (text, why), times in turned_down.items() if times >= MIN_TURNED_DOWN]
    why = "items explain it as initials of a name: give it as an alias"
    found += [Missing(text, times, why) for text, times in initials.items() if text.casefold() not in known]
    return sorted(found, key=lambda each: (-each.times, each.text, each.why))


def _holds(mention: Mention, rejection: Rejection) -> bool:
    """Whether a place that was turned down lies within a mention."""
    within = mention.start <= rejection.start and rejection.end <= mention.end
    return within and mention.field == rejection.field


def _initials(item: Item, mentions: Iterable[Mention]) -> Iterator[str]:
    """Initials in parentheses right after a name."""
    for each in mentions:
        if each.field != "source" and (found := _INITIALS.match(item.field(each.field)[each.end : each.end + 14])):
            yield found[1]
