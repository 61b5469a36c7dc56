"""`alerts explain ALERT`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from alerts.cli.context import App
from alerts.cli.output import json_option, printable
from alerts.model.alert import fate
from alerts.model.records import to_line


@click.command()
@click.argument("alert")
@json_option
@click.pass_obj
def explain(app: App, alert: str, as_json: bool) -> None:
    """Say why an alert fired.

    Prints every step from the items to what became of the alert, with its numbers. ALERT is the id of an alert, or
    of the message that told of it, or the beginning of either: `alerts deliveries` lists them.

    \b
    Example:
      alerts explain 3f2a9c
    """
    from alerts.explain.alert import explain as work_out
    from alerts.runtime.configuration import Active
    from alerts.store.queries import listings

    active = Active(app.settings())
    with app.reading() as database, database.read() as session:
        ids = listings.alerts_named(session, alert) or [alert]
        records = [work_out(session, active, each) for each in ids]
    for number, record in enumerate(records):
        if as_json:
            click.echo(to_line(record))
            continue
        if number:
            click.echo()
        for line in _lines(record):
            click.echo(printable(line))


def _lines(record: Mapping[str, Any]) -> Iterator[str]:
    alert, transition = record["alert"], record["transition"]
    became = fate(alert["state"], alert["reason"])
    yield f"alert {alert['id']} at {alert['at']}: {alert['subscriber']} by {alert['channel']}, {became}"
    yield ""
    if transition is not None:
        yield (
            f"1. {transition['institution']}, {transition['axis']}: {transition['from']} to {transition['to']} "
            f"({transition['cause']}), score {transition['score']:g} = {record['level']['sum']}"
        )
        thresholds = ", ".join(f"{level} from {value:g}" for level, value in record["level"]["raise"].items())
        yield f"   {thresholds}; left again {record['level']['margin']:g} below"
        for each in transition["contributions"]:
            yield (
                f"   {each['contribution']:g} = severity {each['severity']:g} x confidence {each['confidence']:g} x "
                f"salience {each['salience']:g} x criticality {each['criticality']:g}, faded over "
                f"{each['age_s']:g} s: {each['story']} {each['title']}"
            )
    else:
        led = f" “{alert['lead']['title']}”" if alert["lead"] else ""
        yield f"1. {alert['on']} of {alert['institution']}{led}"
    for each in alert["changes"]:
        if transition is None or each["axis"] != transition["axis"]:
            yield f"   and {each['axis']}: {each['from']} to {each['to']}, score {each['score']:g}"
    for number, story in enumerate(record["stories"], start=2):
        yield ""
        yield f"{number}. story {story['story']}: {story['title']}"
        yield (
            f"   confidence {story['confidence']:g} = {story['confidence_is']}; grade {story['grade']} ({story['mix']})"
            f"; topics {', '.join(story['topics']) or 'none'}"
        )
        for item in story["items"]:
            kind = "direct" if item["direct"] else "secondary"
            yield (
                f"   item {item['item']} {item['publisher']} "
                f"({kind} {item['reliability']}, weight {item['weight']:g}), "
                f"observed {item['observed']}: {item['title']}"
            )
            for mention in item["mentions"]:
                where = f"{mention['field']} {mention['start']}-{mention['end']}"
                yield (
                    f"      found by {mention['rule']} in {where} “{mention['text']}”, salience {mention['salience']:g}"
                )
        for group in story["independent"]:
            for link in group["merged"]:
                yield f"   {link['a']} and {link['b']} count once: {link['reason']}"
    yield ""
    yield f"{len(record['stories']) + 2}. routing"
    yield from routing_lines(record["routing"])
    for delivery in record["deliveries"]:
        kind = f"{delivery['kind']} " if delivery["kind"] == "escalation" else ""
        yield f"   {kind}delivery {delivery['delivery']} by {delivery['channel']}: {delivery['state']}"
        for attempt in delivery["attempts"]:
            yield (
                f"      attempt {attempt['number']} at {attempt['started_at']}: {attempt['state']} {attempt['line']}"
            )
    yield from answer_lines(record["answers"])


def answer_lines(answers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What readers answered, from its records."""
    for each in answers:
        undone = f"; undone at {each['undone_at']} by {each['undone_by']}" if each["undone_at"] else ""
        until = f" until {each['until']}" if each["until"] else ""
        said = f"{each['channel']} {each['said']}{until} by {each['who']}{undone}"
        yield f"   answer {each['id']} at {each['at']}: {said}"


def routing_lines(record: Mapping[str, Any] | None) -> Iterator[str]:
    """What was considered for a subscriber, from its record."""
    for rule in record["rules"] if record is not None else ():
        answer = "matches" if rule["matched"] else "does not match"
        if rule["follows"]:
            answer += " the rise, will report its fall"
        about = f" {rule['about']}" if rule.get("about") and not rule["follows"] else ""
        yield f"   {rule.get('name') or 'rule ' + str(rule['rule'])} for {rule['channel']}: {answer}{about}"
        yield from _step_lines(rule["steps"])
    for channel in record["channels"] if record is not None else ():
        because = f" {channel['detail']}" if channel["reason"] else ""
        yield f"   {channel['channel']}: {fate(channel['state'], channel['reason'])}{because}"
        yield from _step_lines(channel["steps"])


def _step_lines(steps: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    passed = [step["name"] for step in steps if step["passed"] and not step["detail"]]
    if passed:
        yield f"      + not held back by: {', '.join(passed)}"
    for step in steps:
        if step["detail"] or not step["passed"]:
            yield f"      {'+' if step['passed'] else '-'} {step['name']}: {step['detail']}"
