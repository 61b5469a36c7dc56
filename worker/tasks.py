"""The tasks: each runs one step of the pipeline, which enqueues the next once its transaction is committed."""

import os
from datetime import timedelta

from celery import Task, shared_task

from alerts.config import environment
from alerts.pipeline import selfcheck as operators
from alerts.pipeline import steps
from alerts.pipeline.heartbeat import heartbeat, heartbeat_url
from alerts.runtime.runtime import Runtime, process_runtime
from worker.queues import TaskQueues


def _runtime(task: Task) -> Runtime:
    queues = TaskQueues(task.app)
    return process_runtime(queues.enqueue, queues.room)


@shared_task(bind=True, name="tick")
def tick(task: Task) -> None:
    # At most one within half the interval, however many processes of beat there are.
    steps.tick(_runtime(task), gap=timedelta(seconds=environment.tick_seconds(os.environ) / 2))
    heartbeat(_runtime(task), heartbeat_url(os.environ))


@shared_task(bind=True, name="selfcheck")
def selfcheck(task: Task) -> None:
    operators.selfcheck(_runtime(task))


@shared_task(bind=True, name="poll")
def poll(task: Task, *sources: str) -> None:
    steps.poll_sources(_runtime(task), *sources)


@shared_task(bind=True, name="assess")
def assess(task: Task, *institutions: str) -> None:
    # fault point: assess.taken
    steps.assess(_runtime(task), *institutions)
    # fault point: assess.done


@shared_task(bind=True, name="rematch")
def rematch(task: Task, key: str) -> None:
    steps.rematch(_runtime(task), key)


@shared_task(bind=True, name="desk")
def desk(task: Task, subscriber: str) -> None:
    # fault point: desk.taken
    steps.advance_desk(_runtime(task), subscriber)
    # fault point: desk.done


@shared_task(bind=True, name="send")
def send(task: Task, *deliveries: str) -> None:
    steps.send(_runtime(task), *deliveries)
