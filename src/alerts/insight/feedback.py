"""Whether alerts were right: the verdicts of readers, with exact intervals, by what the alerts have in common."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy.orm import Session

from alerts.model.answer import Answer, AnswerKind, WrongReason
from alerts.model.fields import grouped
from alerts.model.level import Axis
from alerts.model.settings import Settings
from alerts.model.times import format_time
from alerts.routing.alerts import stable_id
from alerts.store.queries import reports
from alerts.store.queries.reports import Sent
from alerts.store.repositories import answers

RIGHT: Final = "right"
CONFIDENCE: Final = 0.95
HEADLINE: Final = 60  # characters by which a verdict knows a headline
VERDICTS: Final = (RIGHT, *(each.verdict for each in WrongReason))
KEYS: Final = ("institution", "day", "headline", "topic", "verdict")
_REASONS: Final = {each.verdict: each for each in WrongReason}


@cache
def interval(hits: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact interval of a share after Clopper and Pearson: 0 to 1 where nothing was judged."""
    tail = (1 - confidence) / 2
    return (lower_bound(hits, of, tail), 1 - lower_bound(of - hits, of, tail)) if of else (0.0, 1.0)


def lower_bound(hits: int, of: int, tail: float) -> float:
    """The least share with which so many hits, or more, happen with a probability of `tail`."""
    low, high = 0.0, hits / of
    while hits and high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _at_least(hits, of, middle) < tail else (low, middle)
    return low


def _at_least(hits: int, of: int, share: float) -> float:
    """The probability of so many hits or more."""

    def exactly(count: int) -> float:
        ways = math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1)
        return math.exp(ways + count * math.log(share) + (of - count) * math.log1p(-share))

    return math.fsum(map(exactly, range(hits, of + 1)))


def feedback(
    session: Session, settings: Settings, subscriber: str | None, since: datetime | None
) -> list[dict[str, Any]]:
    """How many alerts were sent, judged, right and acknowledged: in all, then by rule, topic, source, institution and
    level. Of each kind the worst come first: those whose share of right ones is surely the lowest."""
    found = reports.sent(session, subscriber, since)
    rows = [_row("all", "", found)] if found else []
    for by, names in _KINDS.items():
        groups = grouped((name, each) for each in found for name in names(each, settings))
        made = [_row(by, name, some) for name, some in sorted(groups.items())]
        rows += sorted(made, key=lambda row: (row["judged"] == 0, row["high"], row["acknowledged"], -row["sent"]))
    return rows


def topic_of(each: Sent, settings: Settings) -> str:
    """The topic that carried the alert; empty where it has none."""
    lead, changes = each.detail["lead"] or {}, each.detail["changes"] or []
    axis = lead.get("axis") or next((change["axis"] for change in changes), None)
    return carrying(lead.get("topics", ()), None if axis is None else Axis(axis), settings)


def carrying(topics: Iterable[str], axis: Axis | None, settings: Settings) -> str:
    """The topic that carries a story on an axis: that of the highest severity there."""

    def severity(name: str) -> float:
        topic = settings.topics.get(name)
        return 0.0 if topic is None or axis is None else topic.severity.on(axis)

    return min(topics, key=lambda name: (-severity(name), name), default="")


def _lead(each: Sent, name: str) -> Any:
    return (each.detail["lead"] or {}).get(name) or ""


_KINDS: Final[Mapping[str, Callable[[Sent, Settings], Iterable[str]]]] = {
    "rule": lambda each, _: [f"{each.subscriber}: {name}" for name in each.detail["rules"] or ()],
    "topic": lambda each, settings: filter(None, [topic_of(each, settings)]),
    "source": lambda each, _: sorted(_lead(each, "sources")),
    "institution": lambda each, _: [each.institution],
    "level": lambda each, _: [each.detail["level"] or "low"],
}


def _row(by: str, name: str, some: Sequence[Sent]) -> dict[str, Any]:
    judged = [each.verdict for each in some if each.verdict]
    right = judged.count(RIGHT)
    low, high = interval(right, len(judged))
    counts = {"sent": len(some), "judged": len(judged), "right": right}
    share = {
        "precision": round(right / len(judged), 4) if judged else None,
        "low": round(low, 4),
        "high": round(high, 4),
    }
    return {"by": by, "name": name, **counts, **share, "acknowledged": sum(each.acknowledged for each in some)}


def by_story(session: Session, subscriber: str) -> dict[tuple[str, str], str]:
    """The newest verdict on each story of an institution that a subscriber was alerted to; see `replay.tune`."""
    judged = [each for each in reports.sent(session, subscriber, None) if each.verdict]
    return {(each.institution, _lead(each, "story") or format_time(each.at)): each.verdict for each in judged}


def exported(
    session: Session, settings: Settings, subscriber: str | None, since: datetime | None
) -> list[dict[str, str]]:
    """The verdicts in the form that evaluations/right_alerts.py reads, each once."""
    found = {key: each.verdict for key, each in _keyed(session, settings, subscriber, since) if each.verdict}
    return [dict(zip(KEYS, (*key, verdict), strict=True)) for key, verdict in found.items()]


def imported(session: Session, settings: Settings, records: Sequence[Mapping[str, str]], at: datetime) -> int:
    """Takes verdicts of a file in as answers to the recorded alerts that they are about; how many alerts that were.

    An alert that has a verdict keeps it."""
    given = {
        (*(each[key] for key in KEYS[:2]), short(each["headline"]), each["topic"]): each["verdict"] for each in records
    }
    made = []
    for key, each in _keyed(session, settings, None, None):
        verdict = given.get(key, "")
        if verdict and not each.verdict:
            kind = AnswerKind.USEFUL if verdict == RIGHT else AnswerKind.WRONG
            id_ = stable_id("import", each.alert)
            reason = _REASONS.get(verdict)
            made.append(Answer(id_, each.alert, each.subscriber, "", kind, each.institution, at, reason, who="a file"))
    answers.add(session, made)
    return len(made)


def _keyed(
    session: Session, settings: Settings, subscriber: str | None, since: datetime | None
) -> Iterator[tuple[tuple[str, str, str, str], Sent]]:
    """What a verdict in a file is about: institution, day of the report, beginning of the headline, and topic."""
    some = reports.sent(session, subscriber, since)
    reported = reports.reported(session, sorted({_lead(each, "item") for each in some}))
    for each in some:
        day = reported.get(_lead(each, "item"), each.at).date().isoformat()
        yield (each.institution, day, short(_lead(each, "title")), topic_of(each, settings)), each


def short(headline: str) -> str:
    """A headline as far as it is needed to know it again."""
    return re.sub(r"\s+", " ", headline).strip()[:HEADLINE].strip()
