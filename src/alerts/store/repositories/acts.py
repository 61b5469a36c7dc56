"""The audit trail: what people did to the running system. Entries are only added; retention removes old ones.

Answers to alerts, links and configurations have rows of their own, which say the same of themselves.
"""

import secrets
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.model.times import micros
from alerts.store import system_state
from alerts.store.schema import FactRow


class Act(NamedTuple):
    """Who did what, and to what."""

    at: datetime
    who: str
    what: str
    about: str = ""


def record(session: Session, at: datetime, who: str, what: str, about: str = "") -> None:
    """Adds an entry, in the transaction that does what it says."""
    name = f"{system_state.ACT}{micros(at)}/{secrets.token_hex(4)}"
    system_state.put(session, name, at, {"who": who, "what": what, "about": about})


def newest(session: Session, limit: int) -> list[Act]:
    """The newest entries, the newest first."""
    acts = select(FactRow.at, FactRow.value).where(FactRow.name.startswith(system_state.ACT))
    return [Act(at, **value) for at, value in session.execute(acts.order_by(FactRow.name.desc()).limit(limit))]
