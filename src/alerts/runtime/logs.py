"""Logs: one event a line with a static name and the ids it is about; JSON where nobody watches a terminal."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from alerts.model.errors import UsageError

LEVEL = "ALERTS_LOG"
_ROOT = "alerts"
_NOISY = ("httpx", "httpcore", "apprise", "kombu", "amqp", "celery.redirected")


class _Lines(logging.Formatter):
    """`time level event key=value …`, or the same as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, object] = dict(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            fields["error"] = f"{record.exc_info[0].__name__}: {_one_line(str(record.exc_info[1]))}"
        if self._as_json:
            line = {"at": at, "level": record.levelname.lower(), "event": _first_line(record), **fields}
            return json.dumps(line, default=str)
        shown = " ".join(f"{name}={value}" for name, value in fields.items())
        return f"{at} {record.levelname.lower()} {_first_line(record)} {shown}".rstrip()


def level_named(environment: Mapping[str, str], default: str = "WARNING") -> str:
    """The level that ALERTS_LOG names. Raises UsageError where there is none of that name."""
    given = environment.get(LEVEL) or default
    if given.upper() not in logging.getLevelNamesMapping():
        raise UsageError(f"{LEVEL} is {given!r}; write DEBUG, INFO, WARNING or ERROR")
    return given.upper()


def configure(level: str | None = None) -> None:
    """Sends all logs to standard error. ALERTS_LOG sets the level, ALERTS_LOG_FORMAT `json` or `text`.

    `level` goes before ALERTS_LOG. Raises UsageError where that names none.
    """
    chosen = level or level_named(os.environ)
    wanted = os.environ.get("ALERTS_LOG_FORMAT") or ("text" if sys.stderr.isatty() else "json")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(as_json=wanted == "json"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(_ROOT).setLevel(chosen)
    # These log URLs, headers and bodies below WARNING: secrets among them.
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def event(name: str, level: int = logging.INFO, *, caught: bool = False, **fields: object) -> None:
    """Logs one event. `caught`: with the exception being handled, as one line."""
    logging.getLogger(_ROOT).log(level, name, exc_info=caught, extra={"fields": fields})


def _first_line(record: logging.LogRecord) -> str:
    """Libraries put whole stacks into a message, once a second while a broker is away."""
    lines = record.getMessage().strip().splitlines()
    return _one_line(lines[0])[:500] if lines else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
