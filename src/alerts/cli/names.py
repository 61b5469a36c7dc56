"""`alerts names`: what is looked for to find an institution, how often it was found, and what looks missing."""

from datetime import UTC, datetime

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import show, tabular_command
from alerts.matching.catalogue import missing, names_of
from alerts.model.records import as_record
from alerts.model.times import EPOCH

MAX_ITEMS = 20_000  # newest recorded items that are searched for what looks missing


@click.command()
@click.argument("institution", metavar="ID", shell_complete=completion.institutions)
@click.option(
    "--missing", "only_missing", is_flag=True, help="Only what recorded items hold of it and was not counted, and why."
)
@tabular_command
def names(app: App, institution: str, only_missing: bool, form: str | None) -> None:
    """Print every name by which an institution is found, and what looks missing."""
    from alerts.store.queries import listings
    from alerts.store.repositories import items

    tracked = app.settings().institution(institution)
    found = app.if_recorded(lambda session: listings.mention_texts(session, tracked.id))
    if not only_missing:
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
        show(table, ["name", "rule", "by", "found", "condition"], form)
        if form is not None or found is None:
            return
        click.echo()
    now = datetime.now(UTC)
    with app.read() as session:
        recorded = list(items.newest(session, since=EPOCH, upto=now, limit=MAX_ITEMS))
    show(map(as_record, missing(tracked, recorded)), ["text", "times", "why"], form, empty="nothing looks missing")
