"""`alerts link | sessions`: links that let their bearers see more of the pages, and who is signed in."""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import TIERS, duration, show, tabular_command
from alerts.model.counted import counted
from alerts.model.errors import NotFoundError, UsageError
from alerts.model.records import fields_of, to_line
from alerts.model.subscriber import Tier
from alerts.model.times import format_time

if TYPE_CHECKING:
    from alerts.store.repositories.links import Link


@click.command()
@click.option("--tier", type=click.Choice(TIERS), help="What the link lets see.")
@completion.subscriber_option("A link for a subscriber: its tier, and its alerts as feeds.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "subscriber", "operate", "metrics"]),
    help="Make a token for programs in place of a link, which may do this.",
)
@click.option("--expires", metavar="DURATION", default="30d", show_default=True, help="How long it is good.")
@click.option("--name", default="", help="Who gets it, to distinguish links.")
@click.option("--revoke", metavar="LINK", shell_complete=completion.links, help="End a link now.")
@click.option("--list", "listing", is_flag=True, help="List the links.")
@tabular_command
def link(
    app: App,
    tier: str | None,
    subscriber: str | None,
    scopes: tuple[str, ...],
    expires: str,
    name: str,
    revoke: str | None,
    listing: bool,
    form: str | None,
) -> None:
    """Make, list or revoke links to the pages, for members, and tokens for programs."""
    from alerts.access.links import LOCAL, Scope, base_url, token_of
    from alerts.access.signing import signer
    from alerts.store.repositories import links

    if [tier is not None or subscriber is not None or scopes != (), revoke is not None, listing].count(True) != 1:
        raise UsageError("give --tier, --subscriber or --scope to make a link or a token, --list, or --revoke LINK")
    if Scope.SUBSCRIBER in scopes and subscriber is None:
        raise UsageError("--scope subscriber is about the alerts of one: say of whom with --subscriber")
    now = datetime.now(UTC)
    if revoke is not None or listing:
        with app.reading() as database, database.write() as session:
            if revoke is not None:
                if not links.revoke(session, revoke, now):
                    raise NotFoundError("link", revoke, "`alerts link --list` lists them")
                click.echo(f"link {revoke} is revoked", err=True)
                return
            rows = [_row(each, now) for each in links.all_links(session)]
        show(rows, ("id", "tier", "subscriber", "scopes", "name", "expires", "state"), form, empty="no links")
        return
    if subscriber is not None and tier is not None:
        raise UsageError("a subscriber's link has the tier that the configuration gives it; leave out --tier")
    chosen = Tier(tier or Tier.OPEN) if subscriber is None else app.settings().subscriber(subscriber).tier
    lasting = duration("--expires", expires)
    with app.write() as session:
        of = {"name": name, "subscriber": subscriber or ""}
        made = links.invite(session, tier=chosen, now=now, lasting=lasting, scopes=scopes, **of)
    token = token_of(signer(app.state, os.environ), made)
    shown = {"token": token} if scopes else {"url": f"{base_url(os.environ) or LOCAL}/enter/{token}"}
    click.echo(to_line({**_row(made, now), **shown}) if form == "json" else "".join(shown.values()))


def _row(each: "Link", now: datetime) -> dict[str, Any]:
    state = "revoked" if each.revoked_at else "good" if each.is_good(now) else "expired"
    times = {"created": format_time(each.created_at), "expires": format_time(each.expires_at)}
    return {**fields_of(each, "id", "tier", "subscriber", "scopes", "name"), **times, "state": state}


@click.command()
@click.option("--end", metavar="WHICH", shell_complete=completion.sessions, help="End one by id, or all of a person.")
@tabular_command
def sessions(app: App, end: str | None, form: str | None) -> None:
    """List or end the sessions of people who are signed in to the pages."""
    from alerts.store.repositories import sessions as recorded

    now = datetime.now(UTC)
    with app.reading() as database, database.write() as session:
        if end is not None:
            ended = recorded.end(session, end, now) if end else 0
            if not ended:
                raise NotFoundError("session", end, "`alerts sessions` lists them")
            click.echo(f"{counted(ended, 'session')} ended", err=True)
            return
        live = recorded.live(session, now)
    rows = []
    for each in live:
        times = {name: format_time(getattr(each, f"{name}_at")) for name in ("started", "seen", "ends")}
        rows.append({"id": each.id[:12], **fields_of(each, "person", "groups"), **times})
    show(rows, ["id", "person", "groups", "started", "seen", "ends"], form, empty="nobody is signed in")
