"""`alerts silence-report`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import json_option, point_in_time
from alerts.model.errors import UsageError
from alerts.model.records import to_line
from alerts.model.times import format_time


@click.command("silence-report")
@click.option("--subscriber", shell_complete=completion.subscribers, help="Only for this one.")
@click.option("--from", "since", metavar="TIME", help="RFC 3339, or a duration before now (2d); default: 7d.")
@click.option("--to", "until", metavar="TIME", help="RFC 3339, or a duration before now; default: now.")
@json_option
@click.pass_obj
def silence_report(app: App, subscriber: str | None, since: str | None, until: str | None, as_json: bool) -> None:
    """Show that silence was silence.

    For each subscriber: which sources were read and for how long not, how many items and mentions, what was held back,
    and the nearest that a story or a score came to what a rule asks for, with what would have crossed it.

    \b
    Examples:
      alerts silence-report
      alerts silence-report --subscriber desk --from 2026-02-23T00:00:00Z --to 2026-03-02T00:00:00Z --json
    """
    from alerts.insight.silence import silence_report as compose
    from alerts.rendering.briefing import silence_text
    from alerts.runtime.configuration import Active

    settings, now = app.settings(), datetime.now(UTC)
    end = point_in_time(until, now) or now
    start = point_in_time(since, now) or end - timedelta(days=7)
    if start >= end:
        raise UsageError(f"--from {format_time(start)} is not before --to {format_time(end)}")
    chosen = settings.subscribers.values() if subscriber is None else [app.subscriber(subscriber)]
    with app.read() as session:
        active = Active(settings)
        reports = [compose(session, active, each, start, end) for each in chosen]
    for report in reports:
        click.echo(to_line(report) if as_json else silence_text(report).rstrip())
    if not reports:
        click.echo("no subscribers", err=True)
