"""The configuration in force in this process.

The files of a directory are what operators write; the newest generation in the database is what is in force. A process
adopts the newest generation as soon as a step finds its number in the database, and never goes back. The step `tick`
publishes edits (`alerts.pipeline.publish`). docs/design/0014-configuration-generations.md has the reasons."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from alerts.access.signing import SecretError, Signer
from alerts.cases.case_file import CaseFile
from alerts.config.files import Contents, Outline, emptied
from alerts.config.load import Loaded, fingerprint, load_contents, load_entries
from alerts.matching.matcher import Matcher
from alerts.model.errors import AlertsError, ConfigError, Problem
from alerts.model.institution import Institution, Role
from alerts.model.records import digest
from alerts.model.settings import Settings
from alerts.model.source import Source
from alerts.model.subscriber import On
from alerts.model.topic import Topic
from alerts.routing.case_events import wanted
from alerts.routing.rules import Audience
from alerts.runtime import logs
from alerts.store.database import Database
from alerts.store.repositories import generations as kept_generations
from alerts.store.repositories.generations import Generation
from alerts.stories.features import VERSION

LOOK_SECONDS: Final = 1.0  # the files and the newest generation are read at most once in this time
# Files that were refused are read again after this though they are the same: what was missing may be there now, a
# secret file or a directory. So is a generation that could not be adopted.
RETRY_SECONDS: Final = 30.0

# What the keys of `Active` leave out of the record of an institution, a topic or a source.
_SHOWN_ONLY: Final = frozenset({"tags", "relations", "category", "region", "primary_domain", "ids"})
_NOT_MATCHED: Final = _SHOWN_ONLY | {"criticality"}
_NOT_JUDGED: Final = _SHOWN_ONLY | {"domains", "products", "match"}
_TOPIC_NOT_MATCHED: Final = frozenset({"severity", "signal"})
_POLLED: Final = frozenset({"id", "url", "interval", "at_most", "language", "tags", "allow_private"})
_SOURCE_NOT_MATCHED: Final = _POLLED | {"publisher", "reliability", "authority_on"}
_TELLS_NAMESAKES: Final = frozenset({"tags", "category", "region", "primary_domain"})  # that have a name in common


def _without(value: Institution | Topic | Source, left_out: frozenset[str]) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value) if each.name not in left_out}


@dataclass
class Active:
    """A checked configuration, what is built from it once, and the keys of its parts.

    Each key changes only when the part that it stands for changes:

        matching_key    names, domains, match rules, phrases of topics    items are matched again
        case_key(ID)    levels, severities, names and criticality of one  its case file is rebuilt
        judged          publisher, reliability, whom a source speaks for  case files with its items are rebuilt

    All else (tags, relations, regions, watch rules, channels) is read when it is used: an edit of it rebuilds nothing.
    A field that is not known to be irrelevant counts, so that a new one cannot be forgotten."""

    settings: Settings
    outline: Outline = field(default_factory=dict)
    _case_keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, loaded: Loaded) -> "Active":
        return cls(loaded.settings, loaded.outline)

    @cached_property
    def matcher(self) -> Matcher:
        return Matcher(self.settings.institutions.values(), self.settings.topics.values(), self.settings.sources)

    @cached_property
    def authorities(self) -> frozenset[str]:
        """The institutions that act upon others."""
        return frozenset(each.id for each in self.settings.institutions.values() if each.role is Role.AUTHORITY)

    @cached_property
    def wanted(self) -> frozenset[On]:
        return wanted(self.settings)

    @cached_property
    def matching_key(self) -> str:
        """Names all that decides what is found in an item, and what it is clustered by."""
        settings, namesakes = self.settings, self.matcher.namesakes
        tags = frozenset().union(*(settings.institutions[name].tags for name in namesakes))
        speakers = {each.id: _without(each, _SOURCE_NOT_MATCHED) for each in settings.sources.values()}
        return digest(
            VERSION,
            [
                _without(each, _NOT_MATCHED - _TELLS_NAMESAKES if each.id in namesakes else _NOT_MATCHED)
                for each in settings.institutions.values()
            ],
            {each.id: each.tags & tags for each in settings.sources.values() if each.tags & tags},
            [_without(each, _TOPIC_NOT_MATCHED) for each in settings.topics.values()],
            # A source that speaks for no institution has no reports: adding one changes nothing.
            {name: rest for name, rest in speakers.items() if any(rest.values())},
        )

    @cached_property
    def _scoring_key(self) -> str:
        """Names what decides the score of every institution alike."""
        return digest(self.settings.topics, self.settings.levels)

    @cached_property
    def judged(self) -> Mapping[str, str]:
        """By source a digest of what its reports are judged by."""
        return {each.id: digest(_without(each, _POLLED)) for each in self.settings.sources.values()}

    def case_key(self, institution: str) -> str:
        """Names all but its findings that decides what an institution's case amounts to."""
        if institution not in self._case_keys:
            judged = self.settings.institutions[institution]
            self._case_keys[institution] = digest(self._scoring_key, _without(judged, _NOT_JUDGED))
        return self._case_keys[institution]

    def new_case(self, institution: str) -> CaseFile:
        """The case file of an institution about which nothing was found so far."""
        return CaseFile(self.settings.institutions[institution], self.settings.topics, self.settings.levels)

    @cached_property
    def audience(self) -> Audience:
        return Audience(self.settings.subscribers.values())


class ConfigBehindError(ConfigError):
    """This process cannot use the configuration in force; others that can do its work."""

    def __str__(self) -> str:
        return f"the configuration in force cannot be used here: {self.problems[0]}"


@dataclass(frozen=True, slots=True)
class Generations:
    """`signer` gives the key under which contents are kept; it raises SecretError where there is none."""

    database: Database
    signer: Callable[[], Signer]

    def newest(self) -> Generation | None:
        """The generation in force; None before the first."""
        with self.database.read() as session:
            return kept_generations.newest(session)

    def contents(self, number: int) -> Contents:
        """The files of a generation as they were published.

        Raises ConfigBehindError where they were not kept or cannot be decrypted."""
        with self.database.read() as session:
            sealed = kept_generations.content(session, number)
        if not sealed:
            raise _behind(number, "its content was not kept: copy its files here")
        try:
            files: dict[str, str] = json.loads(self.signer().open(sealed))
        except AlertsError as error:
            raise _behind(number, str(error)) from error
        return [(name, text.encode("latin-1")) for name, text in files.items()]

    def sealed(self, contents: Contents) -> bytes:
        """The files as they are kept; empty, and said so, where this host has no key and cannot make one."""
        try:
            signer = self.signer()
        except SecretError as error:
            logs.event("config.not_kept", logging.WARNING, reason=str(error))
            return b""
        return signer.seal(json.dumps({name: raw.decode("latin-1") for name, raw in contents}).encode())


def _behind(number: int, line: str) -> ConfigBehindError:
    return ConfigBehindError((Problem(f"generation {number} of the configuration", 1, 1, line),))


@dataclass(frozen=True, slots=True)
class Files:
    """The files as they are now: the hash of their content, or what is wrong with them."""

    hash: str = ""
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, directory: Path, in_force: Generation | None = None) -> "Files":
        """Read for this alone, which takes its time where they are large: see `Configuration.files`.

        An edit that empties the configuration `in_force` is refused."""
        try:
            loaded = load_entries(directory)
        except ConfigError as error:
            return cls(problems=error.problems)
        before = {} if in_force is None else in_force.outline
        return cls(loaded.settings.hash, emptied(before, loaded.outline, directory))


class Configuration:
    """What is in force in this process. Thread-safe: one thread reads and builds, the others go on meanwhile.

    Without `generations`, or before the first one, the files are in force as soon as they change; a broken edit is
    refused and the last good one stays. With them the newest is, and a valid edit waits in `unpublished` for a tick."""

    def __init__(
        self, directory: Path, generations: Generations | None = None, *, prepared: Active | None = None
    ) -> None:
        """`generations`: where they are kept; None where only the files count.

        `prepared` was built from the files before this process was forked.

        Raises ConfigError where there is no good configuration to begin with."""
        self.directory = directory
        self.generations = generations
        self._lock = threading.Lock()
        # What is wrong with the files as they are now; empty where they are good.
        self.problems: tuple[Problem, ...] = ()
        self._broken: tuple[Problem, ...] = ()  # the same of the files alone, whatever is in force
        self._behind: tuple[Problem, ...] = ()
        self.number = 0  # the generation that this process has adopted; 0 before the first
        self._active: Active | None = None
        self._files = prepared
        self._seen = "" if prepared is None else prepared.settings.hash
        self._read = time.monotonic()
        self._tried = float("-inf")
        self._look()

    @property
    def files(self) -> Files:
        """The files as last read, which was a second ago at most."""
        self.current()
        return Files("" if self.problems or self._files is None else self._files.settings.hash, self.problems)

    def current(self, in_force: int = 0) -> Active:
        """The configuration in force. `in_force` is the number of the generation that a step found in the database.

        Where that is newer than what this process has, it is adopted first, or ConfigBehindError raised."""
        behind = in_force > self.number
        due = time.monotonic() - self._looked >= LOOK_SECONDS
        if (behind or due) and self._lock.acquire(blocking=behind):
            try:
                if due or in_force > self.number:
                    self._look()
            finally:
                self._lock.release()
        if in_force > self.number:
            raise ConfigBehindError(self._behind)
        assert self._active is not None  # noqa: S101 - else there is no object
        return self._active

    def unpublished(self) -> Active | None:
        """The files, where they are good and not in force: what the next tick may publish."""
        active = self.current()
        if self.generations is None or self.problems or self._files is None:
            return None
        return None if self.number and self._files.settings.hash == active.settings.hash else self._files

    def published(self, made: Generation, active: Active) -> None:
        """Takes note that this process has just put `active` in force."""
        with self._lock:
            if made.number > self.number:
                self._take(active, made.number)
            self.problems = ()

    def _look(self) -> None:
        """Raises ConfigError where nothing is in force yet and nothing good is there to begin with."""
        self._look_at_files()
        newest = None if self.generations is None else self.generations.newest()
        if newest is not None:
            self._adopt(newest)
        files = self._files
        if not self.number and files is not None and files is not self._active:
            # Where it is behind, steps are refused until it is not, or these files are published instead.
            self._take(files)
        if self._active is None:
            raise ConfigBehindError(self._behind) if self._behind else ConfigError(self._broken)
        problems = self._broken
        if files is not None and newest is not None and newest.number == self.number:
            problems = emptied(newest.outline, files.outline, self.directory)
        if problems and self.problems != problems:
            logs.event("config.refused", logging.ERROR, problems=[str(each) for each in problems])
        self.problems = problems
        self._looked = time.monotonic()

    def _look_at_files(self) -> None:
        try:
            found = fingerprint(self.directory)
            again = bool(self.problems) and time.monotonic() - self._read >= RETRY_SECONDS
            if found == self._seen and not again:
                return
            self._seen, self._read = found, time.monotonic()
            self._files, self._broken = Active.of(load_entries(self.directory)), ()
        except ConfigError as error:
            self._files, self._broken = None, error.problems

    def _adopt(self, newest: Generation) -> None:
        """Makes the newest generation the one of this process. What keeps it from that is in `_behind`."""
        pause = RETRY_SECONDS if self._behind else 0.0
        if newest.number <= self.number or time.monotonic() - self._tried < pause:
            return
        try:
            self._take(self._loaded(newest), newest.number)
        except ConfigError as error:  # another key, a variable that is not set
            if self._active is not None and self._behind != error.problems:
                lines = [str(each) for each in error.problems]
                logs.event("config.behind", logging.ERROR, generation=newest.number, problems=lines)
            self._behind, self._tried = error.problems, time.monotonic()

    def _loaded(self, newest: Generation) -> Active:
        """A generation from the files, where they are the same, else from the database."""
        if self._files is not None and self._files.settings.hash == newest.hash:
            return self._files
        assert self.generations is not None  # noqa: S101
        return Active.of(load_contents(self.directory, self.generations.contents(newest.number)))

    def _take(self, active: Active, number: int = 0) -> None:
        """Puts it in force here: the generation of this number, or the files before the first."""
        former = self._active
        if former is not None and "matcher" in vars(former):  # else this process has not matched anything so far
            active.matcher  # noqa: B018 (built here, while the former one still serves the other threads)
        self._active = active
        if number:
            self.number, self._behind, self._tried = number, (), float("-inf")
        if former is not None:
            logs.event("config.loaded", generation=number, hash=active.settings.hash)


def host_name(directory: Path) -> str:
    """What a directory of files is called in the database: the host and the path on it."""
    return f"{socket.gethostname()}:{directory.absolute()}"
