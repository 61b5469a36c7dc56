"""Which files make up a configuration, and the name of their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from alerts.model.errors import ConfigError, Problem

_SUFFIXES = (".yaml", ".yml")

Contents = Sequence[tuple[str, bytes]]
"""The files of a configuration: path inside the directory, and content."""


def read_files(directory: Path) -> tuple[list[tuple[str, bytes]], list[Problem]]:
    """Every `*.yaml` and `*.yml` below the directory, hidden ones left out, as (path inside it, bytes) in order.

    Files that cannot be read are problems. Raises ConfigError where there is no such directory or nothing in it.
    """
    if not directory.is_dir():
        what = "is a file, not a directory" if directory.exists() else "does not exist"
        raise _refuse(directory, f"the configuration directory {what}: give one with --config or ALERTS_CONFIG")
    contents: list[tuple[str, bytes]] = []
    problems: list[Problem] = []
    for name in sorted(_names(directory, problems)):
        path = directory / name
        try:
            if path.is_file():
                contents.append((name, path.read_bytes()))
            else:
                problems.append(Problem(shown(path), 1, 1, "no regular file, or a link to nothing: remove it"))
        except OSError as error:
            problems.append(Problem(shown(path), 1, 1, f"cannot be read: {error.strerror}"))
    if not contents and not problems:
        raise _refuse(directory, "no *.yaml file in it: `alerts init DIR` writes a first configuration")
    return contents, problems


def _names(directory: Path, problems: list[Problem]) -> Iterator[str]:
    """Paths inside the directory. Links to directories are followed, each real directory once."""
    seen: set[str] = set()

    def unreadable(error: OSError) -> None:
        problems.append(Problem(shown(Path(error.filename)), 1, 1, f"cannot be read: {error.strerror}"))

    for folder, folders, files in os.walk(directory, followlinks=True, onerror=unreadable):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield Path(folder, name).relative_to(directory).as_posix()


def content_hash(contents: Contents) -> str:
    """SHA-256, in hexadecimal, over the paths and bytes as they are: secrets from outside are not in it."""
    digest = hashlib.sha256()
    for name, raw in contents:
        encoded = os.fsencode(name)
        digest.update(b"%d:%s%d:" % (len(encoded), encoded, len(raw)))
        digest.update(raw)
    return digest.hexdigest()


def shown(path: Path) -> str:
    """A path as a message shows it: as given, printable."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _refuse(directory: Path, message: str) -> ConfigError:
    return ConfigError((Problem(shown(directory), 1, 1, message),))
