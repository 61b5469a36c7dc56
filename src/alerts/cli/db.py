"""`alerts status` and `alerts db`: whether the system works, its schema, what is kept, and copies of it."""

import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from alerts.cli.context import App
from alerts.cli.output import duration, json_command, printable, progress_bar
from alerts.model.counted import counted_of
from alerts.model.errors import StoreError
from alerts.model.records import to_line
from alerts.model.times import format_time

MANY = 20  # steps of pruning from which on it takes some seconds


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_obj
def upgrade(app: App) -> None:
    """Bring the schema up to date. `alerts run` does it at its start."""
    with app.open() as database:
        before = database.revision()
        database.upgrade()
        after = database.revision()
    click.echo(f"schema {after}" + (", already up to date" if before == after else f", was {before or 'empty'}"))


@db.command()
@click.option("--keep", default="400d", show_default=True, metavar="DURATION", help="Remove what is older than this.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@json_command
def prune(app: App, keep: str, dry_run: bool, as_json: bool) -> None:
    """Remove what is older than the retention."""
    from alerts.pipeline.prune import prune as remove

    lasting = duration("--keep", keep)
    with app.runtime() as (runtime, _), progress_bar("pruning", 0) as bar:

        def reached(done: int, steps: int) -> None:
            if done == 0:  # only now it is known how much there is to do
                bar.length, bar.hidden = steps, steps < MANY or not sys.stderr.isatty()
            bar.update(done - bar.pos)

        pruned = remove(runtime, lasting, dry_run=dry_run, progress=reached)
    if as_json:
        record = {"before": format_time(pruned.before), "dry_run": dry_run, "removed": pruned.counts}
        click.echo(to_line(record))
        return
    removed = ", ".join(counted_of(count, kind) for kind, count in sorted(pruned.counts.items()) if count)
    verb = "would be removed" if dry_run else "removed"
    click.echo(f"older than {format_time(pruned.before)}: {removed or 'nothing'} {verb}")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(app: App, file: Path) -> None:
    """Copy a SQLite database to FILE, while the system runs."""
    from alerts.store.maintenance.backup import backup as copy

    with app.open() as database:
        if database.is_sqlite and not Path(database.url.database or "").is_file():
            raise StoreError(f"{database.url.database}: there is no database yet")
        size = copy(database, file)
    click.echo(f"{file}: {size:,} bytes, checked")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def restore(app: App, file: Path) -> None:
    """Put a backup in the place of what a SQLite database holds. Stop the system first."""
    from alerts.embedded import state_directory
    from alerts.store.maintenance.backup import restore as put_back

    # The lock of the state directory keeps out an `alerts run` that uses this database.
    held = contextlib.nullcontext() if app.database else state_directory(app.state)
    with held, app.open() as database:
        put_back(database, file)
        database.upgrade()
        click.echo(f"restored from {file}, schema {database.revision()}")


@click.command()
@json_command
def status(app: App, as_json: bool) -> int:
    """Say whether all is well. Exit status 1 when not."""
    from alerts.insight.health import health
    from alerts.runtime.configuration import Files
    from alerts.store.repositories import generations

    with app.read() as session:
        files = Files.of(app.config_dir, generations.newest(session))
        report = health(session, files, datetime.now(UTC))
    if as_json:
        click.echo(to_line(report.record()))
    else:
        click.echo("healthy" if report.healthy else "unhealthy")
        for name, value in report.facts:
            click.echo(f"  {name:<14} {printable(value)}")
        for problem in report.problems:
            click.echo(f"  problem: {printable(problem)}")
    return 0 if report.healthy else 1
