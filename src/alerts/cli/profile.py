"""`alerts profile ID`."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import json_option, past_instant
from alerts.model.records import to_line
from alerts.model.subscriber import Tier


@click.command()
@click.argument("institution", shell_complete=completion.institutions)
@click.option(
    "--tier",
    type=click.Choice([tier.value for tier in Tier]),
    default=Tier.LEADERSHIP_ALLIANCE.value,
    show_default=True,
    help="Show what this tier may see.",
)
@click.option("--at", metavar="TIME", help="As of then: RFC 3339, or a duration before now (2d).")
@json_option
@click.pass_obj
def profile(app: App, institution: str, tier: str, at: str | None, as_json: bool) -> None:
    """Show the profile of an institution.

    Levels, key points, what happened, the decision trigger matrix, and the evidence behind each.

    \b
    Examples:
      alerts profile anthropic
      alerts profile anthropic --at 2026-02-24T09:00:00Z --json
    """
    from alerts.insight.profiles import profile_at
    from alerts.rendering.profile_forms import profile_record, profile_text
    from alerts.rendering.tiers import gate
    from alerts.runtime.configuration import Active

    settings = app.settings()
    known = app.institution(institution)
    moment = past_instant(at, datetime.now(UTC))
    with app.reading() as database, database.read() as session:
        found = profile_at(session, Active(settings), known, moment)
    shown = gate(found, Tier(tier))
    click.echo(to_line(profile_record(shown)) if as_json else profile_text(shown))
