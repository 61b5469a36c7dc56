"""Alerts that were sent, with what their readers said of them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, cast, func, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Session

from alerts.model.alert import AlertState
from alerts.model.answer import AnswerKind
from alerts.model.times import EPOCH
from alerts.store.repositories import answers
from alerts.store.schema import AlertRow, ItemRow, table_of
from alerts.store.upsert import chunks

_A = table_of(AlertRow).c
_DETAIL = ("lead", "changes", "rules", "level")


class Sent(NamedTuple):
    """An alert of one assessment to one subscriber, whatever the number of channels: `alert` is one of its ids.

    `verdict` is in the words of evaluations/verdicts.jsonl, empty where nobody gave one, the newest where several did.
    """

    alert: str
    at: datetime
    subscriber: str
    institution: str
    detail: dict[str, Any]
    verdict: str
    acknowledged: bool


def sent(session: Session, subscriber: str | None, since: datetime | None) -> list[Sent]:
    """The alerts of a subscriber, or of all, that were sent or wait for a digest, in order of time."""
    mine = [_A.state != AlertState.SUPPRESSED.value, _A.at >= (since or EPOCH)]
    mine += [] if subscriber is None else [_A.subscriber == subscriber]
    columns = _A.id, _A.at, _A.subscriber, _A.institution, _lean(session).label("lean")
    given = sorted(answers.find(session, subscriber=subscriber), key=lambda each: (each.at, each.id))
    standing = [each for each in given if each.undone_at is None]
    verdicts = {each.alert: each.verdict for each in standing if each.verdict}
    seen = {each.alert for each in standing if each.kind is AnswerKind.ACKNOWLEDGE}
    found: dict[tuple[str, str, datetime], Sent] = {}
    for row in session.execute(select(*columns).where(*mine).order_by(_A.at, _A.id)):
        key = row.subscriber, row.institution, row.at
        former, verdict = found.get(key), verdicts.get(row.id, "")
        if former is None:
            known = dict(zip(_DETAIL, json.loads(row.lean), strict=True))
            found[key] = Sent(row.id, row.at, row.subscriber, row.institution, known, verdict, row.id in seen)
        else:
            acknowledged = former.acknowledged or row.id in seen
            found[key] = former._replace(verdict=verdict or former.verdict, acknowledged=acknowledged)
    return list(found.values())


def _lean(session: Session) -> ColumnElement[str]:
    """Those of the detail of an alert, without what was considered, which is most of it."""
    text = type_coerce(_A.detail, Text)
    if session.get_bind().dialect.name == "sqlite":
        return func.json_extract(text, *(f"$.{name}" for name in _DETAIL))
    # As `json`, which takes any escape that a title may hold; `jsonb` does not.
    return cast(func.json_build_array(*(cast(text, JSON).op("->")(literal(name, Text)) for name in _DETAIL)), Text)


def reported(session: Session, items: list[str]) -> dict[str, datetime]:
    """The time of the report of items: published, never later than first observed."""
    found = {}
    for some in chunks(items):
        query = select(ItemRow.id, ItemRow.published, ItemRow.first_observed).where(ItemRow.id.in_(some))
        for item, published, observed in session.execute(query):
            found[item] = observed if published is None else min(published, observed)
    return found
