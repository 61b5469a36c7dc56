"""`alerts plan`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from alerts.cli.context import App
from alerts.cli.output import json_option, printable, show
from alerts.cli.progress import Progress
from alerts.cli.replay import LONG, read_file, recorded
from alerts.model.alert import Alert, fate
from alerts.model.counted import counted
from alerts.model.errors import InputError
from alerts.model.records import to_line
from alerts.model.times import format_time


@click.command()
@click.option(
    "--against",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The changed configuration; --config is the one in force.",
)
@click.option(
    "--history", metavar="FILE", help="JSONL items to play instead of the recorded history; - is standard input."
)
@click.option("--publish", is_flag=True, help="Show the result on the operators' page, too.")
@json_option
@click.pass_obj
def plan(app: App, against: Path, history: str | None, publish: bool, as_json: bool) -> int:
    """Say what a change of the configuration would do.

    Plays the recorded history under the configuration in force and under DIR, and prints the alerts that DIR
    would add, drop and move, for whom, and how many each subscriber would get. Falls still to come, if nothing
    happens, are among them. Changes nothing.

    \b
    Example:
      cp -r config config.new; $EDITOR config.new/levels.yaml; alerts plan --against config.new
    """
    from alerts.config.load import load
    from alerts.replay import plan as planning
    from alerts.store import system_state

    before, after = app.settings(), load(against)
    bad: list[InputError] = []
    items = recorded(app, None) if history is None else read_file(history, bad)
    with Progress("replaying", 2 * len(items), least=LONG) as progress:
        found = planning.plan(items, before, after, progress=progress)
    if publish:
        with app.open() as database:
            database.upgrade()
            with database.write() as session:
                at = datetime.now(UTC)
                system_state.put(session, system_state.PLAN, at, planning.published(found, against.name, len(items)))
    if as_json:
        for record in planning.records(found):
            click.echo(to_line(record))
        return 1 if bad else 0
    for mark, alerts in (("+", found.gained), ("-", found.lost)):
        for alert in alerts:
            click.echo(f"{mark} {_shown(alert)}")
    for each in found.moved:
        click.echo(
            f"~ {_shown(each.before)}\n"
            f"  now at {format_time(each.after.at)}, {fate(each.after.state, each.after.reason)}"
        )
    click.echo(
        f"{counted(len(found.gained), 'alert')} gained, {len(found.lost)} lost, {len(found.moved)} moved, "
        f"over {counted(len(items), 'recorded item')}"
    )
    rows = [
        {"subscriber": each.subscriber, "now": each.before, "then": each.after, "then_a_day": each.per_day}
        for each in found.volumes
    ]
    show(rows, ["subscriber", "now", "then", "then_a_day"], as_json=False, empty="no subscribers")
    return 1 if bad else 0


def _shown(alert: Alert) -> str:
    return printable(
        f"{format_time(alert.at)} {alert.subscriber} by {alert.channel}: {alert.institution} {alert.in_words()}, "
        f"{fate(alert.state, alert.reason)}"
    )
