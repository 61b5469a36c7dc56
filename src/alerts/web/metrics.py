"""Metrics for Prometheus, read from the database at each scrape: every process gives the same numbers.

Nothing is named that an open visitor may not know: no source, no institution, no subscriber is a label."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from alerts.insight.health import disagreements
from alerts.model.subscriber import IncidentKind
from alerts.runtime.runtime import Runtime
from alerts.store import system_state
from alerts.store.queries import listings, metrics
from alerts.store.repositories import incidents
from alerts.store.schema import AlertRow, DeliveryRow, RevisionRow, TransitionRow

QUANTILES: Final = (0.5, 0.9, 0.99)


class Metrics(Collector):
    """All metrics as of an instant."""

    def __init__(self, runtime: Runtime, session: Session, now: datetime) -> None:
        dwell = _dwell(metrics.dwell_times(session, now))
        self._read = [*_work(session, now), *dwell, *_configuration(runtime, session, now)]

    def collect(self) -> list[Metric]:
        return self._read


def _gauge(name: str, meaning: str, labels: Sequence[str], samples: Iterator[tuple[Sequence[str], float]]) -> Metric:
    metric = GaugeMetricFamily(name, meaning, labels=labels)
    for values, number in samples:
        metric.add_metric(values, number)
    return metric


def _work(session: Session, now: datetime) -> Iterator[Metric]:
    polled = metrics.source_numbers(session, now)
    yield GaugeMetricFamily("alerts_sources", "Sources that are polled.", polled["active"])
    yield GaugeMetricFamily("alerts_sources_failing", "Sources whose last poll failed.", polled["failing"])
    yield GaugeMetricFamily("alerts_poll_lag_seconds", "How late the latest due poll is.", polled["lag"])
    # What the queues look like from the database.
    overdue = listings.overdue(session, now)
    waiting = (([kind], count) for kind, (count, _) in overdue.items())
    yield _gauge("alerts_overdue", "Work that is due and waits, by kind.", ["kind"], waiting)
    ages = (([kind], (now - (since or now)).total_seconds()) for kind, (_, since) in overdue.items())
    yield _gauge("alerts_overdue_age_seconds", "For how long the oldest of it has been due.", ["kind"], ages)
    revisions, transitions = (metrics.newest_id(session, each) for each in (RevisionRow, TransitionRow))
    yield CounterMetricFamily("alerts_item_revisions", "Items and revisions of items observed.", revisions)
    yield CounterMetricFamily("alerts_transitions", "Level changes recorded.", transitions)
    found = metrics.tracked(session)
    yield GaugeMetricFamily("alerts_institutions", "Institutions about which anything was found.", found)
    for name, meaning, table in (
        ("alerts_alerts", "Alerts on record by what became of them.", AlertRow),
        ("alerts_deliveries", "Deliveries on record by state.", DeliveryRow),
    ):
        outcomes = (([state, reason], count) for state, reason, count in metrics.by_outcome(session, table))
        yield _gauge(name, meaning, ["state", "reason"], outcomes)
    open_ones = [each.kind for each in incidents.known(session)]
    incidents_by_kind = (([kind.value], open_ones.count(kind)) for kind in IncidentKind)
    yield _gauge("alerts_incidents", "Open incidents as of the last self-check.", ["kind"], incidents_by_kind)


def _dwell(seconds: Sequence[float]) -> Iterator[Metric]:
    """Gauges, not a summary of all time: the quantiles are those of the last hour."""
    ordered = sorted(seconds)
    last = len(ordered) - 1
    quantiles = (([str(each)], ordered[min(last, int(each * len(ordered)))]) for each in QUANTILES if ordered)
    meaning = "From the observation of an item to the acceptance of its message, last hour."
    yield _gauge("alerts_dwell_seconds", meaning, ["quantile"], quantiles)
    yield GaugeMetricFamily("alerts_dwell_messages", "Messages behind these quantiles.", len(ordered))


def _configuration(runtime: Runtime, session: Session, now: datetime) -> Iterator[Metric]:
    tick = system_state.get(session, system_state.TICK) or system_state.get(session, system_state.CREATED)
    in_force = system_state.get(session, system_state.CONFIGURATION)
    for name, meaning, fact in (
        ("alerts_tick_age_seconds", "Since the last tick; before the first, since the database was made.", tick),
        ("alerts_config_age_seconds", "Since the configuration in force was taken up.", in_force),
    ):
        yield _gauge(name, meaning, [], (([], (now - each.at).total_seconds()) for each in (fact,) if each is not None))
    meaning = "1 while the files of the configuration are refused and the last good one stays in force."
    yield GaugeMetricFamily("alerts_config_refused", meaning, 1.0 if runtime.configuration.problems else 0.0)
    meaning = "The number of the configuration in force; 0 before the first."
    yield GaugeMetricFamily("alerts_config_generation", meaning, system_state.in_force(session).number)
    meaning = "Hosts whose files are not in force, or that publish against each other."
    yield GaugeMetricFamily("alerts_config_disagreements", meaning, len(disagreements(session, now)))
