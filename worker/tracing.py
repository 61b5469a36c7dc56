"""Traces of what the workers do, for OpenTelemetry: a span for each task, under the span of the task that enqueued it.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT names a collector; then `institution-alerts[otel]` has to be installed. The
other variables of OpenTelemetry's SDK hold as it documents them.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from celery.signals import before_task_publish, task_failure, task_postrun, task_prerun, worker_shutdown

from alerts.model.errors import UsageError

ENDPOINT_ENV = "OTEL_EXPORTER_OTLP_ENDPOINT"
SERVICE = "institution-alerts"


def install() -> None:
    """Raises UsageError where a collector is named and OpenTelemetry is not installed."""
    if not os.environ.get(ENDPOINT_ENV):
        return
    try:
        traces = _Traces()
    except ImportError:
        raise UsageError(
            f"{ENDPOINT_ENV} is set, but OpenTelemetry is not installed: pip install 'institution-alerts[otel]', "
            "or unset it"
        ) from None
    options = {"weak": False, "dispatch_uid": "tracing"}
    before_task_publish.connect(traces.published, **options)
    task_prerun.connect(traces.begun, **options)
    task_failure.connect(traces.failed, **options)
    task_postrun.connect(traces.ended, **options)
    worker_shutdown.connect(traces.shut_down, **options)


class _Traces:
    """What the signals of Celery call. Each process has a provider of its own, made after any fork."""

    def __init__(self) -> None:
        from opentelemetry import context, propagate, trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._context, self._propagate, self._trace = context, propagate, trace
        self._lock = threading.Lock()
        self._provider: tuple[int, TracerProvider] | None = None
        self._open: dict[str, tuple[Any, Any]] = {}

        def provider() -> TracerProvider:
            named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: SERVICE}
            made = TracerProvider(resource=Resource.create(named))
            made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
            return made

        self._make = provider

    def _tracer(self) -> Any:
        with self._lock:
            if self._provider is None or self._provider[0] != os.getpid():
                self._provider = os.getpid(), self._make()
            return self._provider[1].get_tracer(SERVICE)

    def published(self, headers: dict[str, Any], **_: Any) -> None:
        """What is enqueued within a span carries it along."""
        self._propagate.inject(headers)

    def begun(self, task_id: str, task: Any, args: Any = (), **_: Any) -> None:
        carried = {name: task.request.get(name) for name in self._propagate.get_global_textmap().fields}
        parent = self._propagate.extract({name: value for name, value in carried.items() if value})
        span = self._tracer().start_span(
            task.name,
            context=parent,
            kind=self._trace.SpanKind.CONSUMER,
            # Ids of sources, institutions, subscribers or deliveries.
            attributes={"alerts.ids": [str(each) for each in args]},
        )
        self._open[task_id] = span, self._context.attach(self._trace.set_span_in_context(span))

    def failed(self, task_id: str, exception: BaseException, **_: Any) -> None:
        """Says of what kind: the text of an error may hold what nobody should see."""
        known = self._open.get(task_id)
        if known is not None:
            known[0].set_status(self._trace.Status(self._trace.StatusCode.ERROR, type(exception).__name__))

    def ended(self, task_id: str, **_: Any) -> None:
        known = self._open.pop(task_id, None)
        if known is not None:
            span, token = known
            self._context.detach(token)
            span.end()

    def shut_down(self, **_: Any) -> None:
        if self._provider is not None:
            self._provider[1].shutdown()
