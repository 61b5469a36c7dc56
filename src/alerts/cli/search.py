"""`alerts search`: what was said, and about whom."""

from datetime import UTC, datetime

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import json_command, rendered, tier_option
from alerts.model.errors import UsageError
from alerts.model.records import to_line
from alerts.model.subscriber import Tier
from alerts.model.topic import Signal
from alerts.rendering.tiers import KINDS, searched


@click.command()
@click.argument("q", metavar="QUERY")
@click.option("--kind", type=click.Choice(KINDS), help="Only these.")
@completion.institution_option("Only what is about this one.")
@click.option("--source", shell_complete=completion.sources, metavar="ID", help="Only of this source.")
@click.option("--topic", shell_complete=completion.topics, metavar="ID", help="Only with this topic.")
@click.option("--signal", type=click.Choice([each.value for each in Signal]), help="Only with a topic of this class.")
@click.option("--since", metavar="TIME", help="Reported since then: RFC 3339, or a duration before now (2d).")
@click.option("--until", metavar="TIME", help="Reported by then.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="At most so many.")
@click.option("--page", type=click.IntRange(min=1), default=1, help="Which of the pages of so many.")
@tier_option
@json_command
def search(app: App, tier: str, as_json: bool, **given: object) -> None:
    """Search what was said: items, stories and institutions, the best first."""
    from alerts.insight.search import search as find

    allowed = searched(Tier(tier))
    if given["kind"] not in {None, *allowed}:
        raise UsageError(f"--tier {tier} sees {', '.join(allowed)} alone: leave out --kind {given['kind']}")
    fields = {name: str(value) for name, value in given.items() if value is not None}
    with app.read() as session:
        found = find(session, app.settings(), fields, Tier(tier), datetime.now(UTC))
    if as_json:
        for each in (*found["institutions"], *found["results"]):
            click.echo(to_line(each))
    else:
        click.echo(rendered("search.txt.j2", found), nl=False)
    if found["unindexed"]:
        click.echo(f"{found['unindexed']:,} recorded items are not indexed yet: a worker does it", err=True)
