"""`alerts init`, `alerts import-opml` and `alerts export-opml`: configuration to begin with."""

from pathlib import Path
from typing import BinaryIO

import click

from alerts.cli.context import App
from alerts.config import opml
from alerts.config.yaml_output import write_new, write_starter
from alerts.model.counted import counted
from alerts.model.errors import InputError, UsageError
from alerts.model.times import parse_duration


@click.command("import-opml")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write to a new file instead of standard output."
)
@click.option("--reliability", type=click.Choice("ABCDEF"), help="The reliability of all; F where none is given.")
@click.option("--interval", metavar="DURATION", help="The least time between two polls of each, such as 30m.")
@click.option("--allow-private", is_flag=True, help="They may be on a private network or this machine.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Add a tag to all; repeatable.")
@click.pass_obj
def import_opml(
    app: App,
    file: BinaryIO,
    output: Path | None,
    reliability: str | None,
    interval: str | None,
    allow_private: bool,
    tags: tuple[str, ...],
) -> int:
    """Print the feeds of an OPML file as YAML `sources:`."""
    name = getattr(file, "name", "-")
    try:
        feeds = opml.import_opml(file.read())
    except InputError as error:
        raise InputError(name, error.problem) from None
    configured = app.settings().sources.values() if app.config_dir.exists() else ()
    entries, left_out = opml.new_sources(feeds, configured)
    for entry in entries:
        if tags:
            entry["tags"] = list(dict.fromkeys([*entry.get("tags", ()), *tags]))
        chosen = {"reliability": reliability, "interval": _duration(interval), "allow_private": allow_private}
        entry |= {key: value for key, value in chosen.items() if value}
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


def _duration(text: str | None) -> str | None:
    """The text, if it is a duration. Raises UsageError where it is none."""
    if text is not None:
        try:
            parse_duration(text)
        except (ValueError, OverflowError):
            raise UsageError(f"--interval {text!r} is no duration; write for example 30m or 2h") from None
    return text


@click.command("export-opml")
@click.pass_obj
def export_opml(app: App) -> None:
    """Print the configured sources as OPML."""
    click.echo(opml.export_opml(app.settings().sources.values()).decode("utf-8"), nl=False)


@click.command()
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def init(app: App, directory: Path | None) -> None:
    """Write a small commented configuration to DIR."""
    directory = app.config_dir if directory is None else directory
    for path in write_starter(directory):
        click.echo(f"wrote {path}")
    click.echo(f"next: alerts --config {directory} check, then test, then run")
