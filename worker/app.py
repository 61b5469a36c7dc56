"""The Celery application: its delivery guarantees, its schedule, and the start of a worker process.

The broker carries task requests only. A task takes ids, may run twice, and may be lost: what is due is in the
database, and the next tick finds it there."""

import gc
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, worker_init

from alerts.config import environment
from alerts.model.errors import AlertsError, ConfigError, UsageError
from alerts.runtime import gc_tuning, logs, one_core
from worker import liveness, tracing, transport
from worker.queues import ROUTES

if TYPE_CHECKING:
    from celery.apps.worker import Worker

SELFCHECK_SECONDS = 60.0
try:
    TICK_SECONDS = environment.tick_seconds(os.environ)
    BROKER_URL = environment.setting(os.environ, environment.BROKER) or "redis://localhost:6379/0"
    logs.level_named(os.environ)
    tracing.install()
except UsageError as error:  # celery imports this module: one line instead of its traceback
    raise SystemExit(f"alerts: {error}") from None

# Tasks come as JSON and are looked up by name: being root, as in a plain container, adds no danger of code.
warnings.filterwarnings("ignore", category=SecurityWarning)

transport.install()
app = Celery("alerts")
app.conf.update(
    broker_url=BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # A task taken by a worker that died comes back after the visibility time-out, which kombu checks for only
    # every ~100 s by default.
    broker_transport_options={
        "visibility_timeout": 120,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_keepalive": True,
        "queue_order_strategy": "worker.queues:NearestFirst",
    },
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_send_task_events=False,
    task_default_queue="match",
    task_routes=ROUTES,
    beat_schedule={
        # No `expires`, which compares beat's clock with a worker's: ticks that waited in the queue are cheap,
        # since the first shuts the others out for half a tick.
        "tick": {"task": "tick", "schedule": TICK_SECONDS},
        "selfcheck": {"task": "selfcheck", "schedule": SELFCHECK_SECONDS},
    },
    beat_scheduler="worker.beat:MonotonicScheduler",
    beat_max_loop_interval=1,
    timezone="UTC",
    enable_utc=True,
)
liveness.install(app)


@setup_logging.connect
def _configure_logging(**_options: object) -> None:
    logs.configure()


@worker_init.connect
def _prepare(sender: "Worker", **_options: object) -> None:
    # Imported by workers alone: beat sends tasks by name, and without their code it needs half the memory.
    import celery.apps.worker

    from alerts.access.links import pages
    from alerts.pipeline.heartbeat import heartbeat_url
    from alerts.runtime.runtime import prepare
    from alerts.store.database import parse_url
    from worker import tasks  # noqa: F401

    # Celery announces its end on standard output, past all logging; standard output is for messages to people.
    celery.apps.worker.safe_say = lambda *_arguments: None
    logs.configure()  # Celery sets up logging only after this
    try:  # where a variable would make each task fail, the process ends with one line
        parse_url(environment.required(os.environ, environment.DATABASE))
        heartbeat_url(os.environ)
        pages(Path(os.environ.get("ALERTS_STATE", ".alerts")), os.environ)
    except AlertsError as error:
        raise SystemExit(f"alerts: {error}") from None
    queues = set(sender.app.amqp.queues.consume_from)
    # Under contention sending goes before matching, and matching before polling, which only brings more work.
    os.nice(0 if "send" in queues else 5 if "match" in queues else 10)
    gc_tuning.look_rarely()
    if "thread" in str(sender.pool_cls):  # child processes would all share that core
        one_core.keep()
    try:
        prepare(matching=not queues.isdisjoint({"poll", "match"}))
        # Imports leave hardly any cycles behind: to look for them first would cost a tenth of a second.
        gc.freeze()
    except ConfigError as error:  # each task tries again until the files are corrected
        logs.event("config.refused", logging.ERROR, problems=[str(each) for each in error.problems])


def work(queue: str, threads: int) -> None:
    """One worker of `alerts run`: one queue, in threads, until SIGTERM, SIGQUIT or SIGINT.

    Without Celery's command line, which loads a library for terminals: 8 MB and a tenth of a second."""
    options = {"pool_cls": "threads", "concurrency": threads, "loglevel": "WARNING", "quiet": True}
    alone = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
    worker = app.Worker(hostname=f"{queue}@embedded", queues=[queue], **options, **alone)
    worker.start()
    sys.exit(worker.exitcode)
