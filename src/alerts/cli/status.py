"""`alerts status`."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from alerts.cli.context import App
from alerts.cli.output import json_option, printable
from alerts.model.records import to_line


@click.command()
@json_option
@click.pass_obj
def status(app: App, as_json: bool) -> int:
    """Say whether all is well. Exit status 1 when not.

    The last tick, sources, what is overdue, deliveries, the configuration, and a line for each problem.

    \b
    Examples:
      alerts status
      alerts status --json
    """
    from alerts.insight.health import health
    from alerts.runtime.configuration import Files
    from alerts.store.repositories import generations

    with app.reading() as database, database.read() as session:
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
