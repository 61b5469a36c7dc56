"""Ids that must name an entry of another section."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.config.entries import Entry
from alerts.model.nearest import did_you_mean

Known = dict[str, dict[str, Entry]]
"""The entries of each section by id, refused ones among them."""


def check_ids(
    entry: Entry,
    steps: tuple[str | int, ...],
    ids: Iterable[str],
    known: Known,
    section: str,
    shipped: Iterable[str] = (),
) -> None:
    """Each id at `steps` must name an entry of the section, or one of those that are shipped."""
    for index, each in enumerate(ids):
        if each not in shipped:
            check_id(entry, (*steps, index), each, known, section)


def check_id(entry: Entry, steps: tuple[str | int, ...], each: str, known: Known, section: str) -> None:
    """The id at `steps` must name an entry of the section."""
    if each in known[section]:
        return
    key = next(step for step in reversed(steps) if isinstance(step, str))
    written = entry.shown(*steps)
    suggestion = did_you_mean(written.strip("'"), list(known[section]))
    entry.report(*steps, message=f"{key}: no {section.removesuffix('s')} has the id {written}{suggestion}")
