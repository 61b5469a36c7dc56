"""The words of a message: a pure step from a view to the values that templates print.

Every sentence here is about what this program did or computed; what happened in the world is said by headlines
alone. A level and a confidence never stand in one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.delivery import escape
from alerts.delivery.message import Entry, Kind, MessageView
from alerts.delivery.profile_forms import confidence_text, coverage_text, numbers_text
from alerts.delivery.tiers import ANALYSIS, DETAIL, gate, gate_transition
from alerts.model.profile import Profile
from alerts.model.subscriber import On


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
    Budget(0, 0, 0, 0, 60, matrix=False, footer=False),
)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One alert: `what` changed, since when, with its headline where it is about a story."""

    what: str
    since: str
    score: str = ""
    headline: str = ""
    url: str = ""
    id: str = ""


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
    Kind.GROUP: "These changed within a short time.",
    Kind.DIGEST: "What waited for this digest.",
    Kind.SUMMARY: "More happened than your limit allows, so this one message stands for all of it.",
    Kind.REMINDER: "Nothing new: this level still stands.",
    Kind.ALL_CLEAR: "You were told of the rise; the level has fallen.",
    Kind.CORRECTION: (
        "Correction: what supported this alert was withdrawn or corrected. Without it the level "
        "would not have been reached."
    ),
    Kind.TEST: "A test message: this channel works. Nothing happened.",
}


def wording(view: MessageView, budget: Budget) -> Wording:
    """The words of a message for its tier, at most as many as the budget allows."""
    zone = ZoneInfo(view.timezone)
    grouped: dict[str, list[Entry]] = {}
    for entry in view.entries:
        grouped.setdefault(entry.alert.institution, []).append(entry)
    blocks = tuple(
        _block(view, institution, entries, budget, zone)
        for institution, entries in list(grouped.items())[: budget.institutions]
    )
    told = sum(len(block.changes) for block in blocks)
    within = sum(block.more for block in blocks)
    return Wording(
        id=view.id,
        kind=view.kind.value,
        subscriber=view.subscriber,
        channel=view.channel,
        title=title(view),
        intro=_INTRO[view.kind],
        at=_time(view.at, zone),
        institutions=blocks,
        more=len(view.entries) - told - within + view.omitted,
        rules=tuple(dict.fromkeys(entry.rule for entry in view.entries if entry.rule)),
        unsubscribe=view.unsubscribe or "",
        fewer=f"alerts unsubscribe {view.subscriber}",
        footer=budget.footer,
    )


def title(view: MessageView) -> str:
    """One line that says what changed. It shows no text of a feed."""
    count = len(view.entries) + view.omitted
    names = ", ".join(dict.fromkeys(_name(view, entry.alert.institution) for entry in view.entries))
    if view.kind is Kind.TEST:
        return f"Test message for {view.subscriber}, channel {view.channel}"
    if view.kind is Kind.DIGEST:
        return escape.shorten(f"Digest: {_count(count, 'alert')}: {names}", escape.TITLE_LIMIT)
    if view.kind is Kind.SUMMARY:
        return escape.shorten(f"Summary of {_count(count, 'alert')}: {names}", escape.TITLE_LIMIT)
    if count > 1:
        prefix = {Kind.REMINDER: "Reminder: ", Kind.ALL_CLEAR: "All clear: ", Kind.CORRECTION: "Correction: "}
        said = f"{prefix.get(view.kind, '')}{count} changes: {names}"
        return escape.shorten(said, escape.TITLE_LIMIT)
    if not view.entries:
        return view.kind.value
    entry = view.entries[0]
    transition = entry.alert.transition
    what = {On.MENTION: "mentioned", On.SPIKE: "unusually many stories", On.GRADE: "grade changed"}.get(
        entry.alert.on, "level changed"
    )
    if transition is not None:
        what = f"{transition.axis} ({transition.axis.horizon})"
        if view.kind is Kind.REMINDER:
            what += f" still {transition.to}"
        else:
            what += f" {transition.from_} → {transition.to}"
    elif entry.grades:
        what = f"grade {entry.grades[0]} → {entry.grades[1]}"
    prefix = {Kind.REMINDER: "Reminder: ", Kind.ALL_CLEAR: "All clear: ", Kind.CORRECTION: "Correction: "}
    return f"{prefix.get(view.kind, '')}{names}: {what}"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _name(view: MessageView, institution: str) -> str:
    profile = view.profiles.get(institution)
    return profile.name if profile else institution


def _block(
    view: MessageView, institution: str, entries: list[Entry], budget: Budget, zone: ZoneInfo
) -> Block:
    raw = view.profiles.get(institution)
    profile = gate(raw, view.tier) if raw else None
    page = f"{view.base_url}/institutions/{institution}" if view.base_url else ""
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
    alert = entry.alert
    detail = view.tier.allows(DETAIL)
    score = ""
    if alert.transition is not None:
        change = gate_transition(alert.transition, view.tier)
        axis = f"{change.axis} ({change.axis.horizon})"
        if view.kind is Kind.REMINDER:
            what = f"{axis} is still {change.to}"
        else:
            what = f"{axis} {'rose' if change.rises else 'fell'} from {change.from_} to {change.to}"
        score = "" if change.score is None else f"{change.score:.2f}"
        since = change.at
    else:
        since = alert.at
        if alert.on is On.SPIKE:
            usual = "" if entry.usual is None else f", {entry.usual:.1f} usually"
            what = f"{_count(entry.seen, 'story') if entry.seen is not None else 'many stories'}{usual}"
            what = what.replace("storys", "stories")
        elif alert.on is On.GRADE and entry.grades:
            what = f"grade went from {entry.grades[0]} to {entry.grades[1]}"
        else:
            what = {On.MENTION: "mentioned", On.GRADE: "grade changed"}.get(alert.on, "level changed")
    return ChangeLine(
        what=what,
        since=_time(since, zone),
        score=score,
        headline=escape.headline(entry.headline, budget.title),
        url=entry.url if detail else "",
        id=alert.id,
    )


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
            escape.headline(point.text, budget.title), numbers_text(point.evidence[:6]), _time(point.at, zone)
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
