"""`alerts briefing` and `alerts silence-report`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import check_writable, json_command, write_file
from alerts.model.errors import UsageError
from alerts.model.records import to_line
from alerts.model.subscriber import Tier
from alerts.model.times import format_time, point_in_time
from alerts.model.week import Week


@click.command()
@click.option("--week", metavar="WEEK", help="An ISO week, for example 2026-W48; the last whole one by default.")
@click.option("--subscriber", shell_complete=completion.subscribers, help="What this one watches, at its tier.")
@click.option("--tier", type=click.Choice([tier.value for tier in Tier]), help="Show what this tier may see.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page that prints well.")
@json_command
def briefing(
    app: App, week: str | None, subscriber: str | None, tier: str | None, html: Path | None, as_json: bool
) -> None:
    """Show what a week brought."""
    from alerts.insight.briefing import briefing as compose
    from alerts.rendering.briefing import briefing_page, briefing_text
    from alerts.rendering.tiers import gate_briefing

    asked = Week.of(datetime.now(UTC)).moved(-1) if week is None else Week.parse(week)
    who = None if subscriber is None else app.settings().subscriber(subscriber)
    if html is not None:
        check_writable(html)
    active = app.active()
    with app.read() as session:
        found = compose(session, active, asked, who)
    allowed = Tier(tier) if tier is not None else Tier.LEADERSHIP_ALLIANCE if who is None else who.tier
    shown = gate_briefing(found, allowed)
    if html is not None:
        write_file(html, briefing_page(shown))
    if as_json:
        click.echo(to_line(shown))
    elif html is None:
        click.echo(briefing_text(shown), nl=False)


@click.command("silence-report")
@click.option("--subscriber", shell_complete=completion.subscribers, help="Only for this one.")
@click.option("--from", "since", metavar="TIME", help="RFC 3339, or a duration before now (2d); default: 7d.")
@click.option("--to", "until", metavar="TIME", help="RFC 3339, or a duration before now; default: now.")
@json_command
def silence_report(app: App, subscriber: str | None, since: str | None, until: str | None, as_json: bool) -> None:
    """Show that silence was silence."""
    from alerts.insight.silence import silence_report as compose
    from alerts.rendering.briefing import silence_text

    active, now = app.active(), datetime.now(UTC)
    end = point_in_time(until, now) or now
    start = point_in_time(since, now) or end - timedelta(days=7)
    if start >= end:
        raise UsageError(f"--from {format_time(start)} is not before --to {format_time(end)}")
    chosen = active.settings.subscribers.values() if subscriber is None else [app.settings().subscriber(subscriber)]
    with app.read() as session:
        reports = [compose(session, active, each, start, end) for each in chosen]
    for report in reports:
        click.echo(to_line(report) if as_json else silence_text(report).rstrip())
