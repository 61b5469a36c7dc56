"""Values that come from outside the YAML: environment variables, files that hold a secret, and `${…}` marks."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from alerts.model.errors import UsageError

DATABASE: Final = "ALERTS_DATABASE"
BROKER: Final = "ALERTS_BROKER"
TICK: Final = "ALERTS_TICK"
_FILE: Final = "_FILE"
_MAX_SECRET_BYTES: Final = 65_536

_MARK = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def setting(environment: Mapping[str, str], name: str) -> str:
    """The variable, else the content of the file that the variable NAME_FILE names, else empty.

    Container platforms hand out secrets as files; a variable can be read by anyone who may inspect the process.
    Raises UsageError, which never repeats the content, where the file cannot be used."""
    given = environment.get(name, "").strip()
    file = environment.get(name + _FILE, "").strip()
    if given or not file:
        return given
    try:
        text = _read_secret(Path(file))
    except ValueError as error:
        raise UsageError(f"{name}{_FILE}: {file} {error}") from None
    if "\n" in text:
        raise UsageError(f"{name}{_FILE}: {file} must hold one line")
    return text


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


def _read_secret(path: Path, *, regular: bool = False) -> str:
    """The secret in a file, which must be a regular one if asked for: reading a pipe may never end.

    Raises ValueError, saying why, where there is none."""
    try:
        if regular and not path.is_file():
            raise ValueError("does not exist or is no regular file")
        with path.open("rb") as stream:
            raw = stream.read(_MAX_SECRET_BYTES + 1)
        if len(raw) > _MAX_SECRET_BYTES:
            raise ValueError(f"is larger than {_MAX_SECRET_BYTES} bytes")
        text = raw.decode().strip()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    if not text:
        raise ValueError("is empty")
    return text


def interpolate(text: str, environ: Mapping[str, str]) -> str:
    """The text with each `${NAME}` and `${file:/path}` replaced by what it names; `$${` stands for a literal `${`.

    Raises ValueError for a mark that cannot be replaced, saying what to do and repeating the mark, never the secret."""

    def named(mark: re.Match[str]) -> str:
        if mark[0] == "$${":
            return "${"
        inside = mark[1]
        if inside is None:
            raise ValueError("${ without }: write ${NAME}, or $${ for a literal ${")
        if inside.startswith("file:"):
            return _secret_file(inside.removeprefix("file:"))
        if not _NAME.fullmatch(inside):
            raise ValueError(f"{mark[0]} names no variable: write ${{NAME}}, or $${{ for a literal ${{")
        if inside not in environ:
            raise ValueError(f"the environment variable {inside} is not set: set it, or remove {mark[0]}")
        return environ[inside]

    return _MARK.sub(named, text) if "${" in text else text


def _secret_file(name: str) -> str:
    if not Path(name).is_absolute():
        raise ValueError(f"${{file:{name}}} needs an absolute path")
    try:
        return _read_secret(Path(name), regular=True)
    except ValueError as error:
        raise ValueError(f"the secret file {name} {error}") from None
