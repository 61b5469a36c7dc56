"""`alerts names`: what is looked for to find an institution, how often it was found, and what looks missing."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import show, tabular_command
from alerts.matching.catalogue import missing, names_of
from alerts.model.institution import Institution
from alerts.model.item import Item

MAX_ITEMS = 20_000  # newest recorded items that `--missing` reads
_EVER = timedelta(days=36_500)


@click.command()
@click.argument("institution", metavar="ID", shell_complete=completion.institutions)
@click.option(
    "--missing", "want_missing", is_flag=True, help="Only what recorded items hold of it and was not counted, and why."
)
@tabular_command
def names(app: App, institution: str, want_missing: bool, form: str | None) -> None:
    """Print every name by which an institution is found, and what looks missing."""
    from alerts.store.queries import listings

    tracked = app.settings().institution(institution)
    if want_missing:
        _show_missing(app, tracked, form)
        return
    found = app.if_recorded(lambda session: listings.mention_texts(session, tracked.id))
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
    if found is not None and form is None:
        click.echo()
        _show_missing(app, tracked, form)


def _show_missing(app: App, institution: Institution, form: str | None) -> None:
    rows = map(asdict, missing(institution, _recorded(app)))
    show(rows, ["text", "times", "why"], form, empty="nothing looks missing")


def _recorded(app: App) -> list[Item]:
    from alerts.store.repositories import items

    now = datetime.now(UTC)
    with app.read() as session:
        return list(items.newest(session, since=now - _EVER, upto=now, limit=MAX_ITEMS))
