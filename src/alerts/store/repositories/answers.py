"""What readers answered to alerts."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from alerts.model.answer import PREFERENCES, Answer, AnswerKind, WrongReason
from alerts.model.fields import record_of
from alerts.store.schema import AnswerRow, table_of
from alerts.store.upsert import SOME, equal, insert_new, row_of, rows_of

_ANSWERS = table_of(AnswerRow)
_A = _ANSWERS.c
_IN_FORCE = _A.subscriber == bindparam("subscriber_id"), _A.kind.in_(SOME), _A.undone_at.is_(None)
_STANDING = select(_ANSWERS).where(*_IN_FORCE).order_by(_A.at, _A.id)
_STANDING_ON = _STANDING.where(_A.alert == bindparam("alert_id"))
_CHOSEN = select(_ANSWERS).where(_A.subscriber.in_(SOME), _A.kind.in_(sorted(PREFERENCES))).order_by(_A.at, _A.id)


def add(session: Session, answers: Collection[Answer]) -> None:
    """Stores answers; one whose id is there is left as it is."""
    insert_new(session, AnswerRow, [row_of(AnswerRow, each) for each in answers])


def undo(session: Session, answer: str, at: datetime, by: str) -> bool:
    """Takes an answer back; whether there was one in force."""
    in_force = update(_ANSWERS).where(_A.id == answer, _A.undone_at.is_(None))
    return session.scalar(in_force.values(undone_at=at, undone_by=by).returning(_A.id)) is not None


def get(session: Session, answer: str) -> Answer | None:
    row = session.execute(select(_ANSWERS).where(_A.id == answer)).one_or_none()
    return None if row is None else _answer(row)


def preferences(session: Session, *subscribers: str) -> tuple[Answer, ...]:
    """Every preference that some subscribers ever gave, taken back ones too: each says when it held."""
    return tuple(_answer(row) for row in rows_of(session, _CHOSEN, subscribers))


def standing(session: Session, subscriber: str, kinds: Collection[AnswerKind], alert: str = "") -> list[Answer]:
    """The answers of some kinds of a subscriber, or of those to one alert, that were not taken back, by time."""
    query = _STANDING_ON if alert else _STANDING
    given = {"subscriber_id": subscriber, "some": sorted(kinds), "alert_id": alert}
    return [_answer(row) for row in session.execute(query, given)]


def find(
    session: Session,
    *,
    alerts: Collection[str] | None = None,
    subscriber: str | None = None,
    institution: str | None = None,
    limit: int | None = None,
) -> list[Answer]:
    """Answers, taken back ones too, the newest first."""
    query = select(_ANSWERS).where(*equal((_A.subscriber, subscriber), (_A.institution, institution)))
    if alerts is not None:
        query = query.where(_A.alert.in_(sorted(alerts)))
    newest_first = query.order_by(_A.at.desc(), _A.id).limit(limit)
    return [_answer(row) for row in session.execute(newest_first)]


def _answer(row: Any) -> Answer:
    return record_of(Answer, row, kind=AnswerKind(row.kind), reason=WrongReason(row.reason) if row.reason else None)
