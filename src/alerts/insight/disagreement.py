"""Whether the hosts of an installation have the same configuration files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from alerts.store.repositories import generations
from alerts.store.repositories.generations import Generation

CONTEST: Final = timedelta(hours=1)
"""Hosts that publish the same two configurations in turn within this time publish against each other."""

LATE: Final = timedelta(minutes=5)
"""Other files than those in force are on their way for so long; after it the hosts disagree."""


def disagreements(session: Session, now: datetime) -> list[str]:
    """One line for each host whose files are not in force for long, and for hosts that publish against each other."""
    newest = generations.newest(session)
    if newest is None:
        return []
    found = _contest(generations.recent(session, now - CONTEST))
    found += [
        f"the files of {each.host} are not in force, but generation {newest.number} of {newest.host}: make them the "
        "same, or run `alerts check --publish` on the host that is right"
        for each in generations.hosts(session)
        if each.hash != newest.hash and now - each.seen < 2 * LATE and now - each.since >= LATE
    ]
    return found


def _contest(recent: Sequence[Generation]) -> list[str]:
    """Whether a host has put back what another had replaced."""
    for first, second, third in zip(recent, recent[1:], recent[2:], strict=False):
        if first.hash == third.hash and second.host != third.host:
            numbers = f"generations {first.number} to {third.number}"
            hosts = f"{second.host} and {third.host}"
            return [f"{hosts} publish against each other ({numbers}): give both the same files"]
    return []
