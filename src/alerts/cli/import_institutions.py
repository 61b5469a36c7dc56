"""`alerts import-institutions`: institutions from spreadsheets and public registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click

from alerts.cli.context import App
from alerts.cli.output import json_option, printable
from alerts.config import yaml_output
from alerts.config.institution_import.merge import Plan, plan
from alerts.config.institution_import.read import FORMATS, read
from alerts.config.institution_import.record import Imported, Parent, Skipped
from alerts.config.institution_import.tables import HEADERS
from alerts.matching.lint import lint
from alerts.model.counted import counted
from alerts.model.errors import InputError, UsageError
from alerts.model.institution import Institution
from alerts.model.records import to_line

MAX_NOTES = 50
"""Notes printed for one import; a registry file can leave out millions of records."""

_COMMENT = (
    "# Imported. Review the names: remove aliases that are ordinary words, or give them `match.require_any`.\n"
    "# `alerts check` warns of dangerous names; `alerts names ID` shows what will be looked for.\n"
)


@click.command("import-institutions")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.File("rb"))
@click.option("--format", "kind", type=click.Choice(FORMATS), help="The format; found out where not given.")
@click.option(
    "--map",
    "mapping",
    metavar="HEADER=SETTING",
    multiple=True,
    help="A column of CSV or a key of JSON lines that names a setting; repeatable.",
)
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Add a tag to all; repeatable.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=5_000, show_default=True, help="Refuse more than so many."
)
@click.option("--dry-run", is_flag=True, help="Say what would be imported and write nothing.")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to a new file instead of standard output.",
)
@json_option
@click.pass_obj
def import_institutions(
    app: App,
    files: tuple[BinaryIO, ...],
    kind: str | None,
    mapping: tuple[str, ...],
    tags: tuple[str, ...],
    limit: int,
    dry_run: bool,
    output: Path | None,
    as_json: bool,
) -> int:
    """Print institutions of FILE as YAML `institutions:`.

    FILE is a CSV or JSON lines file, entities of FollowTheMoney (OpenSanctions), a file of GLEIF (CSV, JSON, XML) or
    of Wikidata (entities, dump lines, the JSON result of a query); - is standard input. Several files are merged by
    LEI, Wikidata id and their own ids. What the configuration has already is left as it is written.

    \b
    Examples:
      alerts import-institutions banks.csv --map "Firm=name" --tag bank --dry-run
      alerts import-institutions entities.ftm.json --output config/institutions-imported.yaml
    """
    configured = list(app.settings().institutions.values()) if app.config_dir.exists() else []
    wanted = _mapping(mapping)
    records = (pair for file in files for pair in _records(file, kind or "", wanted))
    found = plan(records, configured, tags=tags)
    if len(found.entries) > limit:
        raise UsageError(
            f"{counted(len(found.entries), 'institution')} found, more than --limit {limit}: narrow the file down "
            "to those you track, or raise --limit"
        )
    notes = [*found.notes, *_dangerous_names(found, configured)]
    for note in notes[:MAX_NOTES]:
        click.echo(printable(note), err=True)
    if len(notes) > MAX_NOTES:
        click.echo(f"… and {counted(len(notes) - MAX_NOTES, 'more note')}", err=True)
    summary = (
        f"{counted(len(found.entries), 'new institution')}, {found.known} configured already, "
        f"{counted(found.skipped, 'record')} left out"
    )
    if as_json:
        for entry in found.entries:
            click.echo(to_line(entry))
    if dry_run or as_json or not found.entries:
        for entry in found.entries if dry_run and not as_json else ():
            click.echo(printable(_preview(entry)))
        click.echo(summary, err=True)
        return 0
    text = yaml_output.to_yaml("institutions", found.entries, _COMMENT)
    if output is None:
        click.echo(text, nl=False)
    else:
        yaml_output.write_new(output, text)
    click.echo(summary if output is None else f"{output}: {summary}", err=True)
    return 0


def _mapping(pairs: Iterable[str]) -> dict[str, str]:
    """`HEADER=SETTING` pairs by header. Raises UsageError for a setting that there is not."""
    mapping = {}
    for each in pairs:
        header, equals, setting = each.rpartition("=")
        if not equals or setting not in HEADERS:
            raise UsageError(
                f"--map {each}: write HEADER=SETTING, where SETTING is one of {', '.join(HEADERS)}"
            )
        mapping[header] = setting
    return mapping


def _records(
    file: BinaryIO, kind: str, mapping: dict[str, str]
) -> Iterator[tuple[str, Imported | Skipped | Parent]]:
    name = "-" if file.name == "<stdin>" else str(file.name)
    try:
        for record in read(file.read(), kind, mapping):
            yield name, record
    except InputError as error:
        where = "" if error.where == "file" else f"{error.where} "
        raise InputError(name, f"{where}{error.problem}") from None


def _dangerous_names(found: Plan, configured: list[Institution]) -> Iterator[str]:
    """Names that `alerts check` would warn of."""
    new = [
        Institution(
            id=entry["id"],
            name=entry["name"],
            aliases=tuple(entry.get("aliases", ())),
            products=tuple(entry.get("products", ())),
        )
        for entry in found.entries
    ]
    fresh = {each.id for each in new}
    for _, key, message in lint([*configured, *new], ()):
        if key in fresh:
            yield f"{key}: {message}"


def _preview(entry: dict[str, Any]) -> str:
    names = ", ".join(entry.get("aliases", [])[:3])
    ids = ", ".join(f"{system} {value}" for system, value in entry.get("ids", {}).items())
    return "  ".join(part for part in (entry["id"], entry["name"], names and f"({names})", ids) if part)
