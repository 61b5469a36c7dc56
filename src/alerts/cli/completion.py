"""`alerts completion SHELL`, and what completes the ids that commands take."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem, get_completion_class

from alerts.cli.context import App
from alerts.config import environment
from alerts.model.errors import AlertsError
from alerts.model.settings import Settings

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_ALERTS_COMPLETE"

_Command = TypeVar("_Command", bound=Callable[..., Any])
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the code that makes a shell complete this command."""
    from alerts.cli.main import cli

    made = get_completion_class(shell)
    assert made is not None  # noqa: S101
    click.echo(made(cli, {}, "alerts", _VARIABLE).source())


def _app(ctx: click.Context) -> App:
    """As the options before the command say; they are not read yet while a shell asks."""
    given = ctx.find_root().params
    state = Path(given.get("state") or os.environ.get("ALERTS_STATE") or ".alerts")
    database = given.get("database") or environment.setting(os.environ, environment.DATABASE)
    return App(Path(given.get("config") or os.environ.get("ALERTS_CONFIG") or "config"), database, "", state)


def _completed(of: Callable[[App, str], Iterable[str]]) -> Complete:
    def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return [CompletionItem(each) for each in of(_app(ctx), incomplete) if each.startswith(incomplete)]
        except AlertsError:  # nothing to offer: this is no moment to complain
            return []

    return complete


def _configured(of: Callable[[Settings], Iterable[str]]) -> Complete:
    return _completed(lambda app, _: of(app.settings()))


def _recorded(table: str) -> Complete:
    def ids(app: App, beginning: str) -> list[str]:
        from alerts.store.queries.listings import ids_beginning

        with app.read() as session:
            return ids_beginning(session, table, beginning)

    return _completed(ids)


institutions = _configured(lambda settings: settings.institutions)
subscribers = _configured(lambda settings: settings.subscribers)
sources = _configured(lambda settings: settings.sources)
topics = _configured(lambda settings: settings.topics)
tags = _configured(lambda settings: settings.carried()["tag"])
regions = _configured(lambda settings: settings.carried()["region"])
categories = _configured(lambda settings: settings.carried()["category"])
channels = _configured(lambda settings: {name for each in settings.subscribers.values() for name in each.channels})
alerts, deliveries, links, sessions, silences, answers = map(
    _recorded, ("alerts", "deliveries", "links", "sessions", "silences", "answers")
)


def institution_option(meaning: str, *names: str, **options: Any) -> Callable[[_Command], _Command]:
    """An option `--institution` that takes an id of the configuration."""
    return click.option("--institution", *names, shell_complete=institutions, help=meaning, **options)


def subscriber_option(meaning: str) -> Callable[[_Command], _Command]:
    """An option `--subscriber` that takes an id of the configuration."""
    return click.option("--subscriber", shell_complete=subscribers, metavar="ID", help=meaning)
