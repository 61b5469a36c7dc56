"""Alerts as recorded: what each reported, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from alerts.model.alert import Alert, AlertState, Lead
from alerts.model.level import Axis, Cause, Level, Transition
from alerts.model.subscriber import On
from alerts.model.topic import Signal
from alerts.routing.reasons import Reason
from alerts.store.repositories import transitions
from alerts.store.schema import AlertRow, table_of
from alerts.store.upsert import SOME, insert_new

_ALERTS = table_of(AlertRow)
_A = _ALERTS.c

_BY_ID = select(_ALERTS).where(_A.id.in_(SOME))
_AT = (
    select(_ALERTS)
    .where(_A.institution == bindparam("institution"), _A.at == bindparam("instant"))
    .order_by(_A.id)
)
_DROP = (
    update(_ALERTS)
    .where(_A.id.in_(SOME))
    .values(state=AlertState.SUPPRESSED.value, reason=Reason.CORRECTED.value)
)


def add(
    session: Session,
    alerts: Sequence[Alert],
    *,
    transition_ids: Mapping[str, int],
    considered: Mapping[str, Any],
) -> None:
    """Stores alerts. `transition_ids` gives row ids by transition key, `considered` the explanation by alert id."""
    rows = [
        {
            "id": each.id,
            "at": each.at,
            "subscriber": each.subscriber,
            "channel": each.channel,
            "institution": each.institution,
            "on": each.on.value,
            "transition": None if each.transition is None else transition_ids.get(each.transition.key),
            "state": each.state.value,
            "reason": each.reason,
            "detail": {**_detail(each), "considered": considered.get(each.id)},
        }
        for each in alerts
    ]
    insert_new(session, AlertRow, rows)


def drop(session: Session, ids: Collection[str]) -> None:
    """Records that alerts were taken back before they went out."""
    if ids:
        session.execute(_DROP, {"some": sorted(ids)})


def by_id(session: Session, ids: Collection[str]) -> dict[str, Alert]:
    """The recorded alerts of some ids."""
    rows = session.execute(_BY_ID, {"some": sorted(set(ids))}).all()
    return {each.id: each for each in _with_transitions(session, rows)}


def at(session: Session, institution: str, instant: datetime) -> list[Alert]:
    """The alerts of an institution's assessment at an instant."""
    rows = session.execute(_AT, {"institution": institution, "instant": instant}).all()
    return _with_transitions(session, rows)


def of_rows(session: Session, rows: Iterable[AlertRow]) -> list[Alert]:
    """Alerts from their rows, with the contributions to their changes."""
    return _with_transitions(session, list(rows))


def _with_transitions(session: Session, rows: Sequence[Any]) -> list[Alert]:
    """The level changes of an alert are those of its institution at its instant."""
    if not rows:
        return []
    span = [row.at for row in rows]
    institutions = sorted({row.institution for row in rows})
    recorded = {each.key: each for each in transitions.between(session, institutions, min(span), max(span))}
    return [_alert(row, recorded) for row in rows]


def _alert(row: Any, recorded: Mapping[str, Transition]) -> Alert:
    detail: Mapping[str, Any] = row.detail
    changes = tuple(
        _change(row, each, recorded) for each in detail.get("changes", _changes_before(row, detail, recorded))
    )
    lead = _lead(detail["lead"]) if detail.get("lead") else _lead_before(detail)
    levels = [change.to for change in changes]
    return Alert(
        id=row.id,
        at=row.at,
        subscriber=row.subscriber,
        channel=row.channel,
        institution=row.institution,
        on=On(row.on),
        level=Level(detail["level"])
        if "level" in detail
        else max(levels, key=lambda level: level.rank, default=Level.LOW),
        lead=lead,
        changes=changes,
        state=AlertState(row.state),
        reason=row.reason,
        also=tuple(_lead(each) for each in detail.get("also", ())),
        rules=tuple(detail.get("rules", ())),
        grades=tuple(detail["grades"]) if detail.get("grades") else None,
        spike=tuple(detail["spike"]) if detail.get("spike") else None,
    )


def _changes_before(
    row: Any, detail: Mapping[str, Any], recorded: Mapping[str, Transition]
) -> list[Mapping[str, Any]]:
    """The change of an alert that was recorded when an alert was about one axis."""
    if row.on != On.LEVEL.value:
        return []
    found = [each for each in recorded.values() if (each.institution, each.at) == (row.institution, row.at)]
    found = [each for each in found if each.to.value == detail.get("level")] or found
    return [_change_record(each) for each in found[:1]]


def _change(row: Any, record: Mapping[str, Any], recorded: Mapping[str, Transition]) -> Transition:
    change = Transition(
        at=row.at,
        institution=row.institution,
        axis=Axis(record["axis"]),
        from_=Level(record["from"]),
        to=Level(record["to"]),
        score=record["score"],
        cause=Cause(record["cause"]),
    )
    known = recorded.get(change.key)
    return change if known is None else replace(change, contributions=known.contributions)


def _change_record(change: Transition) -> dict[str, Any]:
    return {
        "axis": change.axis.value,
        "from": change.from_.value,
        "to": change.to.value,
        "score": change.score,
        "cause": change.cause.value,
    }


def _detail(alert: Alert) -> dict[str, Any]:
    """What an alert reports, as JSON; `story` for those who look for alerts of one."""
    return {
        "story": "" if alert.lead is None else alert.lead.story,
        "level": alert.level.value,
        "lead": None if alert.lead is None else _lead_record(alert.lead),
        "also": [_lead_record(each) for each in alert.also],
        "changes": [_change_record(each) for each in alert.changes],
        "rules": list(alert.rules),
        "grades": None if alert.grades is None else list(alert.grades),
        "spike": None if alert.spike is None else list(alert.spike),
    }


def _lead_record(lead: Lead) -> dict[str, Any]:
    return {
        "story": lead.story,
        "title": lead.title,
        "item": lead.item,
        "url": lead.url,
        "publisher": lead.publisher,
        "topics": list(lead.topics),
        "signals": sorted(lead.signals),
        "sources": sorted(lead.sources),
        "publishers": lead.publishers,
        "grade": lead.grade,
        "confidence": lead.confidence,
        "axis": lead.axis,
        "from": lead.from_,
        "to": lead.to,
    }


def _lead(record: Mapping[str, Any]) -> Lead:
    return Lead(
        story=record["story"],
        title=record["title"],
        item=record["item"],
        url=record["url"],
        publisher=record["publisher"],
        topics=tuple(record["topics"]),
        signals=frozenset(Signal(each) for each in record["signals"]),
        sources=frozenset(record["sources"]),
        publishers=record["publishers"],
        grade=record["grade"],
        confidence=record["confidence"],
        axis=None if record["axis"] is None else Axis(record["axis"]),
        from_=None if record["from"] is None else Level(record["from"]),
        to=None if record["to"] is None else Level(record["to"]),
    )


def _lead_before(detail: Mapping[str, Any]) -> Lead | None:
    """The item of a mention that was recorded before alerts had a lead."""
    if not detail.get("title"):
        return None
    story, title, item, url, publisher = (
        str(detail.get(key, "")) for key in ("story", "title", "item", "url", "publisher")
    )
    return Lead(story, title, item, url, publisher)
