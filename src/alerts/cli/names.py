"""`alerts names`: what is looked for to find an institution, how often it was found, and what looks missing."""

from datetime import UTC, datetime

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import show, tabular_command
from alerts.matching.catalogue import missing, names_of
from alerts.model.errors import UsageError
from alerts.model.records import as_record
from alerts.model.times import EPOCH

MAX_ITEMS = 20_000  # newest recorded items that are searched for what looks missing


@click.command()
@click.argument("institution", metavar="[ID]", required=False, shell_complete=completion.institutions)
@click.option(
    "--missing",
    "only_missing",
    is_flag=True,
    help="Only what recorded items hold and was not counted, and why; of all institutions where none is named.",
)
@tabular_command
def names(app: App, institution: str | None, only_missing: bool, form: str | None) -> None:
    """Print every name by which an institution is found, and what looks missing."""
    from alerts.store.queries import listings
    from alerts.store.repositories import items

    settings = app.settings()
    chosen = list(settings.institutions.values()) if institution is None else [settings.institution(institution)]
    if not only_missing:
        if institution is None:
            raise UsageError("name an institution; --missing alone takes all of them")
        tracked = chosen[0]
        found = app.if_recorded(lambda session: listings.mention_texts(session, tracked.id))
        table = [
            {**as_record(each), "found": None if found is None else found[each.name.casefold()]}
            for each in names_of(tracked)
        ]
        show(table, ["name", "rule", "by", "found", "condition"], form)
        if form is not None or found is None:
            return
        click.echo()
    now = datetime.now(UTC)
    with app.read() as session:
        recorded = list(items.newest(session, since=EPOCH, upto=now, limit=MAX_ITEMS))
    columns = ["text", "times", "why"] if institution else ["institution", "text", "times", "why"]
    show(map(as_record, missing(chosen, recorded)), columns, form, empty="nothing looks missing")
