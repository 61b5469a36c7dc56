"""A Redis transport that drops malformed messages.

Kombu and Celery trust what is in a queue: a message that is no JSON, or no task, ends the worker, and one whose body
cannot be decoded goes back into the queue as the worker ends, so that it ends the next one. What is due stands in the
database, so a message can be dropped: the next tick finds the work again."""

import base64
import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from kombu.transport import TRANSPORT_ALIASES, redis

from alerts.runtime import logs

NAME: Final = f"{__name__}:StrictTransport"


def install() -> None:
    """Makes this the transport of `redis://`, `rediss://` and `redis+socket://`."""
    TRANSPORT_ALIASES.update(redis=NAME, rediss=NAME)


class StrictChannel(redis.Channel):
    """Goes on where a message is no JSON: it has left the queue already."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except (ValueError, RecursionError) as error:
            _drop("", f"no JSON: {type(error).__name__}")
            return True

    def _get_client(self) -> Any:
        # Kombu makes a client for each command, which takes longer than the command: one for each pool will do.
        return lru_cache(maxsize=2)(super()._get_client())  # type: ignore[no-untyped-call]

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # Else each connection looks up what to tell the broker of its library, which costs a process 1.6 MB.
        return {**super()._connparams(asynchronous), "driver_info": None}  # type: ignore[no-untyped-call]


class StrictTransport(redis.Transport):
    """Hands on only what Celery can make a task of."""

    Channel = StrictChannel

    def _deliver(self, message: Any, queue: str) -> None:
        wrong = malformed(message)
        if wrong:
            _drop(queue, wrong)
        else:
            super()._deliver(message, queue)  # type: ignore[no-untyped-call]


def malformed(message: Any) -> str:
    """What is wrong with a message as it comes from the queue; empty where it is one of our tasks."""
    try:
        properties, headers = message["properties"], message["headers"]
        if message["content-type"] != "application/json" or message["content-encoding"] != "utf-8":
            return "another serialisation"
        if not _texts(properties, "delivery_tag", "body_encoding") or not _texts(
            properties["delivery_info"], "exchange", "routing_key"
        ):
            return "without the properties of a message"
        if not _texts(headers, "task", "id"):
            return "without the headers of a task"
        if headers.get("eta") or headers.get("expires") or any(headers.get("timelimit") or ()):
            return "with times that no task of ours has"
        arguments, options, _ = json.loads(base64.b64decode(message["body"], validate=True))
        if not isinstance(arguments, list) or not isinstance(options, dict):
            return "without the arguments of a task"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return f"{type(error).__name__} while it was read"
    return ""


def _texts(values: object, *names: str) -> bool:
    return isinstance(values, Mapping) and all(isinstance(values.get(each), str) for each in names)


def _drop(queue: str, reason: str) -> None:
    """Says that a message is dropped, without its content: it may hold anything."""
    logs.event("task.malformed", logging.ERROR, queue=queue, reason=reason)
