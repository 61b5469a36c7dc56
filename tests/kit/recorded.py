"""Items recorded as a poll records them: the item, its revision, and what it says about whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kit.system import System

from alerts.feeds.diff import ItemChange, KnownItem
from alerts.model.item import Item
from alerts.model.mention import Matched
from alerts.pipeline import steps
from alerts.store.repositories import items


def record(
    system: System, source: str, title: str, text: str = "", *, published: datetime | None = None, **given: Any
) -> str:
    """An item of a source, or with the `id` of a known one a revision of it, is observed now; its id."""
    system.count += 1
    system.later(seconds=1)
    fields = {"id": f"{source}-{system.count}", "url": f"https://{source}.example/{system.count}"} | given
    item = Item(title=title, summary=text, source=source, observed=system.now, published=published, **fields)
    matched = Matched() if item.withdrawn else system.runtime.configuration.current().matcher.match(item)
    with system.runtime.database.write() as session:
        change = ItemChange(item, KnownItem(item.id, item.title, item.url, withdrawn=item.withdrawn))
        (number,) = items.add(session, [(change, source.title())], item.observed)
        who = system.add_findings(session, item, number, matched)
    system.later(microseconds=1)
    if who:
        steps.assess(system.runtime, *who)
    return item.id
