"""What every command shares: where the configuration, the database and the broker are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alerts.model.settings import Settings


@dataclass(slots=True)
class App:
    """The options that stand before the command. Passed to commands by `@click.pass_obj`."""

    config_dir: Path
    database: str
    broker: str
    state: Path
    _settings: Settings | None = None

    @property
    def database_url(self) -> str:
        """The configured database, else a SQLite file in the state directory."""
        return self.database or f"sqlite:///{self.state.absolute() / 'alerts.db'}"

    def settings(self) -> Settings:
        """The checked configuration. Raises ConfigError with all its problems."""
        if self._settings is None:
            from alerts.config.load import load

            self._settings = load(self.config_dir)
        return self._settings
