"""`alerts explain`, `alerts why-not`: why an alert fired or did not; `alerts export`, `alerts verify`: as a file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import OutputFile, json_command, put, rendered
from alerts.model.errors import UsageError
from alerts.model.records import to_line
from alerts.model.times import past_instant


@click.command()
@click.argument("alert", shell_complete=completion.alerts)
@json_command
def explain(app: App, alert: str, as_json: bool) -> None:
    """Say why an alert fired."""
    from alerts.explain.alert import explain as work_out
    from alerts.store.queries import listings

    active = app.active()
    with app.read() as session:
        records = [work_out(session, active, each) for each in listings.alerts_named(session, alert)]
    shown = (to_line(each) if as_json else rendered("explain.txt.j2", each) for each in records)
    click.echo("\n".join(shown), nl=as_json)


@click.command("why-not")
@click.argument("subscriber", shell_complete=completion.subscribers)
@completion.institution_option("About which institution.", required=True, metavar="ID")
@click.option("--at", metavar="TIME", help="As of then: RFC 3339, or a duration before now (2d).")
@json_command
def why_not(app: App, subscriber: str, institution: str, at: str | None, as_json: bool) -> None:
    """Say why a subscriber heard nothing of an institution."""
    from alerts.explain.why_not import why_not as work_out

    who, about = app.settings().subscriber(subscriber), app.settings().institution(institution)
    moment = past_instant(at, datetime.now(UTC))
    with app.read() as session:
        record = work_out(session, app.active(), who, about, moment)
    click.echo(to_line(record) + "\n" if as_json else rendered("why_not.txt.j2", record), nl=False)


@click.command()
@click.argument("alert", shell_complete=completion.alerts)
@click.argument("file", required=False, type=OutputFile())
@click.pass_obj
def export(app: App, alert: str, file: Path | None) -> None:
    """Write an alert to a file from which anybody can recompute it."""
    from alerts.explain.export import export as export_alert
    from alerts.explain.verifier import derived
    from alerts.rendering.render import Renderer
    from alerts.store.queries import listings

    active = app.active()
    with app.read() as session:
        ids = listings.alerts_named(session, alert)
        if len(ids) > 1:
            raise UsageError(f"{alert} is a message of {len(ids)} alerts; export one of them: {', '.join(ids)}")
        found = export_alert(session, active, ids[0], Renderer(app.config_dir / "templates"))
    put(file, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    if different := sum(not each["equal"] for each in derived(found)):
        click.echo(f"alerts: {different} values of the alert do not follow from the configuration of today", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def verify(file: Path, as_json: bool) -> int:
    """Recompute an exported alert."""
    from alerts.explain.verifier import verified

    try:
        *found, verdict = verified(str(file))
    except Exception as error:
        raise UsageError(f"{file}: no exported alert: {type(error).__name__}: {error}") from error
    if as_json:
        click.echo("\n".join(map(to_line, [*found, verdict])))
    else:
        click.echo(rendered("verify.txt.j2", {"found": found, "verdict": verdict}), nl=False)
    return 0 if verdict["verified"] else 1
