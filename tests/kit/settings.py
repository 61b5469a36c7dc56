"""A small configuration, as objects."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.level import Level, LevelRules
from alerts.model.secret import Secret
from alerts.model.settings import Settings
from alerts.model.source import Reliability, Source
from alerts.model.subscriber import Direction, Selection, Subscriber, WatchRule
from alerts.model.topic import Severity, Signal, Topic

NOON = datetime(2026, 2, 23, 12, tzinfo=UTC)

SOURCES = (
    Source("acme-news", "https://acme.example/feed", "Acme", Reliability.A, frozenset({"acme"})),
    Source("tribune", "https://tribune.example/feed", "Tribune", Reliability.B),
    Source("ledger", "https://ledger.example/feed", "Ledger", Reliability.B),
    Source("gazette", "https://gazette.example/feed", "Gazette", Reliability.C),
)
INSTITUTIONS = (
    Institution("acme", "Acme Corporation", aliases=("Acme",), tags=frozenset({"maker"})),
    Institution("globex", "Globex Corporation", tags=frozenset({"maker"})),
)
TOPICS = (
    Topic("outage", Signal.CONTINUITY, ("outage", "offline"), severity=Severity(0.6, 0.1, 0.3)),
    Topic("lawsuit", Signal.GOVERNANCE, ("sued", "lawsuit*"), severity=Severity(0.2, 0.5, 0.1)),
)
# So high that one story moves one axis, which is what most tests are about.
LEVELS = LevelRules({Level.MEDIUM: 0.25, Level.HIGH: 0.50, Level.CRITICAL: 0.75}, margin=0.05)
DESK = Subscriber(
    "desk",
    channels=MappingProxyType({"console": Secret("console://")}),
    watch=(WatchRule(Selection(all=True), at_least=Level.MEDIUM, direction=Direction.BOTH),),
)


def settings(*subscribers: Subscriber, topics: tuple[Topic, ...] = TOPICS) -> Settings:
    """Two makers, four sources, two topics; one subscriber, `desk`, where none is given."""
    return Settings(
        hash="kit",
        sources={each.id: each for each in SOURCES},
        institutions={each.id: each for each in INSTITUTIONS},
        topics={each.id: each for each in topics},
        levels=LEVELS,
        subscribers={each.id: each for each in subscribers or (DESK,)},
    )


def item(source: str, title: str, hours: float = 0.0, **more: object) -> Item:
    """An item of a source, observed so many hours after NOON."""
    at = NOON + timedelta(hours=hours)
    made = Item(
        id=f"{source}-{title}", title=title, observed=at, source=source, url=f"https://{source}.example/{title}"
    )
    return replace(made, **more)  # type: ignore[arg-type]
