"""Settings that come from the environment: the value itself, or a file that holds it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from alerts.model.errors import UsageError

DATABASE: Final = "ALERTS_DATABASE"
BROKER: Final = "ALERTS_BROKER"
TICK: Final = "ALERTS_TICK"
_FILE: Final = "_FILE"
_LARGEST: Final = 65_536


def setting(environment: Mapping[str, str], name: str) -> str:
    """The variable, else the content of the file that the variable NAME_FILE names, else empty.

    Container platforms hand out secrets as files; a variable can be read by whoever may look at the process.
    Raises UsageError, which never repeats the content, where the file cannot be used.
    """
    given = environment.get(name, "").strip()
    file = environment.get(name + _FILE, "").strip()
    return given if given or not file else _content(name + _FILE, Path(file))


def required(environment: Mapping[str, str], name: str) -> str:
    """The same; raises UsageError where neither is set."""
    value = setting(environment, name)
    if not value:
        raise UsageError(f"{name} is not set: set it, or {name}{_FILE} to the path of a file that holds it")
    return value


def http_address(url: str) -> SplitResult | None:
    """The parts of an http(s) URL that names a host; None for any other text."""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that are no IPv6 address
        return None
    return parts if parts.scheme in {"http", "https"} and parts.netloc else None


def tick_seconds(environment: Mapping[str, str]) -> float:
    """Seconds between two ticks. Raises UsageError where ALERTS_TICK is no number above 0."""
    given = environment.get(TICK, "").strip() or "1"
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise UsageError(f"{TICK} is {given!r}; write a number of seconds above 0, or unset it")
    return seconds


def _content(variable: str, path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{variable}: {path} cannot be read: {error.strerror}") from None
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise UsageError(f"{variable}: {path} is not UTF-8") from None
    if not text or len(raw) > _LARGEST or "\n" in text:
        raise UsageError(f"{variable}: {path} must hold one line")
    return text
