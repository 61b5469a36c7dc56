"""What a message says of an alert, the news first: its line of title, what moved, how sure. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from alerts.matching.words import word_list
from alerts.model.alert import Alert, Lead
from alerts.model.counted import counted
from alerts.model.level import Axis, Level, Transition
from alerts.model.profile import Profile
from alerts.rendering import escape
from alerts.rendering.view import Entry, MessageView, Role
from alerts.routing.alerts import Kind

Origins = Mapping[tuple[str, Axis], Level]
"""By institution and axis the level before the first alert of a message, where a later one stands for several."""
_PREFIX = {
    Kind.DIGEST: "Digest: ",
    Kind.SUMMARY: "Summary: ",
    Kind.REMINDER: "Reminder: ",
    Kind.ALL_CLEAR: "All clear: ",
    Kind.CORRECTION: "Correction: ",
    Kind.ESCALATION: "Not acknowledged: ",
}
_LEAST_HEADLINE = 12  # characters of a headline below which it says nothing
LOUD_WORDS: Final = 4
LOUD_SHARE: Final = 0.8  # a headline is loud that has so many words and more, and this share of its letters in capitals
LONGEST_ACRONYM: Final = 4  # letters of a word that may be a name in capitals (ECB, NATO); a longer one is a word
_EDGES: Final = ".,;:!?'\"()[]“”‘’«»"


def urgency(entry: Entry) -> int:
    return entry.alert.level.rank


def folded(entries: Sequence[Entry]) -> tuple[list[Entry], Origins]:
    """Entries without those that a later one of the same story, or of the same axes the same way, stands for."""
    new = [entry.alert for entry in entries if entry.role is Role.NEW]
    kept = [
        entry
        for entry in entries
        if entry.role is not Role.SUPERSEDED or not any(_stands_for(each, entry.alert) for each in new)
    ]
    newest_first = sorted((entry.alert for entry in entries), key=lambda alert: alert.at, reverse=True)
    changes = (change for alert in newest_first for change in alert.changes)
    return kept, {(change.institution, change.axis): change.from_ for change in changes}


def _stands_for(later: Alert, earlier: Alert) -> bool:
    if later.institution != earlier.institution or later.at < earlier.at:
        return False
    if later.lead is not None and earlier.lead is not None and later.lead.story == earlier.lead.story:
        return True
    ways = {(change.axis, change.rises) for change in later.changes}
    return bool(earlier.changes) and all((change.axis, change.rises) in ways for change in earlier.changes)


def title(view: MessageView, limit: int = escape.TITLE_LIMIT) -> str:
    """One line, the news first: `INSTITUTION: HEADLINE [AXIS FROM → TO]`. The headline is cut at a word to fit."""
    if view.kind is Kind.TEST:
        return escape.shorten(f"Test message for {view.subscriber}, channel {view.channel}", limit)
    entries, origins = folded(view.entries)
    count = len(entries) + view.omitted
    prefix = _PREFIX.get(view.kind, "")
    if not entries or view.kind in {Kind.DIGEST, Kind.SUMMARY}:
        worst_first = sorted(entries, key=lambda entry: -urgency(entry))
        names = ", ".join(dict.fromkeys(view.name_of(entry.alert.institution) for entry in worst_first))
        said = f"{prefix}{counted(count, 'alert')}" + (f": {names}" if names else "")
        return escape.shorten_at_word(said, limit)
    worst = max(entries, key=urgency)
    name = escape.shorten_at_word(view.name_of(worst.alert.institution), max(20, limit // 3))
    moved_to = bracket(view, worst, origins)
    tail = (f" [{moved_to}]" if moved_to else "") + (f" and {count - 1} more" if count > 1 else "")
    head = f"{prefix}{name}: "
    headline = headline_of(view, worst)
    room = limit - len(head) - len(tail)
    if not headline or room < _LEAST_HEADLINE:
        return escape.shorten(f"{prefix}{name}" + (tail or ": changed"), limit)
    return head + escape.shorten_at_word(headline, room) + tail


def headline_of(view: MessageView, entry: Entry) -> str:
    """What happened in the world, in a headline's words; of a spike how many stories."""
    alert = entry.alert
    if alert.spike is not None and alert.lead is None:
        return f"{counted(alert.spike[0], 'story', 'stories')} in a day, where {alert.spike[1]:.1f} are usual"
    falls = bool(alert.changes) and not any(change.rises for change in alert.changes)
    return "" if alert.lead is None or falls else calmed(view, alert, alert.lead)


def calmed(view: MessageView, alert: Alert, lead: Lead) -> str:
    """The headline of one of an alert's stories."""
    return calm(escape.headline(lead.title), view.name_of(alert.institution))


def calm(text: str, names: str = "") -> str:
    """A loud headline as a sentence; others are left alone.

    Words of `names` are written as they are there; short words that are no common ones stay: they may be acronyms."""
    words = [word for word in text.split() if any(character.isalpha() for character in word)]
    letters = [character for character in text if character.isalpha()]
    if len(words) < LOUD_WORDS or sum(each.isupper() for each in letters) < LOUD_SHARE * len(letters):
        return text
    known = {word.strip(_EDGES).upper(): word.strip(_EDGES) for word in names.split()}
    common = word_list("common_words/en") | word_list("function_words/en")
    said = []
    for word in text.split():
        bare = word.strip(_EDGES)
        if bare.upper() in known:
            said.append(word.replace(bare, known[bare.upper()]))
        elif len(bare) <= LONGEST_ACRONYM and bare.lower() not in common:
            said.append(word)
        else:
            said.append(word.lower())
    calmed = re.sub(r"([!?])[!?]+", r"\1", " ".join(said))
    return calmed[:1].upper() + calmed[1:]


def bracket(view: MessageView, entry: Entry, origins: Origins) -> str:
    """`AXIS FROM → TO` of the axis that the alert is about."""
    alert = entry.alert
    transition, lead = alert.transition, alert.lead
    back = f" {view.why or 'withdrawn'}" if view.kind is Kind.CORRECTION else ""
    if transition is not None:
        axis = transition.axis
        if entry.role is Role.REMINDER:
            return f"{axis} still {entry.now.get(axis, transition.to)}"
        return f"{axis} {_origin(transition, origins)} → {transition.to}{back}"
    if lead is not None and lead.axis is not None:
        return f"{lead.axis} {lead.from_} → {lead.to}{back}"
    return f"grade {alert.grades[0]} → {alert.grades[1]}" if alert.grades else ""


def _origin(change: Transition, origins: Origins) -> Level:
    origin = origins.get((change.institution, change.axis), change.from_)
    return origin if (change.to > origin) == (change.to > change.from_) and origin != change.to else change.from_


def how_sure(lead: Lead) -> str:
    """How sure, in words: `2 independent publishers, grade C`."""
    many = counted(lead.publishers, "publisher")
    return f"{many.replace(' ', ' independent ', 1) if lead.publishers > 1 else many}, grade {lead.grade}"


def note_of(view: MessageView, entry: Entry) -> str:
    if entry.role is Role.REMINDER:
        return "sent before, and still so"
    if entry.role is Role.SUPERSEDED:
        return "since superseded: it came and went before it was sent"
    return view.why or "withdrawn" if view.kind is Kind.CORRECTION else ""


def moved(view: MessageView, entry: Entry, changes: Sequence[Transition], origins: Origins) -> Iterator[str]:
    """What moved, as short as it can be said; a story's own level where no level of the institution moved."""
    if not changes and (own := bracket(view, entry, origins)):
        yield own
    for change in changes:
        now = entry.now.get(change.axis)
        if entry.role is Role.REMINDER:
            yield f"{change.axis} still {now or change.to}"
        else:
            said = f"{change.axis} {_origin(change, origins)} → {change.to}"
            yield said if now is None else f"{said}, now {now}"


def moves(
    view: MessageView, entry: Entry, changes: Sequence[Transition], origins: Origins, profile: Profile | None
) -> Iterator[str]:
    """What moved, a sentence for each axis."""
    alert, lead = entry.alert, entry.alert.lead
    for change in changes:
        axis = f"{change.axis} ({change.axis.horizon})"
        now = entry.now.get(change.axis)
        score = "" if change.score is None else f", score {change.score:.2f}"
        if view.kind is Kind.CORRECTION:
            yield f"{axis}: {_corrected(view, change, profile)}"
        elif entry.role is Role.REMINDER:
            yield f"{axis} is still {now or change.to}"
        else:
            verb = "rose" if change.rises else "fell"
            said = f"{axis} {verb} from {_origin(change, origins)} to {change.to}{score}"
            yield said if now is None else f"{said}; it is {now} now"
    if not changes and lead is not None and lead.axis is not None and lead.to is not None:
        yield f"by itself it is {lead.to} on {lead.axis} ({lead.axis.horizon}); no level of the institution changed"
    if alert.grades:
        yield f"the grade of its strongest story went from {alert.grades[0]} to {alert.grades[1]}"
    if alert.spike is not None and lead is not None:
        count, usual, _ = alert.spike
        yield f"{counted(count, 'story', 'stories')} in a day, where {usual:.1f} are usual"


def _corrected(view: MessageView, change: Transition, profile: Profile | None) -> str:
    """What is left of a rise that was taken back: a level may stand on other evidence, or for the margin's sake."""
    row = next((row for row in profile.matrix if row.axis is change.axis), None) if profile else None
    if row is None or row.level < change.to:
        gone = f"{change.from_} → {change.to} is taken back"
        return gone if row is None else f"{gone}, it is {row.level} now"
    until = f" until {view.local_time(row.next_fall)} if nothing happens" if row.next_fall else " for now"
    return f"it stays {row.level}{until}; this report is no longer a reason for it"
