"""Logs: one event a line with a static name and the ids it is about; JSON where standard error is no terminal.

An unexpected failure carries its traceback: lines of code, not the values in them."""

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime

from alerts.model.errors import AlertsError, UsageError

LEVEL = "ALERTS_LOG"
_ROOT = "alerts"
_NEWS = f"{_ROOT}.news"
NEWS = frozenset({"story.begun", "level.changed", "alert.made"})
"""Events that are shown on a terminal from the start, where ALERTS_LOG does not say otherwise."""
# Control, format (bidirectional, zero-width) and separator characters: a feed or a client must not steer a terminal.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_NOISY = ("apprise", "kombu", "amqp", "celery.redirected")


class _Lines(logging.Formatter):
    """`time level event key=value …`, or the same as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, object] = dict(getattr(record, "fields", {}))
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields["error"] = f"{type(error).__name__}: {' '.join(str(error).split())}"
            if not isinstance(error, AlertsError):
                fields["traceback"] = frames(error)
        if self._as_json:
            line = {"at": at, "level": record.levelname.lower(), "event": _first_line(record), **fields}
            return json.dumps(line, default=str)
        places = str(fields.pop("traceback", "")).splitlines()
        shown = " ".join(f"{name}={value}" for name, value in fields.items())
        text = f"{at} {record.levelname.lower()} {_first_line(record)} {shown}".rstrip()
        return "\n".join([_printable(text), *(f"    {_printable(each)}" for each in places)])


def level_named(environment: Mapping[str, str], default: str = "WARNING") -> str:
    """The level that ALERTS_LOG names. Raises UsageError where there is none of that name."""
    given = environment.get(LEVEL) or default
    if given.upper() not in logging.getLevelNamesMapping():
        raise UsageError(f"{LEVEL} is {given!r}; write DEBUG, INFO, WARNING or ERROR")
    return given.upper()


def configure(level: str | None = None) -> None:
    """Sends all logs to standard error. ALERTS_LOG sets the level, ALERTS_LOG_FORMAT `json` or `text`.

    `level` goes before ALERTS_LOG. Raises UsageError where that names none."""
    chosen = level or level_named(os.environ)
    wanted = os.environ.get("ALERTS_LOG_FORMAT") or ("text" if sys.stderr.isatty() else "json")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(as_json=wanted == "json"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(_ROOT).setLevel(chosen)
    is_watched = level is None and LEVEL not in os.environ and sys.stderr.isatty()
    logging.getLogger(_NEWS).setLevel(logging.INFO if is_watched else logging.NOTSET)
    # These log URLs, headers and bodies below WARNING: secrets among them.
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def event(name: str, level: int = logging.INFO, *, caught: bool = False, **fields: object) -> None:
    """Logs one event. `caught`: with the exception being handled, as one line."""
    logging.getLogger(_NEWS if name in NEWS else _ROOT).log(level, name, exc_info=caught, extra={"fields": fields})


def shows_news() -> bool:
    """Whether anybody sees NEWS; else they need not be put together."""
    return logging.getLogger(_NEWS).isEnabledFor(logging.INFO)


def frames(error: BaseException) -> str:
    """Where an exception came from, and the ones behind it, without their texts: those may hold what a client sent."""
    found = []
    seen: set[int] = set()
    behind: BaseException | None = error
    while behind is not None and id(behind) not in seen:
        seen.add(id(behind))
        found.append("".join(traceback.format_tb(behind.__traceback__)) + type(behind).__name__)
        behind = behind.__cause__ or (None if behind.__suppress_context__ else behind.__context__)
    return "\nafter\n".join(found)


def _printable(text: str) -> str:
    """The text with characters that steer a terminal written out."""
    return UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _first_line(record: logging.LogRecord) -> str:
    """Libraries put whole stacks into a message, once a second while a broker is away."""
    lines = record.getMessage().strip().splitlines()
    return " ".join(lines[0].split())[:500] if lines else ""
