"""The configuration in force, reread when its files change."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from alerts.config.load import fingerprint, load
from alerts.matching.matcher import Matcher
from alerts.model.canonical import digest
from alerts.model.errors import ConfigError, Problem
from alerts.model.settings import Settings
from alerts.model.subscriber import On
from alerts.routing.case_events import wanted
from alerts.routing.rules import Audience
from alerts.runtime import config_copy, logs

_LOOK_EVERY_SECONDS = 1.0
_TRY_AGAIN_SECONDS = 30.0
"""So long after files were refused they are read again though they are the same: what was missing may be there now,
a secret file or a directory."""


@dataclass
class Active:
    """A checked configuration and what is built from it once."""

    settings: Settings
    _case_keys: dict[str, str] = field(default_factory=dict)

    @cached_property
    def matcher(self) -> Matcher:
        return Matcher(
            self.settings.institutions.values(), self.settings.topics.values(), self.settings.sources
        )

    @cached_property
    def authorities(self) -> frozenset[str]:
        return self.settings.authorities()

    @cached_property
    def wanted(self) -> frozenset[On]:
        return wanted(self.settings)

    @cached_property
    def matching_key(self) -> str:
        """Names all that decides what is found in an item."""
        settings = self.settings
        speaks = {each.id: each.speaks_for for each in settings.sources.values()}
        return digest(settings.institutions, settings.topics, speaks)

    @cached_property
    def _judging_key(self) -> str:
        settings = self.settings
        judged = {
            each.id: (each.publisher, each.reliability, each.speaks_for, each.authority_on)
            for each in settings.sources.values()
        }
        return digest(settings.topics, settings.levels, judged)

    def case_key(self, institution: str) -> str:
        """Names all that decides what an institution's findings amount to."""
        if institution not in self._case_keys:
            judged = self.settings.institutions[institution]
            self._case_keys[institution] = digest(self._judging_key, self.matching_key, judged)
        return self._case_keys[institution]

    @cached_property
    def audience(self) -> Audience:
        return Audience(self.settings.subscribers.values())


@dataclass(frozen=True, slots=True)
class Files:
    """The files as they are now: the hash of their content, or what is wrong with them."""

    hash: str = ""
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, directory: Path) -> Files:
        """Read for this alone, which takes its time where they are large: see `Configuration.files`."""
        try:
            return cls(load(directory).hash)
        except ConfigError as error:
            return cls(problems=error.problems)


class Configuration:
    """Looks at the files at most once a second. A broken edit is refused; the last good one stays in force.

    With `copy`, a file, it stays in force for a process, too, that starts while the files are broken.
    """

    def __init__(self, directory: Path, copy: Path | None = None) -> None:
        """Raises ConfigError where there is no good configuration to begin with."""
        self.directory = directory
        self._copy = copy
        self._lock = threading.Lock()
        self._problems: tuple[Problem, ...] = ()
        self._active, self._seen = self._first()
        self._looked = self._read = time.monotonic()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files as they are now; empty where they are in force."""
        return self._problems

    @property
    def files(self) -> Files:
        """The files as of the last look at them, which was a second ago at most."""
        active = self.current()
        return Files(problems=self._problems) if self._problems else Files(active.settings.hash)

    def current(self, elsewhere: str = "") -> Active:
        """The configuration in force. `elsewhere` is the hash of what another process found in force.

        Where it is not that of this process, the files are looked at without delay. One thread looks and
        builds; the others go on with the former one meanwhile.
        """
        differs = elsewhere not in {"", self._active.settings.hash}
        due = time.monotonic() - self._looked >= _LOOK_EVERY_SECONDS
        if (differs or due) and self._lock.acquire(blocking=differs):
            try:
                self._look()
                self._looked = time.monotonic()
            finally:
                self._lock.release()
        return self._active

    def _first(self) -> tuple[Active, str]:
        """What is in force to begin with, and the hash of the files as they are."""
        try:
            active = Active(load(self.directory))
        except ConfigError as error:
            kept = None if self._copy is None else config_copy.read(self._copy)
            if kept is None:
                raise
            self._refuse(error)
            return Active(kept), ""
        self._keep(active)
        return active, active.settings.hash

    def _keep(self, active: Active) -> None:
        if self._copy is not None:
            config_copy.write(self._copy, self.directory, active.settings.hash)

    def _refuse(self, error: ConfigError) -> None:
        if self._problems != error.problems:
            logs.event("config.refused", logging.ERROR, problems=[str(each) for each in error.problems])
        self._problems = error.problems

    def _look(self) -> None:
        try:
            found = fingerprint(self.directory)
            again = self._problems and time.monotonic() - self._read >= _TRY_AGAIN_SECONDS
            if found == self._seen and not again:
                return
            self._seen, self._read = found, time.monotonic()
            active = Active(load(self.directory))
            if "matcher" in vars(self._active):  # else this process has not matched anything so far
                active.matcher  # noqa: B018 (built here, while the former one still serves the other threads)
        except ConfigError as error:
            self._refuse(error)
            return
        self._active = active
        self._problems = ()
        self._keep(active)
        logs.event("config.loaded", hash=active.settings.hash)
