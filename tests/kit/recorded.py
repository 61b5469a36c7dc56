"""Items recorded as a poll records them: the item, its revision, and what it says about whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kit.system import System

from alerts.feeds.diff import ItemChange, KnownItem
from alerts.model.item import Item
from alerts.pipeline import steps
from alerts.pipeline.mentions import finding_rows
from alerts.store.repositories import cases, items


def record(
    system: System, source: str, title: str, text: str = "", *, published: datetime | None = None, **given: Any
) -> str:
    """An item of a source, or with the `id` of a known one a revision of it, is observed now; its id."""
    system.count += 1
    system.later(seconds=1)
    fields = {"id": f"{source}-{system.count}", "url": f"https://{source}.example/{system.count}"} | given
    item = Item(title=title, summary=text, source=source, observed=system.now, published=published, **fields)
    active = system.runtime.configuration.current()
    matched = active.matcher.match(item) if not item.withdrawn else active.matcher.match(Item("", "", system.now))
    with system.runtime.database.write() as session:
        former = items.institutions_of(session, [item.id]).get(item.id, set())
        change = ItemChange(item, KnownItem(item.id, item.title, item.url, withdrawn=item.withdrawn))
        (number,) = items.add(session, [change], [item], [source.title()])
        rows = finding_rows(active, matched, None, item, number, former)
        cases.add_findings(session, rows)
        who = sorted({row["institution"] for row in rows})
        cases.mark_due(session, who, system.now)
    system.later(microseconds=1)
    if who:
        steps.assess(system.runtime, *who)
    return item.id
