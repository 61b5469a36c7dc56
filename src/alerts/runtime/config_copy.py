"""A copy of the last good configuration, for processes that start while the files are broken."""

from __future__ import annotations

import json
import logging
import os
import secrets
import tempfile
from pathlib import Path

from alerts.config.files import content_hash, read_files
from alerts.config.load import load
from alerts.model.errors import ConfigError
from alerts.model.settings import Settings
from alerts.runtime import logs

FILE = "configuration.json"
"""Its name in the state directory."""


def write(copy: Path, directory: Path, expected: str) -> None:
    """Keeps the files of a directory whose content has the hash `expected`, readable for this user alone.

    The copy is a help, not a need: where it cannot be written, the log says so.
    """
    try:
        contents, _ = read_files(directory)
        if content_hash(contents) != expected:
            return  # edited again meanwhile
        record = {name: raw.decode("latin-1") for name, raw in contents}
        part = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")  # containers share process ids
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(record, file)
        part.replace(copy)
    except (OSError, ConfigError):
        logs.event("config.not_kept", logging.WARNING, caught=True, file=str(copy))


def read(copy: Path) -> Settings | None:
    """The settings of the copy; None where there is none, or none that is good."""
    try:
        record = json.loads(copy.read_text())
        with tempfile.TemporaryDirectory(prefix="alerts-config-") as directory:
            for name, raw in record.items():
                file = Path(directory, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(raw.encode("latin-1"))
            return load(Path(directory))
    except (OSError, ValueError, ConfigError):
        return None
