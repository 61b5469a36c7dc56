"""A dead man's switch: an outside monitor gets a request once a minute while ticks succeed, and alerts when none comes.

Only something outside can notice that the whole system has stopped. The request is made in a thread of its own,
so that no tick waits for it, and its address, which is a secret, is in no log."""

import logging
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alerts.config.environment import http_address, setting
from alerts.feeds.feed import Limits
from alerts.feeds.fetching.network import Bounds, HttpClient
from alerts.feeds.links import host_key
from alerts.model.errors import UsageError
from alerts.model.secret import Secret
from alerts.runtime import logs
from alerts.store import system_state

if TYPE_CHECKING:
    from alerts.runtime.runtime import Runtime

URL_ENV: Final = "ALERTS_HEARTBEAT_URL"
EVERY: Final = timedelta(minutes=1)
TIMEOUT_SECONDS: Final = 10.0


def heartbeat_url(environment: Mapping[str, str]) -> Secret | None:
    """The address to ask for, None where none is set. Raises UsageError where it is no http(s) address."""
    url = setting(environment, URL_ENV)
    if url and http_address(url) is None:
        raise UsageError(f"{URL_ENV} is no address; write https://…")
    return Secret(url) if url else None


def heartbeat(runtime: "Runtime", url: Secret | None) -> threading.Thread | None:
    """Called after a tick succeeded: sends a sign of life if a minute has passed since the last of any worker."""
    if url is None:
        return None
    now = runtime.clock()
    with runtime.database.read() as session:
        last = system_state.get(session, "heartbeat")
    if last is not None and abs(now - last.at) < EVERY:  # not for ever after a clock that was ahead
        return None
    with runtime.database.write() as session:
        system_state.put(session, "heartbeat", now, {})
    thread = threading.Thread(target=_ask, args=(runtime.client, url), name="heartbeat", daemon=True)
    thread.start()
    return thread


def _ask(client: HttpClient, url: Secret) -> None:
    address = url.reveal()
    bounds = Bounds(Limits(TIMEOUT_SECONDS, compressed=1 << 20), private_host=host_key(address))
    try:
        with client.open("GET", address, bounds) as answer:
            status = answer.status
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold the address
        logs.event("heartbeat.failed", logging.WARNING, error=type(error).__name__)
        return
    if not 200 <= status < 300:
        logs.event("heartbeat.failed", logging.WARNING, status=status)
