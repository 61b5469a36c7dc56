"""`alerts feedback`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import check_writable, json_option, point_in_time, show, write_file
from alerts.model.errors import InputError
from alerts.model.records import to_line

_KEYS = ("institution", "day", "headline", "topic", "verdict")
_COLUMNS = ["by", "name", "sent", "judged", "right", "precision", "low", "high", "acknowledged"]


@click.command()
@click.option("--subscriber", shell_complete=completion.subscribers, help="Only alerts to this one.")
@click.option("--since", metavar="TIME", help="Only alerts since then: RFC 3339, or a duration before now (30d).")
@click.option("--export", "to", type=click.Path(path_type=Path), metavar="FILE", help="Write the verdicts as JSONL.")
@click.option("--import", "from_", type=click.Path(path_type=Path), metavar="FILE", help="Take verdicts of JSONL in.")
@json_option
@click.pass_obj
def feedback(
    app: App, subscriber: str | None, since: str | None, to: Path | None, from_: Path | None, as_json: bool
) -> None:
    """Show whether alerts were right.

    From the verdicts of readers: the share of right alerts with its exact 95 % interval (Clopper-Pearson), by rule,
    topic, source, institution and level, the worst first, and how many were acknowledged. Files hold one verdict a
    line, in the form of evaluations/verdicts.jsonl; an alert that has a verdict keeps it.

    \b
    Examples:
      alerts feedback
      alerts feedback --subscriber desk --since 90d --json
      alerts feedback --export verdicts.jsonl
    """
    from alerts.insight import feedback as verdicts

    settings, now = app.settings(), datetime.now(UTC)
    if subscriber is not None:
        app.subscriber(subscriber)
    start = point_in_time(since, now)
    if to is not None:
        check_writable(to)
    if from_ is not None:
        records = list(_read(from_))
        with app.open() as database:
            database.upgrade()
            with database.write() as session:
                taken = verdicts.imported(session, settings, records, now, f"file {from_.name}")
        click.echo(f"{len(records)} verdicts read, {taken} alerts judged by them", err=True)
    with app.read() as session:
        rows = verdicts.feedback(session, settings, subscriber, start)
        judged = verdicts.exported(session, settings, subscriber, start) if to is not None else []
    if to is not None:
        write_file(to, "".join(to_line(each) + "\n" for each in judged))
    show(rows, _COLUMNS, as_json=as_json, empty="no alert was sent")


def _read(file: Path) -> Iterator[Mapping[str, str]]:
    """The verdicts of a file. Raises InputError, which names the line, where one cannot be used."""
    from alerts.insight.feedback import VERDICTS

    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            str(file), f"cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8'}"
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict) or not all(isinstance(record.get(key), str) for key in _KEYS):
            raise InputError(f"{file}:{number}", f"is no verdict: write an object with {', '.join(_KEYS)}")
        if record["verdict"] not in VERDICTS:
            raise InputError(f"{file}:{number}", f"the verdict is none of {', '.join(VERDICTS)}")
        yield record
