"""`alerts init`: a first configuration."""

from __future__ import annotations

from pathlib import Path

import click

from alerts.cli.context import App
from alerts.config.yaml_output import write_starter


@click.command()
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def init(app: App, directory: Path | None) -> None:
    """Write a small commented configuration to DIR.

    Without DIR it goes where --config points. Nothing is ever written over.

    \b
    Example:
      alerts init banks
    """
    directory = app.config_dir if directory is None else directory
    for path in write_starter(directory):
        click.echo(f"wrote {path}")
    click.echo(f"next: alerts --config {directory} check, then test, then run")
