"""The small configuration that `alerts init` writes."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from alerts.model.errors import InputError


def write_starter(directory: Path) -> list[Path]:
    """Write the starter files into a directory, which is made if need be; returns their paths.

    Raises InputError where it holds YAML already or cannot be written; then nothing is changed.
    """
    starters = sorted(files("alerts.config").joinpath("starter_files").iterdir(), key=lambda each: each.name)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        there = sorted(path.name for path in directory.iterdir() if path.suffix in {".yaml", ".yml"})
        if there:
            raise InputError(str(directory), f"holds {there[0]} already: choose an empty directory")
        written = []
        for starter in starters:
            path = directory / starter.name
            path.write_text(starter.read_text(encoding="utf-8"), encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise InputError(str(directory), f"cannot be written: {error.strerror}") from None
    return written
