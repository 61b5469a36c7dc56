"""`alerts why-not SUBSCRIBER --institution ID`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.explain import answer_lines, routing_lines
from alerts.cli.output import json_option, past_instant, printable
from alerts.model.alert import fate
from alerts.model.counted import counted
from alerts.model.records import to_line


@click.command("why-not")
@click.argument("subscriber", shell_complete=completion.subscribers)
@click.option(
    "--institution",
    shell_complete=completion.institutions,
    required=True,
    metavar="ID",
    help="About which institution.",
)
@click.option("--at", metavar="TIME", help="As of then: RFC 3339, or a duration before now (2d).")
@json_option
@click.pass_obj
def why_not(app: App, subscriber: str, institution: str, at: str | None, as_json: bool) -> None:
    """Say why a subscriber heard nothing of an institution.

    Walks every step: rules, coverage, scores, what was held back, what looked like the institution and was turned
    down, and says which further evidence would have made the difference.

    \b
    Examples:
      alerts why-not desk --institution cloudflare
      alerts why-not desk --institution cloudflare --at 2d
    """
    from alerts.explain.why_not import why_not as work_out
    from alerts.runtime.configuration import Active

    settings = app.settings()
    who, about = app.subscriber(subscriber), app.institution(institution)
    moment = past_instant(at, datetime.now(UTC))
    with app.reading() as database, database.read() as session:
        record = work_out(session, Active(settings), who, about, moment)
    if as_json:
        click.echo(to_line(record))
        return
    for line in _lines(record):
        click.echo(printable(line))


def _lines(record: Mapping[str, Any]) -> Iterator[str]:
    yield f"{record['subscriber']} and {record['institution']} at {record['at']}"
    if not record["rules"]:
        yield "  no watch rule of the subscriber selects the institution: nothing will ever be told"
    for rule in record["rules"]:
        yield f"  {rule['name']}"
        kinds, channels = ", ".join(rule["on"]), ", ".join(rule["to"])
        yield f"    rule {rule['rule']}: on {kinds}, at least {rule['at_least']}, to {channels}"
    yield from answer_lines(record["preferences"])
    covered = record["coverage"]
    if covered["failing"]:
        yield (
            f"  coverage {covered['state']}: {len(covered['failing'])} of {covered['sources']} sources failing, "
            f"{', '.join(covered['failing'])}; silence is not an all-clear"
        )
    for alert in record["alerts"]:
        became = fate(alert["state"], alert["reason"])
        yield f"  alert {alert['id']} at {alert['at']} by {alert['channel']}: {became}"
    if not record["alerts"]:
        yield f"  no alert in the last 7 days; {counted(record['stories'], 'story', 'stories')} in all"
    for axis in record["axes"]:
        yield ""
        needs = f"needs {axis['needs']:g} for {axis['at_least']}"
        yield f"  {axis['axis']}: {axis['level']}, score {axis['score']:g}, {needs}"
        for each in axis["contributions"]:
            yield f"    {each['contribution']:g} {each['story']} {each['title']}"
        other = axis["counterfactual"]
        if other is not None and other["found"]:
            then = f"{other['score']:g}, {other['level']}"
            yield f"    with {other['with']} on {other['story']}: {then}; it would be told"
        elif other is not None:
            yield f"    nothing tried would be told: {other['why']}"
            for each in other.get("tried", ()):
                yield f"      {each['with']}: {each['score']:g}, {each['level']}"
        yield from ("  " + line for line in routing_lines(axis["routing"]))
    if record["rejected"]:
        yield ""
        yield "  looked like it in the last 7 days, and was turned down:"
    for each in record["rejected"]:
        yield f"    “{each['text']}” in the {each['field']} of {each['item']} ({each['source']}): {each['reason']}"
