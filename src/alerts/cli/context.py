"""What every command shares: where the configuration, the database and the broker are."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from alerts.model.errors import StoreError
from alerts.model.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from alerts.config.load import Loaded
    from alerts.pipeline.inline import Once
    from alerts.runtime.configuration import Active
    from alerts.runtime.runtime import Runtime
    from alerts.store.database import Database

_Read = TypeVar("_Read")


@dataclass(slots=True)
class App:
    """The options that stand before the command. Passed to commands by `@click.pass_obj`."""

    config_dir: Path
    database: str
    broker: str
    state: Path
    exposed: tuple[str, ...] = ()  # options given on the command line with a password in them
    _settings: Settings | None = field(default=None, repr=False)

    @property
    def database_url(self) -> str:
        """The configured database, else a SQLite file in the state directory."""
        return self.database or f"sqlite:///{self.state.absolute() / 'alerts.db'}"

    def loaded(self) -> "Loaded":
        """The configuration with the place of every entry, which is not kept: it is large.

        Raises ConfigError with all its problems."""
        from alerts.config.load import load_entries

        loaded = load_entries(self.config_dir)
        self._settings = loaded.settings
        return loaded

    def settings(self) -> Settings:
        """The checked configuration, read once. Raises ConfigError with all its problems."""
        return self._settings or self.loaded().settings

    def active(self) -> "Active":
        """The same as the steps of the pipeline have it."""
        from alerts.runtime.configuration import Active

        return Active(self.settings())

    def environment(self) -> Mapping[str, str]:
        """What a worker process has to know, on top of this process's own environment."""
        return {
            **os.environ,
            "ALERTS_CONFIG": str(self.config_dir.absolute()),
            "ALERTS_DATABASE": self.database_url,
            "ALERTS_STATE": str(self.state.absolute()),
            **({"ALERTS_BROKER": self.broker} if self.broker else {}),
        }

    def warn_of_passwords(self) -> None:
        """Says which passwords everybody on this machine can read as long as this process runs."""
        for name in self.exposed:
            variable = f"ALERTS_{name.upper()}"
            click.echo(
                f"alerts: the password in --{name} is in the list of processes for all to see: give it by "
                f"{variable} or {variable}_FILE",
                err=True,
            )

    @contextlib.contextmanager
    def open(self) -> "Iterator[Database]":
        """The database, not upgraded."""
        from alerts.store.database import Database

        if not self.database:  # the state directory holds it and secrets: for this user alone
            with contextlib.suppress(OSError):  # of another user, who has to see to it
                if self.state.stat().st_mode & 0o077:
                    self.state.chmod(0o700)
        database = Database(self.database_url)
        try:
            yield database
        finally:
            database.dispose()

    @contextlib.contextmanager
    def reading(self) -> "Iterator[Database]":
        """The database as a command that only reads needs it: there, and of this program's schema."""
        with self.open() as database:
            if database.is_sqlite and not Path(database.url.database or "").is_file():
                raise StoreError(
                    f"{database.url.database}: nothing is recorded there yet; start `alerts run`, or name the "
                    "state with --state or --database"
                )
            database.upgrade()
            yield database

    @contextlib.contextmanager
    def read(self) -> "Iterator[Session]":
        """A transaction that reads what is recorded. Raises StoreError where nothing is."""
        with self.reading() as database, database.read() as session:
            yield session

    @contextlib.contextmanager
    def write(self) -> "Iterator[Session]":
        """A transaction that writes, in a database that is made where there is none."""
        with self.open() as database:
            database.upgrade()
            with database.write() as session:
                yield session

    def if_recorded(self, read: "Callable[[Session], _Read]") -> _Read | None:
        """What `read` finds; None where nothing is recorded yet, which some commands can do without."""
        if not self.database and not (self.state / "alerts.db").exists():
            return None  # without importing what a database needs
        try:
            with self.read() as session:
                return read(session)
        except StoreError:
            return None

    @contextlib.contextmanager
    def runtime(self) -> "Iterator[tuple[Runtime, Once]]":
        """The pipeline in this process, without a broker."""
        from alerts.pipeline.inline import Once
        from alerts.runtime.runtime import prepare, runtime_on

        prepare(self.config_dir, matching=False)  # broken files are reported before anything is done
        with self.open() as database:
            database.upgrade()
            driver = Once()
            yield runtime_on(database, self.config_dir, self.state, driver.enqueue), driver
