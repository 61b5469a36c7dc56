"""`alerts init`, `import-institutions`, `import-opml` and `export-opml`: configuration to begin with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import click

from alerts.cli.context import App
from alerts.cli.output import duration, json_command, printable, put
from alerts.config import opml, yaml_output
from alerts.config.schema import SourceForm
from alerts.config.yaml_output import FIELDS, write_starter
from alerts.model.counted import counted
from alerts.model.errors import InputError, UsageError
from alerts.model.records import to_line

MAX_NOTES = 50  # printed for one import: a file of a registry can hold thousands of records that are left out
_NEW_FILE: Mapping[str, Any] = {
    "metavar": "FILE",
    "type": click.Path(path_type=Path),
    "help": "Write to a new file instead of standard output.",
}
_COMMENT = (
    "# Imported. Review the names: take out aliases that are ordinary words, or give them conditions of their own.\n"
    "# `alerts check` warns of dangerous ones, `alerts names ID` shows what will be looked for.\n"
)


@click.command("import-institutions")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.File("rb"))
@click.option(
    "--map", "pairs", metavar="HEADER=SETTING", multiple=True, help="What a column or a key means; repeatable."
)
@click.option("--language", "languages", metavar="CODE", multiple=True, help="Only names of this language; repeatable.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Add a tag to all; repeatable.")
@click.option("--limit", type=click.IntRange(min=1), default=5_000, show_default=True, help="Refuse more new ones.")
@click.option("--dry-run", is_flag=True, help="One short line for each in place of YAML; nothing is written.")
@click.option("--write", "--output", "output", **_NEW_FILE)
@json_command
def import_institutions(
    app: App,
    files: tuple[BinaryIO, ...],
    pairs: tuple[str, ...],
    languages: tuple[str, ...],
    tags: tuple[str, ...],
    limit: int,
    dry_run: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Print institutions of spreadsheets and registries as YAML."""
    from alerts.config.institution_import import merge, read

    mapping = {header: setting for header, _, setting in (each.rpartition("=") for each in pairs)}
    if wrong := [each for each in pairs if each.startswith("=") or each.rpartition("=")[2] not in read.SETTINGS]:
        raise UsageError(f"--map {wrong[0]}: write HEADER=SETTING, one of {', '.join(read.SETTINGS)}")
    configured = list(app.settings().institutions.values()) if app.config_dir.exists() else []
    records = (each for file in files for each in read.read(file, _name(file), mapping, frozenset(languages)))
    found = merge.plan(records, configured, tags=tags, limit=limit)
    for note in found.notes[:MAX_NOTES]:
        click.echo(printable(note), err=True)
    if len(found.notes) > MAX_NOTES:
        click.echo(f"… and {counted(len(found.notes) - MAX_NOTES, 'more note')}", err=True)
    if dry_run or as_json:
        for entry in found.entries:
            click.echo(to_line(entry) if as_json else printable(_preview(entry)))
    elif found.entries:
        put(output, yaml_output.to_yaml("institutions", found.entries, _COMMENT), new=True)
    new, left_out = counted(len(found.entries), "new institution"), counted(found.left_out, "record")
    click.echo(f"{new}, {found.known} configured already, {left_out} left out", err=True)


def _name(file: BinaryIO) -> str:
    name = str(getattr(file, "name", "<stdin>"))
    return "-" if name == "<stdin>" else name


def _preview(entry: dict[str, Any]) -> str:
    known = [*entry.get("aliases", ())[:3], *(f"{key} {value}" for key, value in entry.get("ids", {}).items())]
    return f"{entry['id']}: {entry['name']}" + (f" ({', '.join(known)})" if known else "")


@click.command("import-opml")
@click.argument("file", type=click.File("rb"))
@click.option("--output", **_NEW_FILE)
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
    name = _name(file)
    if interval is not None:
        duration("--interval", interval)
    try:
        feeds = opml.import_opml(file.read())
    except InputError as error:
        raise InputError(name, error.problem) from None
    configured = app.settings().sources.values() if app.config_dir.exists() else ()
    entries, left_out = opml.new_sources(feeds, configured)
    for entry in entries:
        if tags:
            entry["tags"] = list(dict.fromkeys([*entry.get("tags", ()), *tags]))
        chosen = {"reliability": reliability, "interval": interval, "allow_private": allow_private}
        entry |= {key: value for key, value in chosen.items() if value}
    for reason in left_out:
        click.echo(f"left out {reason}", err=True)
    if not entries:
        click.echo(f"{name}: no new feed in it", err=True)
        return 0
    put(output, yaml_output.to_yaml("sources", entries, opml.COMMENT), new=True)
    if output is not None:
        click.echo(f"{output}: {counted(len(entries), 'source')}")
    return 0


@click.command("export-opml")
@click.pass_obj
def export_opml(app: App) -> None:
    """Print the configured sources as OPML."""
    loaded = app.loaded()
    sources = dict(loaded.settings.sources)
    for entry, form in loaded.entries.valid("sources", SourceForm):
        if "${" in entry.written("url").replace("$${", ""):
            click.echo(f"left out {form.id}: a variable in its address may be a secret", err=True)
            del sources[form.id]
    click.echo(opml.export_opml(sources.values()).decode("utf-8"), nl=False)


@click.command()
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--from", "field", type=click.Choice(FIELDS), default=FIELDS[0], show_default=True, help="Of this field.")
@click.pass_obj
def init(app: App, directory: Path | None, field: str) -> None:
    """Write a small commented configuration to DIR."""
    directory = app.config_dir if directory is None else directory
    for path in write_starter(directory, field):
        click.echo(f"wrote {path}")
    click.echo(f"next: alerts --config {directory} check, then test, then run")
