"""`alerts import-opml` and `alerts export-opml`: sources from and to other feed readers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import click

from alerts.cli.context import App
from alerts.config import opml
from alerts.config.yaml_output import write_new
from alerts.model.counted import counted
from alerts.model.errors import InputError
from alerts.model.source import Source


@click.command("import-opml")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to a new file instead of standard output.",
)
@click.pass_obj
def import_opml(app: App, file: BinaryIO, output: Path | None) -> int:
    """Print the feeds of an OPML file as YAML `sources:`.

    FILE is the list that another feed reader exports, - standard input. Feeds that the configuration has already
    are left out. Folders become tags.

    \b
    Examples:
      alerts import-opml feeds.opml
      alerts import-opml feeds.opml --output config/imported.yaml
    """
    name = getattr(file, "name", "-")
    try:
        feeds = opml.import_opml(file.read())
    except InputError as error:
        raise InputError(name, error.problem) from None
    entries, left_out = opml.new_sources(feeds, _configured(app))
    for reason in left_out:
        click.echo(f"left out {reason}", err=True)
    if not entries:
        click.echo(f"{name}: no new feed in it", err=True)
        return 0
    text = opml.to_yaml(entries)
    if output is None:
        click.echo(text, nl=False)
        return 0
    write_new(output, text)
    click.echo(f"{output}: {counted(len(entries), 'source')}")
    return 0


def _configured(app: App) -> Iterable[Source]:
    """The sources there are; none where there is no configuration yet."""
    if not app.config_dir.exists():
        return []
    return app.settings().sources.values()


@click.command("export-opml")
@click.pass_obj
def export_opml(app: App) -> None:
    """Print the configured sources as OPML.

    For other feed readers. Passwords in addresses are left out.

    \b
    Example:
      alerts export-opml > feeds.opml
    """
    click.echo(opml.export_opml(app.settings().sources.values()).decode("utf-8"), nl=False)
