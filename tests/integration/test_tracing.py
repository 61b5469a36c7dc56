"""What the workers do as traces, taken at a collector that speaks OTLP."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.program import Program, until
from kit.receiver import Receiver
from kit.system import settings, write

pytest.importorskip("opentelemetry.sdk")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

pytestmark = pytest.mark.servers


class Collector:
    """An OTLP receiver over HTTP. A context manager."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    import gzip

                    body = gzip.decompress(body)
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    named = {each.key: each.value.string_value for each in resource.resource.attributes}
                    collector.services.add(named["service.name"])
                    collector.spans += [span for scope in resource.scope_spans for span in scope.spans]
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def chain(self) -> list[Any]:
        """A poll, what it led to, and what that led to, up to a send; empty while there is none."""
        by_id = {span.span_id: span for span in self.spans}
        for span in self.spans:
            names = [span]
            while names[-1].parent_span_id in by_id:
                names.append(by_id[names[-1].parent_span_id])
            if [each.name for each in names[:3]] == ["send", "assess", "poll"]:
                return names
        return []


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    made._thread.start()
    yield made
    made._server.shutdown()
    made._server.server_close()


def test_a_send_is_under_the_assessment_under_the_poll_that_led_to_it(collector: Collector, tmp_path: Path) -> None:
    with FeedServer() as feeds, Receiver() as receiver:
        now = datetime.now(UTC).replace(microsecond=0)
        feeds.put("wire", [Entry("o1", "Acme Networks hit by outage", "It is.", "", now)])
        content = settings({"wire": f"{feeds.url}/wire"}, {"hook": receiver.channel("secret-path")})
        config = write(tmp_path / "config", content)
        environ = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "ALERTS_TICK": "5",  # rarely, or a tick may hand out what the poll has just found
        }
        with Program(config, tmp_path / "state", environ=environ) as program:
            assert receiver.wait_for(1, 60), program.err
            assert until(collector.chain, 20), program.err
    send, assess, poll = collector.chain()[:3]
    assert len({send.trace_id, assess.trace_id, poll.trace_id}) == 1
    ids = {each.key: each.value for each in poll.attributes}["alerts.ids"].array_value.values
    assert [each.string_value for each in ids] == ["wire"]
    assert collector.services == {"institution-alerts"}
    assert "secret-path" not in str(collector.spans)


def test_a_collector_without_the_library_is_one_line(tmp_path: Path) -> None:
    hidden = tmp_path / "opentelemetry"
    hidden.mkdir()
    (hidden / "__init__.py").write_text("raise ImportError\n")
    root = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "PYTHONPATH": f"{tmp_path}:{root}",
    }
    done = subprocess.run(
        [sys.executable, "-c", "import worker.app"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("alerts: OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not")
    assert "Traceback" not in done.stderr
