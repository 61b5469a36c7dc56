"""Metrics for Prometheus, read from the database when they are asked for: every process would say the same.

Nothing is named that an open visitor may not know: no source, no institution, no subscriber is a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.orm import Session

from alerts.insight.disagreement import disagreements
from alerts.model.operators import IncidentKind
from alerts.runtime.ports import Serving
from alerts.store import system_state
from alerts.store.queries import listings, metrics
from alerts.store.repositories import incidents
from alerts.store.schema import AlertRow, DeliveryRow, RevisionRow, TransitionRow

QUANTILES: Final = (0.5, 0.9, 0.99)
_CACHED: Final = timedelta(seconds=5)


class Collector:
    """Reads everything in one transaction; asked again within seconds it says the same."""

    def __init__(self, runtime: Serving) -> None:
        self._runtime = runtime
        self._read: tuple[datetime, list[Metric]] | None = None

    def collect(self) -> Iterator[Metric]:
        now = self._runtime.clock()
        known = self._read
        if known is None or not timedelta(0) <= now - known[0] < _CACHED:
            with self._runtime.database.read() as session:
                known = (now, list(self._collect(session, now)))
            self._read = known
        yield from known[1]

    def _collect(self, session: Session, now: datetime) -> Iterator[Metric]:
        polled = metrics.source_numbers(session, now)
        yield GaugeMetricFamily("alerts_sources", "Sources that are polled.", polled["active"])
        yield GaugeMetricFamily("alerts_sources_failing", "Sources whose last poll failed.", polled["failing"])
        yield GaugeMetricFamily("alerts_poll_lag_seconds", "How late the latest due poll is.", polled["lag"])
        yield from _overdue(session, now)
        yield CounterMetricFamily(
            "alerts_item_revisions", "Items and revisions of items observed.", metrics.newest_id(session, RevisionRow)
        )
        yield CounterMetricFamily(
            "alerts_transitions", "Level changes recorded.", metrics.newest_id(session, TransitionRow)
        )
        yield GaugeMetricFamily(
            "alerts_institutions", "Institutions about which anything was found.", metrics.tracked(session)
        )
        for name, help_text, outcomes in (
            ("alerts_alerts", "Alerts on record by what became of them.", metrics.by_outcome(session, AlertRow)),
            ("alerts_deliveries", "Deliveries on record by state.", metrics.by_outcome(session, DeliveryRow)),
        ):
            metric = GaugeMetricFamily(name, help_text, labels=["state", "reason"])
            for state, reason, count in outcomes:
                metric.add_metric([state, reason], count)
            yield metric
        yield _troubles(session)
        yield from _dwell(metrics.dwell_times(session, now))
        yield from _configuration(self._runtime, session, now)


def _overdue(session: Session, now: datetime) -> Iterator[Metric]:
    """Work that waits although it is due: what the queues look like from the database."""
    count = GaugeMetricFamily("alerts_overdue", "Work that is due and waits, by kind.", labels=["kind"])
    age = GaugeMetricFamily(
        "alerts_overdue_age_seconds", "For how long the oldest of it has been due.", labels=["kind"]
    )
    for kind, (waiting, since) in listings.overdue(session, now).items():
        count.add_metric([kind], waiting)
        age.add_metric([kind], (now - since).total_seconds() if since is not None else 0.0)
    yield count
    yield age


def _troubles(session: Session) -> Metric:
    found = GaugeMetricFamily(
        "alerts_troubles", "What is wrong with the system as of its last look at itself.", labels=["kind"]
    )
    known = [each.kind for each in incidents.known(session)]
    for kind in IncidentKind:
        found.add_metric([kind.value], known.count(kind))
    return found


def _dwell(seconds: Sequence[float]) -> Iterator[Metric]:
    """Gauges, not a summary of all time: the quantiles are those of the last hour."""
    ordered = sorted(seconds)
    dwell = GaugeMetricFamily(
        "alerts_dwell_seconds",
        "From the observation of an item to the acceptance of its message, last hour.",
        labels=["quantile"],
    )
    for quantile in QUANTILES:
        if ordered:
            dwell.add_metric([str(quantile)], ordered[min(len(ordered) - 1, int(quantile * len(ordered)))])
    yield dwell
    yield GaugeMetricFamily("alerts_dwell_messages", "Messages behind these quantiles.", len(ordered))


def _configuration(runtime: Serving, session: Session, now: datetime) -> Iterator[Metric]:
    tick = system_state.get(session, system_state.TICK) or system_state.get(session, system_state.CREATED)
    in_force = system_state.get(session, system_state.CONFIGURATION)
    for name, help_text, fact in (
        ("alerts_tick_age_seconds", "Since the last tick; before the first, since the database was made.", tick),
        ("alerts_config_age_seconds", "Since the configuration in force was taken up.", in_force),
    ):
        metric = GaugeMetricFamily(name, help_text)
        if fact is not None:
            metric.add_metric([], (now - fact.at).total_seconds())
        yield metric
    yield GaugeMetricFamily(
        "alerts_config_refused",
        "1 while the files of the configuration are refused and the last good one stays in force.",
        1.0 if runtime.configuration.problems else 0.0,
    )
    yield GaugeMetricFamily(
        "alerts_config_generation",
        "The number of the configuration in force; 0 before the first.",
        system_state.in_force(session).number,
    )
    yield GaugeMetricFamily(
        "alerts_config_disagreements",
        "Hosts whose files are not in force, or that publish against each other.",
        len(disagreements(session, now)),
    )
