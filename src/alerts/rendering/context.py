"""The words of a message: a pure step from a view to the values that templates print.

Every sentence here is about what this program did or computed; what happened in the world is said by headlines
alone. A level and a confidence never stand in one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from alerts.model.counted import counted
from alerts.model.level import Level
from alerts.model.profile import Profile
from alerts.model.subscriber import On
from alerts.rendering import escape
from alerts.rendering.profile_forms import RESOLVED, confidence_text, coverage_text, numbers_text
from alerts.rendering.tiers import ANALYSIS, DETAIL, Change, gate, gate_transition
from alerts.rendering.view import Entry, MessageView, Role
from alerts.routing.alerts import Kind


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is told: the same message, shorter and shorter, until the service takes it."""

    institutions: int
    changes: int
    points: int
    sources: int
    title: int
    matrix: bool = True
    contributions: int = 0
    footer: bool = True


BUDGETS = (
    Budget(30, 20, 5, 20, escape.TITLE_LIMIT, contributions=5),
    Budget(30, 10, 4, 10, 200, contributions=3),
    Budget(20, 6, 3, 6, 160, contributions=2),
    Budget(12, 4, 2, 4, 120),
    Budget(8, 3, 2, 2, 100, matrix=False),
    Budget(5, 2, 1, 1, 80, matrix=False),
    Budget(3, 1, 1, 0, 60, matrix=False),
    Budget(1, 1, 0, 0, 60, matrix=False, footer=False),
    Budget(0, 0, 0, 0, 60, matrix=False, footer=False),
)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One alert: `what` changed, `when` (since or at), with its headline where it is about an item."""

    what: str
    when: str
    score: str = ""
    headline: str = ""
    publisher: str = ""
    url: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class PointLine:
    text: str
    numbers: str
    at: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    number: int
    publisher: str
    reliability: str
    kind: str  # direct or secondary
    title: str
    url: str
    at: str


@dataclass(frozen=True, slots=True)
class RowLine:
    axis: str
    horizon: str
    level: str
    score: str
    trend: str
    since: str
    next_fall: str
    numbers: str


@dataclass(frozen=True, slots=True)
class ContributionLine:
    axis: str
    value: str
    grade: str
    title: str


@dataclass(frozen=True, slots=True)
class Block:
    """One institution of a message: what changed for it, and why."""

    id: str
    name: str
    page: str
    changes: tuple[ChangeLine, ...]
    more: int
    confidence: str
    coverage: str
    headline: str
    points: tuple[PointLine, ...]
    rows: tuple[RowLine, ...]
    contributions: tuple[ContributionLine, ...]
    sources: tuple[SourceLine, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """What templates print. Texts are as feeds and files gave them: templates escape them."""

    id: str
    kind: str
    subscriber: str
    channel: str
    title: str
    intro: str
    at: str
    institutions: tuple[Block, ...]
    more: int
    rules: tuple[str, ...]
    unsubscribe: str
    fewer: str
    footer: bool


_INTRO = {
    Kind.ALERT: "",
    Kind.GROUP: "These changed while your messages waited.",
    Kind.DIGEST: "What waited for this digest.",
    Kind.SUMMARY: "More happened than your limit allows, so this one message stands for all of it.",
    Kind.REMINDER: "Nothing new: you were told of this, and it still stands.",
    Kind.ALL_CLEAR: "You were told of the rise; the level has fallen.",
    Kind.TEST: "A test message: this channel works. Nothing happened.",
}
_PREFIX = {
    Kind.DIGEST: "Digest: ",
    Kind.SUMMARY: "Summary: ",
    Kind.REMINDER: "Reminder: ",
    Kind.ALL_CLEAR: "All clear: ",
    Kind.CORRECTION: "Correction: ",
}
_HAPPENED = {On.MENTION: "mentioned", On.SPIKE: "unusually many stories"}
_COPY = "This may be a second copy: an earlier attempt to send it was cut short."


def wording(view: MessageView, budget: Budget) -> Wording:
    """The words of a message for its tier, at most as many as the budget allows."""
    zone = ZoneInfo(view.timezone)
    grouped: dict[str, list[Entry]] = {}
    for entry in view.entries:
        grouped.setdefault(entry.alert.institution, []).append(entry)
    ordered = sorted(grouped.items(), key=lambda pair: -max(map(_urgency, pair[1])))
    blocks = tuple(
        _block(view, institution, entries, budget, zone)
        for institution, entries in ordered[: budget.institutions]
    )
    told = sum(len(block.changes) + block.more for block in blocks)
    return Wording(
        id=view.id,
        kind=view.kind.value,
        subscriber=view.subscriber,
        channel=view.channel,
        title=title(view),
        intro=" ".join(filter(None, (_intro(view), _COPY if view.copy else ""))),
        at=_time(view.at, zone),
        institutions=blocks,
        more=len(view.entries) - told + view.omitted,
        rules=tuple(dict.fromkeys(entry.rule for entry in view.entries if entry.rule)),
        unsubscribe=view.unsubscribe or "",
        fewer=f"alerts unsubscribe {view.subscriber}",
        footer=budget.footer,
    )


def _intro(view: MessageView) -> str:
    if view.kind is not Kind.CORRECTION:
        return _INTRO[view.kind]
    happened = "corrected" if view.why == "corrected" else "withdrawn"
    return f"A report behind this was {happened}. Without it the level would not have been reached."


def _urgency(entry: Entry) -> int:
    return entry.alert.transition.to.rank if entry.alert.transition else Level.LOW.rank


def title(view: MessageView) -> str:
    """One line that says what changed. It shows no text of a feed."""
    if view.kind is Kind.TEST:
        return f"Test message for {view.subscriber}, channel {view.channel}"
    count = len(view.entries) + view.omitted
    names = ", ".join(dict.fromkeys(_name(view, entry.alert.institution) for entry in view.entries))
    single = count == 1 and bool(view.entries) and view.kind not in {Kind.DIGEST, Kind.SUMMARY}
    said = f"{names}: {_brief(view, view.entries[0])}" if single else f"{counted(count, 'alert')}: {names}"
    return escape.shorten(_PREFIX.get(view.kind, "") + said.removesuffix(": "), escape.TITLE_LIMIT)


def _brief(view: MessageView, entry: Entry) -> str:
    """What changed, as short as it can be said."""
    transition = entry.alert.transition
    if transition is not None:
        axis = f"{transition.axis} ({transition.axis.horizon})"
        if entry.role is Role.REMINDER:
            return f"{axis} still {entry.now or transition.to}"
        taken_back = " taken back" if view.kind is Kind.CORRECTION else ""
        return f"{axis} {transition.from_} → {transition.to}{taken_back}"
    if entry.grades:
        return f"grade {entry.grades[0]} → {entry.grades[1]}"
    return _HAPPENED.get(entry.alert.on, "changed")


def _name(view: MessageView, institution: str) -> str:
    profile = view.profiles.get(institution)
    return profile.name if profile else institution


def _block(
    view: MessageView, institution: str, entries: list[Entry], budget: Budget, zone: ZoneInfo
) -> Block:
    raw = view.profiles.get(institution)
    profile = gate(raw, view.tier) if raw else None
    page = f"{view.base_url}/institutions/{quote(institution, safe='')}" if view.base_url else ""
    shown = entries[: budget.changes]
    return Block(
        id=institution,
        name=_name(view, institution),
        page=page,
        changes=tuple(_change(view, entry, budget, zone) for entry in shown),
        more=len(entries) - len(shown),
        confidence=confidence_text(profile.confidence) if profile else "",
        coverage=coverage_text(profile.coverage) if profile else "",
        headline=_headline(profile, budget),
        points=_points(profile, budget, zone),
        rows=_rows(profile, zone) if profile and budget.matrix else (),
        contributions=_contributions(view, shown, budget),
        sources=_sources(profile, budget, zone),
    )


def _change(view: MessageView, entry: Entry, budget: Budget, zone: ZoneInfo) -> ChangeLine:
    transition = entry.alert.transition
    change = gate_transition(transition, view.tier) if transition is not None else None
    at = entry.alert.at if change is None else change.at
    stands = change is not None and entry.role is not Role.OVERTAKEN and view.kind is not Kind.CORRECTION
    return ChangeLine(
        what=_event(entry) if change is None else _move(view, entry, change),
        when=f"{'since' if stands else 'at'} {_time(at, zone)}",
        score="" if change is None or change.score is None else f"{change.score:.2f}",
        headline=escape.headline(entry.headline, budget.title),
        publisher=escape.headline(entry.publisher, 80),
        url=entry.url if view.tier.allows(DETAIL) else "",
        role=entry.role.value,
    )


def _move(view: MessageView, entry: Entry, change: Change) -> str:
    axis = f"{change.axis} ({change.axis.horizon})"
    if entry.role is Role.REMINDER:
        return f"{axis} is still {entry.now or change.to}"
    if view.kind is Kind.CORRECTION:
        said = f"{axis}: the change from {change.from_} to {change.to} is taken back"
    else:
        said = f"{axis} {'rose' if change.rises else 'fell'} from {change.from_} to {change.to}"
    if entry.role is Role.OVERTAKEN:
        said += ", which is over"
    return said if entry.now is None else f"{said}; it is {entry.now} now"


def _event(entry: Entry) -> str:
    if entry.alert.on is On.SPIKE and entry.seen is not None:
        usual = "" if entry.usual is None else f", where {entry.usual:.1f} are usual"
        return counted(entry.seen, "story", "stories") + usual
    if entry.grades:
        return f"the grade went from {entry.grades[0]} to {entry.grades[1]}"
    return _HAPPENED.get(entry.alert.on, "changed")


def _headline(profile: Profile | None, budget: Budget) -> str:
    """The newest headline, for those who see no key points."""
    if profile is None or profile.key_points or profile.headline is None or not budget.points:
        return ""
    return escape.headline(profile.headline.text, budget.title)


def _points(profile: Profile | None, budget: Budget, zone: ZoneInfo) -> tuple[PointLine, ...]:
    if profile is None:
        return ()
    return tuple(
        PointLine(
            escape.headline(point.text, budget.title) + (RESOLVED if point.resolved else ""),
            numbers_text(point.evidence[:6]),
            _time(point.at, zone),
        )
        for point in profile.key_points[: budget.points]
    )


def _sources(profile: Profile | None, budget: Budget, zone: ZoneInfo) -> tuple[SourceLine, ...]:
    """The records that the told key points name, then those behind the matrix."""
    if profile is None:
        return ()
    cited: Iterable[int] = dict.fromkeys(
        [number for point in profile.key_points[: budget.points] for number in point.evidence]
        + [number for row in profile.matrix for number in row.evidence]
    )
    wanted = set(list(cited)[: budget.sources])
    return tuple(
        SourceLine(
            number=record.number,
            publisher=record.publisher,
            reliability=record.reliability.value,
            kind="direct" if record.direct else "secondary",
            title=escape.headline(record.title, budget.title),
            url=record.url,
            at=_time(record.published or record.observed, zone),
        )
        for record in profile.evidence
        if record.number in wanted
    )


def _rows(profile: Profile, zone: ZoneInfo) -> tuple[RowLine, ...]:
    return tuple(
        RowLine(
            axis=row.axis.value,
            horizon=row.horizon,
            level=row.level.value,
            score="" if row.score is None else f"{row.score:.2f}",
            trend=row.trend.value if row.trend else "",
            since=_time(row.since, zone) if row.since else "",
            next_fall=_time(row.next_fall, zone) if row.next_fall else "",
            numbers=numbers_text(row.evidence[:6]),
        )
        for row in profile.matrix
    )


def _contributions(
    view: MessageView, entries: Iterable[Entry], budget: Budget
) -> tuple[ContributionLine, ...]:
    if not view.tier.allows(ANALYSIS):
        return ()
    return tuple(
        ContributionLine(
            axis=entry.alert.transition.axis.value,
            value=f"{each.value:.3f}",
            grade=each.grade,
            title=escape.headline(each.title, budget.title),
        )
        for entry in entries
        if entry.alert.transition is not None
        for each in entry.alert.transition.contributions[: budget.contributions]
    )


def _time(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
