"""`alerts briefing`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import check_writable, json_option, write_file
from alerts.model.records import to_line
from alerts.model.subscriber import Tier
from alerts.model.week import Week


@click.command()
@click.option("--week", metavar="WEEK", help="An ISO week, for example 2026-W48; the last whole one by default.")
@click.option("--subscriber", shell_complete=completion.subscribers, help="What this one watches, at its tier.")
@click.option("--tier", type=click.Choice([tier.value for tier in Tier]), help="Show what this tier may see.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page that prints well.")
@json_option
@click.pass_obj
def briefing(
    app: App, week: str | None, subscriber: str | None, tier: str | None, html: Path | None, as_json: bool
) -> None:
    """Show what a week brought.

    Level changes, stories with their sources, levels day by day, what is expected, what was corrected, and what differs
    from the edition before. It is read from the record alone, so that the same record gives the same bytes.

    \b
    Examples:
      alerts briefing
      alerts briefing --week 2026-W08 --html week.html
      alerts briefing --subscriber desk --json
    """
    from alerts.insight.briefing import briefing as compose
    from alerts.rendering.briefing import briefing_page, briefing_text
    from alerts.rendering.tiers import gate_briefing
    from alerts.runtime.configuration import Active

    asked = Week.of(datetime.now(UTC)).moved(-1) if week is None else Week.parse(week)
    who = None if subscriber is None else app.subscriber(subscriber)
    if html is not None:
        check_writable(html)
    settings = app.settings()
    with app.read() as session:
        found = compose(session, Active(settings), asked, who)
    allowed = Tier(tier) if tier is not None else Tier.LEADERSHIP_ALLIANCE if who is None else who.tier
    shown = gate_briefing(found, allowed)
    if html is not None:
        write_file(html, briefing_page(shown))
    if as_json:
        click.echo(to_line(shown))
    elif html is None:
        click.echo(briefing_text(shown), nl=False)
