"""`alerts explain ALERT` and `alerts why-not SUBSCRIBER --institution ID`."""

from datetime import UTC, datetime

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import json_command, past_instant, rendered
from alerts.model.records import to_line


@click.command()
@click.argument("alert", shell_complete=completion.alerts)
@json_command
def explain(app: App, alert: str, as_json: bool) -> None:
    """Say why an alert fired."""
    from alerts.explain.alert import explain as work_out
    from alerts.runtime.configuration import Active
    from alerts.store.queries import listings

    active = Active(app.settings())
    with app.read() as session:
        ids = listings.alerts_named(session, alert) or [alert]
        records = [work_out(session, active, each) for each in ids]
    for number, record in enumerate(records):
        if as_json:
            click.echo(to_line(record))
            continue
        click.echo("\n" * bool(number) + rendered("explain.txt.j2", record), nl=False)


@click.command("why-not")
@click.argument("subscriber", shell_complete=completion.subscribers)
@completion.institution_option("About which institution.", required=True, metavar="ID")
@click.option("--at", metavar="TIME", help="As of then: RFC 3339, or a duration before now (2d).")
@json_command
def why_not(app: App, subscriber: str, institution: str, at: str | None, as_json: bool) -> None:
    """Say why a subscriber heard nothing of an institution."""
    from alerts.explain.why_not import why_not as work_out
    from alerts.runtime.configuration import Active

    settings = app.settings()
    who, about = app.settings().subscriber(subscriber), app.settings().institution(institution)
    moment = past_instant(at, datetime.now(UTC))
    with app.read() as session:
        record = work_out(session, Active(settings), who, about, moment)
    click.echo(to_line(record) + "\n" if as_json else rendered("why_not.txt.j2", record), nl=False)
