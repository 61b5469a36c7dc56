"""Which files make up a configuration, the hash of their content, and whether an edit emptied them.

An editor that truncates a file before it writes it, a mount that is not there yet, or a mistyped command leaves files
that are valid and hold nothing. Such an edit would end subscriptions and polls, so it needs a confirmation."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from alerts.config.document import Entries
from alerts.model.counted import counted
from alerts.model.errors import ConfigError, Problem

_SUFFIXES = (".yaml", ".yml")
Contents = Sequence[tuple[str, bytes]]  # the files of a configuration: path inside the directory, and content
# `files`: the entries in each file; `sources`, `institutions`, `subscribers`: how many there are.
Outline = Mapping[str, Any]
GUARDED: Final = ("subscribers", "sources", "institutions")
CONFIRM: Final = "if that is meant, run `alerts check --accept-empty`"


def read_files(directory: Path) -> tuple[list[tuple[str, bytes]], list[Problem]]:
    """Every `*.yaml` and `*.yml` below the directory, hidden ones left out, as (path inside it, bytes) in order.

    Files that cannot be read are problems. Raises ConfigError where there is no such directory or nothing in it."""
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


def outline(directory: Path, contents: Contents, entries: Entries) -> Outline:
    """Counts the entries of a configuration, by file and by section."""
    by_file = Counter(entry.document.file for section in entries.by_section.values() for entry in section)
    files = {name: by_file[shown(directory / name)] for name, _ in contents}
    return {"files": files, **{section: len(entries.all(section)) for section in GUARDED}}


def emptied(before: Outline, after: Outline, directory: Path) -> tuple[Problem, ...]:
    """What an edit emptied: files that held entries and hold none now, and sections of which nothing is left.

    A file that was removed or renamed is no problem as long as its sections are not empty now."""
    files: Mapping[str, int] = before.get("files", {})
    lost = [
        (directory / name, f"the file held {counted(files[name], 'entry', 'entries')} and is empty now")
        for name, count in after.get("files", {}).items()
        if count == 0 and files.get(name, 0) > 0
    ]
    lost += [
        (directory, f"{section}: there were {before[section]} and there is none now")
        for section in GUARDED
        if before.get(section, 0) > 0 and after.get(section, 0) == 0
    ]
    return tuple(Problem(shown(path), 1, 1, f"{what}: {CONFIRM}") for path, what in lost)
