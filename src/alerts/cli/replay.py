"""`alerts replay`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import check_writable, point_in_time, write_file
from alerts.cli.progress import Progress
from alerts.model.errors import InputError, UsageError
from alerts.model.item import Item
from alerts.model.records import to_line

LONG = 20_000
"""Items from which on it takes some seconds."""


@click.command()
@click.argument("file", required=False)
@click.option("--until", metavar="TIME", help="Stop the clock then. Default: run on until every level is at rest.")
@click.option(
    "--institution",
    "institutions",
    shell_complete=completion.institutions,
    multiple=True,
    help="Follow only this one; may be repeated.",
)
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE.svg", help="Draw the levels over time.")
@click.option("--json", "_as_json", is_flag=True, help="The only form there is: one JSON object a line.")
@click.pass_obj
def replay(
    app: App, file: str | None, until: str | None, institutions: tuple[str, ...], plot: Path | None, _as_json: bool
) -> int:
    """Play items under a virtual clock.

    Prints every transition and every alert, in order of time. FILE holds one JSON item a line; `-` is standard
    input. Without FILE the recorded history of the database is played. Live state is not touched and nothing is
    sent.

    \b
    Examples:
      alerts replay items.jsonl
      alerts replay --until 2026-03-01T00:00:00Z --plot levels.svg
    """
    from alerts.replay.backtest import records, rehearse

    settings = app.settings()
    for each in institutions:
        app.institution(each)
    if plot is not None:
        check_writable(plot)  # before all the work, not after it
    end = point_in_time(until, datetime.now(UTC))
    bad: list[InputError] = []
    items = read_file(file, bad) if file is not None else recorded(app, end)
    only = frozenset(institutions) or None
    with Progress("replaying", len(items), least=LONG) as progress:
        result = rehearse(
            items,
            settings,
            until=end,
            only=only,
            progress=progress,
            processes=1 if plot is not None else os.cpu_count() or 1,
        )
    out = [to_line(record) for record in records(result)]
    if out:
        sys.stdout.write("\n".join(out) + "\n")
    if plot is not None:
        from alerts.replay.plot import draw

        write_file(plot, draw(result, settings))
    return 1 if bad else 0


def read_file(file: str, bad: list[InputError]) -> list[Item]:
    """The items of a JSONL file; lines that are none go to standard error and to `bad`."""
    items: list[Item] = []
    for each in _lines(file):
        if isinstance(each, InputError):
            bad.append(each)
            click.echo(str(each), err=True)
        else:
            items.append(each)
    return items


def _lines(file: str) -> Iterator[Item | InputError]:
    from alerts.config.items import read_items

    if file == "-":
        yield from read_items(sys.stdin.buffer, "stdin")
        return
    try:
        with Path(file).open("rb") as stream:
            yield from read_items(stream, file)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error


def recorded(app: App, until: datetime | None) -> list[Item]:
    """All that the database has on record."""
    from alerts.store.repositories import items

    with app.reading() as database, database.read() as session:
        return list(items.record(session, upto=until))
