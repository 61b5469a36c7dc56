"""What a source brought lately, when it was not read, and whether it is first or redundant: all of it found by index.

It is about the items that the next poll would recognise, those that the feed shows now and some hundred before them.
`alerts sources value` computes what alerts would be without a source, from the whole record."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from alerts.feeds.parsing import known_entries
from alerts.model.errors import NotFoundError
from alerts.model.fields import grouped
from alerts.store.queries import reports
from alerts.store.repositories import sources

MAX_ITEMS = 500  # the newest items that count
_HEALTH = ("active", "last_poll_at", "last_success_at", "next_poll_at", "error", "error_streak")
_STATE = ("polls", "failing_since", "stopped", "held", "held_since", "last_new", "newest_item")
_ITEM = ("id", "title", "link", "published", "first_observed", "last_changed", "withdrawn")


def history(session: Session, source: str, now: datetime) -> dict[str, Any]:
    """The history of a source. Raises NotFoundError where there is none of it.

    `stories` counts those that no other source reported (`alone`), that it reported before all others (`first`) or
    after some other (`later`). Each of `peers` reported some of them, too: how many (`shared`), in how many it was
    `before`, and the median lead in seconds (`lead_s`, negative: after)."""
    known = next(iter(sources.health(session, [source])), None)
    if known is None:
        raise NotFoundError("source", source)
    ids = list(known_entries.load(known.state.seen).values())[-MAX_ITEMS:]
    times = [each for each in reports.reporters(session, ids).values() if source in each]
    first = [each for each in times if each[source] == min(each.values())]
    alone = sum(len(each) == 1 for each in times)
    leads = grouped((name, at - each[source]) for each in times for name, at in each.items() if name != source)
    peers = [
        {"source": name, "shared": len(some), "before": sum(lead > timedelta(0) for lead in some),
         "lead_s": sorted(some)[len(some) // 2].total_seconds()}
        for name, some in leads.items()
    ]  # fmt: skip
    return {
        "source": source,
        **{name: getattr(known, name) for name in _HEALTH},
        **{name: getattr(known.state, name) for name in _STATE},
        "stale": known.state.stale_at is not None and known.state.stale_at <= now,
        "outages": [{"since": since, "until": until} for _, since, until in sources.outages(session, source)][::-1],
        "items": [{name: getattr(row, name) for name in _ITEM} for row in reports.items(session, ids)],
        "stories": {"alone": alone, "first": len(first) - alone, "later": len(times) - len(first)},
        "peers": sorted(peers, key=lambda peer: (-peer["shared"], peer["source"])),
    }
