"""How much a configuration holds, and whether an edit emptied it.

An editor that truncates a file before it writes it, a mount that is not there yet, or a slip of the hand leaves files
that are valid and hold nothing. Such an edit would end subscriptions and polls, so it needs a confirmation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from alerts.config.entries import Entries
from alerts.config.files import Contents, shown
from alerts.model.counted import counted
from alerts.model.errors import Problem

Outline = Mapping[str, Any]
"""`files`: the entries in each file; `sources`, `institutions`, `subscribers`: how many there are."""

GUARDED: Final = ("subscribers", "sources", "institutions")
CONFIRM: Final = "if that is meant, run `alerts check --accept-empty`"


def outline(directory: Path, contents: Contents, entries: Entries) -> Outline:
    """Counts the entries of a configuration, by file and by section."""
    by_file = Counter(entry.document.file for section in entries.by_section.values() for entry in section)
    files = {name: by_file[shown(directory / name)] for name, _ in contents}
    return {"files": files, **{section: len(entries.all(section)) for section in GUARDED}}


def emptied(before: Outline, after: Outline, directory: Path) -> tuple[Problem, ...]:
    """What an edit emptied: files that held entries and hold none now, and sections of which nothing is left.

    A file that was removed or renamed is no problem as long as its sections are not empty now.
    """
    files: Mapping[str, int] = before.get("files", {})
    problems = [
        Problem(
            shown(directory / name),
            1,
            1,
            f"the file held {counted(files[name], 'entry', 'entries')} and is empty now: {CONFIRM}",
        )
        for name, count in after.get("files", {}).items()
        if count == 0 and files.get(name, 0) > 0
    ]
    problems += [
        Problem(shown(directory), 1, 1, f"{section}: there were {before[section]} and there is none now: {CONFIRM}")
        for section in GUARDED
        if before.get(section, 0) > 0 and after.get(section, 0) == 0
    ]
    return tuple(problems)
