"""`alerts names`: what is looked for to find an institution, how often it was found, and what looks missing."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import json_option, show
from alerts.matching.catalogue import missing, names_of
from alerts.model.item import Item

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MAX_ITEMS = 20_000  # newest recorded items that `--missing` reads
_EVER = timedelta(days=36_500)


@click.command()
@click.argument("institution", metavar="ID", shell_complete=completion.institutions)
@click.option(
    "--missing", "want_missing", is_flag=True, help="What recorded items hold of it and was not counted, and why."
)
@json_option
@click.pass_obj
def names(app: App, institution: str, want_missing: bool, as_json: bool) -> None:
    """Print every name by which an institution is found."""
    tracked = app.settings().institution(institution)
    if want_missing:
        rows = [{"text": each.text, "times": each.times, "why": each.why} for each in missing(tracked, _recorded(app))]
        show(rows, ["text", "times", "why"], as_json=as_json, empty="nothing looks missing")
        return
    found = app.if_recorded(lambda session: _found(session, tracked.id))
    table = [
        {
            "name": each.name,
            "rule": each.rule,
            "by": each.by,
            "case": each.case,
            "condition": each.condition,
            "found": None if found is None else found[each.name.casefold()],
        }
        for each in names_of(tracked)
    ]
    show(table, ["name", "rule", "by", "found", "condition"], as_json=as_json)


def _found(session: "Session", institution: str) -> Counter[str]:
    """How often the recorded items held each text, case folded."""
    from alerts.store.queries import listings

    return listings.mention_texts(session, institution)


def _recorded(app: App) -> list[Item]:
    from alerts.store.repositories import items

    now = datetime.now(UTC)
    with app.read() as session:
        return list(items.newest(session, since=now - _EVER, upto=now, limit=MAX_ITEMS))
