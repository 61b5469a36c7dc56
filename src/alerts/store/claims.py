"""What is due is claimed by one tick, and not handed out again for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute


def free(claimed_until: InstrumentedAttribute[Any], now: datetime) -> ColumnElement[bool]:
    """Whether nobody's claim holds at `now`."""
    return or_(claimed_until.is_(None), claimed_until <= now)
