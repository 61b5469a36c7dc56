"""`alerts completion SHELL`, and what completes the ids that commands take."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem, get_completion_class

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


def _ids(of: Callable[[Settings], Iterable[str]]) -> Complete:
    def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from alerts.config.load import load

        given = ctx.find_root().params.get("config") or os.environ.get("ALERTS_CONFIG") or "config"
        try:
            settings = load(Path(given))
        except AlertsError:  # nothing to offer: this is no moment to complain
            return []
        return [CompletionItem(each) for each in of(settings) if each.startswith(incomplete)]

    return complete


institutions = _ids(lambda settings: settings.institutions)
subscribers = _ids(lambda settings: settings.subscribers)
sources = _ids(lambda settings: settings.sources)


def institution_option(meaning: str, *names: str, **options: Any) -> Callable[[_Command], _Command]:
    """An option `--institution` that takes an id of the configuration."""
    return click.option("--institution", *names, shell_complete=institutions, help=meaning, **options)


def subscriber_option(meaning: str) -> Callable[[_Command], _Command]:
    """An option `--subscriber` that takes an id of the configuration."""
    return click.option("--subscriber", shell_complete=subscribers, metavar="ID", help=meaning)
