"""Traces of what the workers do, for OpenTelemetry: a span for each task, under the span of the task that enqueued it.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT names a collector; then `institution-alerts[otel]` has to be installed. The
other variables of OpenTelemetry's SDK hold as it documents them."""

import os
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
        from opentelemetry import context, propagate, trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise UsageError(
            f"{ENDPOINT_ENV} is set, but OpenTelemetry is not installed: pip install 'institution-alerts[otel]', "
            "or unset it"
        ) from None
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: SERVICE}
    provider = TracerProvider(resource=Resource.create(named))  # which goes on in forks of this process
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer(SERVICE)
    spans: dict[str, tuple[Any, Any]] = {}

    def begun(task_id: str, task: Any, args: Any = (), **_: Any) -> None:
        carried = {name: task.request.get(name) for name in propagate.get_global_textmap().fields}
        parent = propagate.extract({name: value for name, value in carried.items() if value})
        ids = {"alerts.ids": [str(each) for each in args]}  # of sources, institutions, subscribers or deliveries
        kind = trace.SpanKind.CONSUMER
        span = tracer.start_span(task.name, context=parent, kind=kind, attributes=ids)
        spans[task_id] = span, context.attach(trace.set_span_in_context(span))

    def failed(task_id: str, exception: BaseException, **_: Any) -> None:
        if task_id in spans:  # only its kind: the text of an error may hold secrets
            spans[task_id][0].set_status(trace.Status(trace.StatusCode.ERROR, type(exception).__name__))

    def ended(task_id: str, **_: Any) -> None:
        if task_id in spans:
            span, token = spans.pop(task_id)
            context.detach(token)
            span.end()

    for signal, receiver in (
        (before_task_publish, lambda headers, **_: propagate.inject(headers)),
        *((task_prerun, begun), (task_failure, failed), (task_postrun, ended)),
        (worker_shutdown, lambda **_: provider.shutdown()),
    ):
        signal.connect(receiver, weak=False, dispatch_uid="tracing")
