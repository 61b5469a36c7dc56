"""The generations of the configuration in the database, as a process reads and publishes them."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alerts.access.signing import Sealer, SecretError
from alerts.config.files import Contents
from alerts.model.errors import AlertsError, ConfigError, Problem
from alerts.runtime import logs
from alerts.store.database import Database
from alerts.store.repositories import generations
from alerts.store.repositories.generations import Generation


class ConfigBehindError(ConfigError):
    """This process cannot use the configuration in force; others that can do its work."""

    def __str__(self) -> str:
        return f"the configuration in force cannot be used here: {self.problems[0]}"


@dataclass(frozen=True, slots=True)
class Generations:
    """`sealer` gives the key under which contents are kept; it raises SecretError where there is none."""

    database: Database
    sealer: Callable[[], Sealer]

    def newest(self) -> Generation | None:
        """The generation in force; None before the first."""
        with self.database.read() as session:
            return generations.newest(session)

    def contents(self, number: int) -> Contents:
        """The files of a generation as they were published.

        Raises ConfigBehindError where they were not kept or cannot be decrypted.
        """
        with self.database.read() as session:
            sealed = generations.content(session, number)
        if not sealed:
            raise _behind(number, "its content was not kept: copy its files here")
        try:
            files: dict[str, str] = json.loads(self.sealer().open(sealed))
        except AlertsError as error:
            raise _behind(number, str(error)) from error
        return [(name, text.encode("latin-1")) for name, text in files.items()]

    def sealed(self, contents: Contents) -> bytes:
        """The files as they are kept; empty, and said so, where this host has no key and cannot make one."""
        try:
            sealer = self.sealer()
        except SecretError as error:
            logs.event("config.not_kept", logging.WARNING, reason=str(error))
            return b""
        record = {name: raw.decode("latin-1") for name, raw in contents}
        return sealer.seal(json.dumps(record).encode())


def _behind(number: int, line: str) -> ConfigBehindError:
    return ConfigBehindError((Problem(f"generation {number} of the configuration", 1, 1, line),))


def host_name(directory: Path) -> str:
    """What a directory of files is called in the database: the host and the path on it."""
    return f"{socket.gethostname()}:{directory.absolute()}"
