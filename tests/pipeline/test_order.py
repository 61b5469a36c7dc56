"""A worker with several queues takes first what is nearest to the receiver."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.utils.scheduling import cycle_by_name

from worker.app import app
from worker.queues import NearestFirst


@pytest.mark.parametrize("given", list(permutations(["poll", "match", "send"])))
def test_whatever_the_order_they_are_given_in(given: tuple[str, ...]) -> None:
    cycle = NearestFirst()
    cycle.update(given)
    for _ in range(3):
        assert cycle.consume(3) == ["send", "match", "poll"]
        cycle.rotate("send")
    assert cycle.consume(1) == ["send"]


def test_queues_of_others_come_last() -> None:
    cycle = NearestFirst(["reports", "poll"])
    assert cycle.consume(2) == ["poll", "reports"]


@pytest.mark.servers
def test_the_broker_is_asked_in_that_order(broker_url: str) -> None:
    """Through kombu's own consumer, with the options and priorities of the application."""
    options = dict(app.conf.broker_transport_options)
    assert cycle_by_name(options["queue_order_strategy"]) is NearestFirst
    routes = app.conf.task_routes
    with Connection(broker_url, transport_options=options) as connection:
        for name in ("poll", "assess", "send"):
            queue = routes[name]["queue"]
            producer = connection.Producer(serializer="json")
            for _ in range(2):
                app.send_task(
                    name,
                    args=["id"],
                    producer=producer,
                    queue=Queue(queue, routing_key=queue),
                    priority=routes[name].get("priority", 0),
                )
        taken: list[str] = []

        def take(_body: object, message: Any) -> None:
            taken.append(message.headers["task"])
            message.ack()

        queues = [Queue(name, routing_key=name) for name in ("poll", "match", "send")]
        with connection.Consumer(queues, callbacks=[take], prefetch_count=1):
            while len(taken) < 6:
                connection.drain_events(timeout=5)
    assert taken == ["send", "send", "assess", "assess", "poll", "poll"]
