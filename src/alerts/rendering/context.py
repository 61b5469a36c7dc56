"""The words of a message: a pure step from a view to the values that templates print.

Every sentence here is about what this program did or computed; what happened in the world is said by headlines
alone. A level and a confidence never stand in one sentence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from alerts.model.fields import grouped, record_of
from alerts.model.profile import Profile
from alerts.rendering import escape, news
from alerts.rendering.profile_forms import RESOLVED, confidence_text, coverage_text, numbers_text
from alerts.rendering.tiers import ANALYSIS, DETAIL, gate, gate_transition
from alerts.rendering.view import Entry, MessageView, Role
from alerts.routing.alerts import Kind

_INTRO = {
    Kind.ALERT: "",
    Kind.GROUP: "These changed while your messages waited.",
    Kind.DIGEST: "What waited for this digest.",
    Kind.SUMMARY: "More happened than your limit allows, so this one message stands for all of it.",
    Kind.REMINDER: "Nothing new: you had this alert, and its level still stands.",
    Kind.ALL_CLEAR: "You had the alert of the rise; the level has fallen.",
    Kind.ESCALATION: "Nobody has acknowledged this in time, so it comes here as well.",
    Kind.TEST: "A test message: this channel works. Nothing happened.",
}
_COPY = "This may be a second copy: an earlier attempt to send it was cut short."


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a message says. Smaller budgets are tried until the service accepts its length."""

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
class AlertLine:
    """One alert, the news first: its `headline`, then what moved, how sure, since when.

    `moved` is short (`policy medium → high`), `moves` are sentences. `note` says what became of an alert that was sent
    before or came and went. `also` are further headlines of the same assessment. `page` explains the alert; `answer` is
    where its reader answers, `answer/acknowledge` and so on where one answer is asked for."""

    headline: str
    level: str
    moved: str
    moves: tuple[str, ...]
    sure: str
    when: str
    url: str = ""
    publisher: str = ""
    topics: str = ""
    note: str = ""
    also: tuple[str, ...] = ()
    page: str = ""
    answer: str = ""


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
    """One institution of a message: its alerts, and beneath them what they rest on. `level` is its highest alert's."""

    id: str
    name: str
    level: str
    page: str
    alerts: tuple[AlertLine, ...]
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


def wording(view: MessageView, budget: Budget) -> Wording:
    """The words of a message for its tier, at most as many as the budget allows."""
    entries, origins = news.folded(view.entries)
    by_institution = grouped((entry.alert.institution, entry) for entry in entries)
    ordered = sorted(by_institution.items(), key=lambda pair: -max(map(news.urgency, pair[1])))
    blocks = tuple(
        _block(view, institution, sorted(some, key=lambda entry: -news.urgency(entry)), origins, budget)
        for institution, some in ordered[: budget.institutions]
    )
    instead = f"It comes here because the channel {view.instead_of} could not be reached." if view.instead_of else ""
    shown = sum(len(block.alerts) + block.more for block in blocks)
    return record_of(
        Wording,
        view,
        kind=view.kind.value,
        title=news.title(view, budget.title),
        intro=" ".join(filter(None, (_intro(view), instead, _COPY if view.copy else ""))),
        at=view.local_time(view.at),
        institutions=blocks,
        more=len(entries) - shown + view.omitted,
        rules=tuple(dict.fromkeys(rule for entry in view.entries for rule in entry.alert.rules)),
        unsubscribe=view.unsubscribe or "",
        fewer=f"alerts unsubscribe {view.subscriber}",
        footer=budget.footer,
    )


def _intro(view: MessageView) -> str:
    if view.kind is not Kind.CORRECTION:
        return _INTRO[view.kind]
    happened = "corrected" if view.why == "corrected" else "withdrawn"
    return f"A report behind this alert was {happened}. With what it says now the alert would not have been sent."


def _block(view: MessageView, institution: str, entries: list[Entry], origins: news.Origins, budget: Budget) -> Block:
    raw = view.profiles.get(institution)
    profile = gate(raw, view.tier) if raw else None
    page = f"{view.base_url}/institutions/{quote(institution, safe='')}" if view.base_url else ""
    shown = entries[: budget.changes]
    return Block(
        id=institution,
        name=view.name_of(institution),
        level=max(entry.alert.level for entry in entries).value,
        page=page,
        alerts=tuple(_alert(view, entry, origins, profile, budget) for entry in shown),
        more=len(entries) - len(shown),
        confidence=confidence_text(profile.confidence) if profile else "",
        coverage=coverage_text(profile.coverage) if profile else "",
        headline=_headline(profile, budget),
        points=tuple(_points(view, profile, budget)),
        rows=_rows(view, profile) if profile and budget.matrix else (),
        contributions=tuple(_contributions(view, shown, budget)),
        sources=tuple(_sources(view, profile, budget)),
    )


def _alert(
    view: MessageView, entry: Entry, origins: news.Origins, profile: Profile | None, budget: Budget
) -> AlertLine:
    alert, lead, headline = entry.alert, entry.alert.lead, news.headline_of(view, entry)
    detailed = view.tier.allows(DETAIL)
    changes = [gate_transition(change, view.tier) for change in alert.changes]
    also = alert.also[: budget.points]
    return AlertLine(
        headline=escape.shorten_at_word(headline or news.bracket(view, entry, origins), budget.title),
        level=alert.level.value,
        moved=" · ".join(news.moved(view, entry, changes, origins)),
        moves=tuple(news.moves(view, entry, changes, origins, profile)),
        sure=news.how_sure(lead) if headline and lead is not None else "",
        when=view.local_time(alert.at),
        url=lead.url if lead is not None and detailed else "",
        publisher="" if lead is None else escape.shorten_at_word(escape.headline(lead.publisher), 80),
        topics="" if lead is None else ", ".join(lead.topics),
        note=news.note_of(view, entry),
        also=tuple(escape.shorten_at_word(news.calmed(view, alert, each), budget.title) for each in also),
        page=f"{view.base_url}/alerts/{quote(alert.id, safe='')}" if view.base_url and detailed else "",
        answer="" if view.kind is Kind.CORRECTION or entry.role is Role.SUPERSEDED else view.answers.get(alert.id, ""),
    )


def _headline(profile: Profile | None, budget: Budget) -> str:
    """The newest headline, for those who see no key points."""
    if profile is None or profile.key_points or profile.headline is None or not budget.points:
        return ""
    return escape.headline(profile.headline.text, budget.title)


def _points(view: MessageView, profile: Profile | None, budget: Budget) -> Iterator[PointLine]:
    for point in profile.key_points[: budget.points] if profile is not None else ():
        text = escape.shorten_at_word(escape.headline(point.text), budget.title)
        said = text + RESOLVED if point.resolved else text
        yield PointLine(said, numbers_text(point.evidence[:6]), view.local_time(point.at))


def _sources(view: MessageView, profile: Profile | None, budget: Budget) -> Iterator[SourceLine]:
    """The records that the key points shown name, then those behind the matrix."""
    if profile is None:
        return
    points = (point.evidence for point in profile.key_points[: budget.points])
    cited = dict.fromkeys(number for some in (*points, *(row.evidence for row in profile.matrix)) for number in some)
    wanted = set(list(cited)[: budget.sources])
    for record in (record for record in profile.evidence if record.number in wanted):
        title, at = escape.headline(record.title, budget.title), view.local_time(record.published or record.observed)
        kind, reliability = "direct" if record.direct else "secondary", record.reliability.value
        yield record_of(SourceLine, record, reliability=reliability, kind=kind, title=title, at=at)


def _rows(view: MessageView, profile: Profile) -> tuple[RowLine, ...]:
    return tuple(
        record_of(
            RowLine,
            row,
            score="" if row.score is None else f"{row.score:.2f}",
            trend=row.trend.value if row.trend else "",
            since=view.local_time(row.since) if row.since else "",
            next_fall=view.local_time(row.next_fall) if row.next_fall else "",
            numbers=numbers_text(row.evidence[:6]),
        )
        for row in profile.matrix
    )


def _contributions(view: MessageView, entries: Iterable[Entry], budget: Budget) -> Iterator[ContributionLine]:
    if not view.tier.allows(ANALYSIS) or view.kind is Kind.CORRECTION:
        return
    for change in (change for entry in entries for change in entry.alert.changes):
        for each in change.contributions[: budget.contributions]:
            title = escape.headline(each.title, budget.title)
            yield ContributionLine(change.axis.value, f"{each.value:.3f}", each.grade, title)
