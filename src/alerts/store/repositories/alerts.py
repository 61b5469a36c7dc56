"""Alerts as recorded: what each reported, and what became of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from alerts.model.alert import Alert, AlertState
from alerts.model.fields import Same
from alerts.model.level import Transition
from alerts.routing.alerts import Explanation, alert_id, explanation_record, reference
from alerts.routing.reasons import Reason
from alerts.store.repositories import transitions
from alerts.store.schema import AlertRow, DecisionRow, table_of
from alerts.store.upsert import SOME, insert_new, rows_of

_ALERTS, _DECISIONS = table_of(AlertRow), table_of(DecisionRow)
_A = _ALERTS.c

_ROWS = select(_ALERTS, _DECISIONS.c.detail).join(_DECISIONS, _DECISIONS.c.id == _A.decision)
_BY_ID = _ROWS.where(_A.id.in_(SOME))
_AT = _ROWS.where(_A.institution == bindparam("institution"), _A.at == bindparam("instant")).order_by(_A.id)
_DROP = update(_ALERTS).where(_A.id.in_(SOME)).values(state=AlertState.SUPPRESSED.value, reason=Reason.CORRECTED.value)
Made = tuple[Alert, Explanation, Sequence[str]]
"""An alert as its router made it, what was considered of it, and the subscribers who have it."""
_COLUMNS: Final = ("id", "at", "subscriber", "channel", "institution", "on", "state", "reason")
_NOT_IN_DETAIL: Final[dict[str, Any]] = {
    **dict.fromkeys(_COLUMNS, True),
    "changes": {"__all__": {"contributions"}},  # they are with the transitions
}


@cache
def _adapter() -> TypeAdapter[Alert]:
    return TypeAdapter(Alert)


def add(session: Session, made: Iterable[Made], transition_ids: Mapping[str, int]) -> None:
    """Stores alerts. `transition_ids` gives row ids by transition key.

    What alerts of one explanation hold is equal for all subscribers, and stored once."""
    rows: list[dict[str, Any]] = []
    decisions: dict[tuple[Same[Explanation], str], dict[str, Any]] = {}
    for alert, explanation, subscribers in made:
        key, name = (Same(explanation), alert.channel), reference(alert)
        if key not in decisions:
            decisions[key] = {"id": alert_id(name, subscribers[0]), "detail": _detail(alert, explanation)}
        transition = None if alert.transition is None else transition_ids.get(alert.transition.key)
        row = {column: getattr(alert, column) for column in _COLUMNS}
        row |= {"transition": transition, "decision": decisions[key]["id"]}
        rows += [row | {"id": alert_id(name, each), "subscriber": each} for each in subscribers]
    insert_new(session, DecisionRow, list(decisions.values()))
    insert_new(session, AlertRow, rows)


def _detail(alert: Alert, explanation: Explanation) -> dict[str, Any]:
    detail = _adapter().dump_python(alert, mode="json", exclude=_NOT_IN_DETAIL)
    story = "" if alert.lead is None else alert.lead.story
    return {**detail, "story": story, "considered": explanation_record(explanation, "", alert.channel)}


def drop(session: Session, ids: Collection[str]) -> None:
    """Records that alerts were taken back before they went out."""
    if ids:
        session.execute(_DROP, {"some": sorted(ids)})


def rows_by_id(session: Session, ids: Iterable[str]) -> dict[str, Any]:
    """The rows of alerts by id."""
    return {row.id: row for row in rows_of(session, _BY_ID, sorted(set(ids)))}


def at(session: Session, institution: str, instant: datetime) -> list[Alert]:
    """The alerts of an institution's assessment at an instant."""
    rows = session.execute(_AT, {"institution": institution, "instant": instant}).all()
    return of_rows(session, rows)


def of_rows(session: Session, rows: Iterable[Any]) -> list[Alert]:
    """Alerts from their rows. The level changes of an alert are those of its institution at its instant."""
    listed = list(rows)
    changes = changes_of(session, listed)
    return [of_row(row, changes) for row in listed]


def changes_of(session: Session, rows: Collection[Any]) -> dict[str, Transition]:
    """The level changes that alerts may report, by key."""
    if not rows:
        return {}
    span = [row.at for row in rows]
    institutions = sorted({row.institution for row in rows})
    return {each.key: each for each in transitions.between(session, institutions, min(span), max(span))}


def of_row(row: Any, recorded: Mapping[str, Transition]) -> Alert:
    """The alert of a row."""
    detail = row.detail if "changes" in row.detail else _before(row, recorded)
    told = {name: value for name, value in detail.items() if name not in {"story", "considered"}}
    alert = _adapter().validate_python(told | {name: getattr(row, name) for name in _COLUMNS})
    pairs = ((change, recorded.get(change.key, change)) for change in alert.changes)
    changes = tuple(replace(change, contributions=known.contributions) for change, known in pairs)
    return replace(alert, changes=changes)


def _before(row: Any, recorded: Mapping[str, Transition]) -> dict[str, Any]:
    """The detail of an alert that was recorded when an alert was about one axis, or an item."""
    old: Mapping[str, Any] = row.detail
    found = [each for each in recorded.values() if (each.institution, each.at) == (row.institution, row.at)]
    found = [each for each in found if each.to.value == old.get("level")][:1]
    keys = ("story", "title", "item", "url", "publisher")
    lead = {key: old.get(key, "") for key in keys} if old.get("title") else None
    return {"level": found[0].to if found else "low", "lead": lead, "changes": found}
