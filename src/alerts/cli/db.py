"""`alerts db`: the schema and what is kept."""

from __future__ import annotations

import click

from alerts.cli.context import App


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_obj
def upgrade(app: App) -> None:
    """Bring the schema up to date. `alerts run` does it at its start."""
    with app.open() as database:
        before = database.revision()
        database.upgrade()
        after = database.revision()
    click.echo(
        f"schema {after}" + (", already up to date" if before == after else f", was {before or 'empty'}")
    )
