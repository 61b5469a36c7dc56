"""`alerts sources`: the health of the feeds, which feeds a page or an institution has, what each is worth."""

import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import json_command, printable, progress_bar, say_beside, show, tabular, tabular_command
from alerts.config.yaml_output import to_yaml, unique
from alerts.model.counted import counted
from alerts.model.errors import FeedError, InputError
from alerts.model.records import to_line
from alerts.model.source import Source
from alerts.model.times import format_duration, format_time

if TYPE_CHECKING:  # each command imports what it needs, so that the others start fast
    from alerts.feeds.state import FeedState
    from alerts.store.repositories.sources import Health

private_option = click.option("--allow-private", is_flag=True, help="Also ask private and loopback addresses.")


@click.group(invoke_without_command=True)
@click.option("--failing", is_flag=True, help="Only those whose last poll failed.")
@tabular
@click.pass_context
def sources(ctx: click.Context, failing: bool, form: str | None) -> None:
    """List the sources and how each fares."""
    if ctx.invoked_subcommand is not None:
        return
    from alerts.insight.coverage import by_source
    from alerts.store.repositories import sources as stored

    app: App = ctx.obj
    settings = app.settings()
    now = datetime.now(UTC)
    with app.read() as session:
        health = {each.id: each for each in stored.health(session)}
        about = stored.reports_by_source(session)
        covers = by_source(session, settings, now)
    rows = [
        _row(source, health.get(source.id), about.get(source.id, 0), covers[source.id], now)
        for source in settings.sources.values()
    ]
    if failing:
        rows = [row for row in rows if row["error"]]
    if form is None:
        for row in rows:
            blind = f", {len(row['blind'])} blind" if row["blind"] else ""
            row |= {"covers": f"{len(row['covers'])}{blind}", "next": row["in"]}
    columns = ["source", "reliability", "ago", "next", "rhythm", "covers", "reports", "failures", "held", "note"]
    show(rows, columns, form, empty="no sources")


def _row(
    source: Source, found: "Health | None", reports: int, covers: Mapping[str, list[str]], now: datetime
) -> dict[str, Any]:
    from alerts.feeds.links import shown
    from alerts.feeds.state import FeedState

    state = found.state if found else FeedState()
    last = found.last_success_at if found else None
    following = found.next_poll_at if found and not state.stopped else None
    moved_to = shown(state.adopted_url or state.moved_to)
    stale = state.stale_at is not None and state.stale_at <= now
    return {
        "source": source.id,
        "publisher": source.publisher,
        "reliability": source.reliability.value,
        "speaks_for": sorted(source.speaks_for),
        "url": shown(source.url),
        "last_success": format_time(last) if last else None,
        "ago": format_duration(now - last) if last else None,
        "next_poll": format_time(following) if following else None,
        "in": format_duration(max(following - now, timedelta(0))) if following else None,
        "rhythm": f"every {format_duration(timedelta(seconds=state.rhythm))}" if state.rhythm else None,
        "rhythm_s": round(state.rhythm) if state.rhythm else None,
        "failures": found.error_streak if found else 0,
        "error": found.error if found else "",
        "stopped": state.stopped,
        "held": state.held,
        "newest_item": format_time(state.newest_item) if state.newest_item else None,
        "stale": stale,
        "moved_to": moved_to,
        "moved": "adopted" if state.adopted_url else "unconfirmed" if state.moved_to else "",
        "reports": reports,
        **covers,
        "note": _note(source, state, found.error if found else "", moved_to, stale=stale),
    }


def _note(source: Source, state: "FeedState", error: str, moved_to: str, *, stale: bool) -> str:
    """What to do about a source, or else what is wrong with it; empty where all is well."""
    if state.stopped:
        return state.stopped
    if state.adopted_url:
        return f"moved for good: write url: {moved_to}" + (f"; {error}" if error else "")
    if error:
        return error
    if state.held:
        return f"most of it turned new at once; `alerts release {source.id}` releases it"
    if stale:
        return (
            f"stale: answers, but its newest item is of {state.newest_item:%Y-%m-%d}, far older than its rhythm; "
            "look for another address"
        )
    return f"moves to {moved_to}, not confirmed yet" if state.moved_to else ""


@sources.command()
@click.argument("url")
@private_option
@tabular
def discover(url: str, allow_private: bool, form: str | None) -> int:
    """Find the feeds of a web page, the likeliest first. Exit status 1 where there is none."""
    from alerts.feeds.fetching.discover import feeds_of
    from alerts.feeds.fetching.fetch import fetch, make_client
    from alerts.feeds.links import shown
    from alerts.feeds.parsing.parse import parse
    from alerts.feeds.state import FeedState

    page = Source("discover", url if "://" in url else f"https://{url}", "", allow_private=allow_private)
    result = fetch(make_client(os.environ.get("ALERTS_CONTACT", "")), page, FeedState(), now=datetime.now(UTC))
    if result.error is not None:
        raise FeedError(result.detail.replace("say allow_private: true on the source", "add --allow-private"))
    itself = parse(result.body, result.content_type, base_url=result.final_url, source=page)
    if itself.error is None:
        rows = [{"url": result.final_url, "title": itself.title, "type": itself.format}]
    else:
        text = result.body.decode("utf-8", "replace")
        rows = [{"url": each.url, "title": each.title, "type": each.type} for each in feeds_of(text, result.final_url)]
    show(rows, ["url", "type", "title"], form, empty=f"{shown(page.url)}: names no feed")
    return 0 if rows else 1


@sources.command()
@click.argument("institution", metavar="INSTITUTION", shell_complete=completion.institutions)
@click.option(
    "--reliability-table",
    "table",
    type=click.File("r", encoding="utf-8", errors="replace"),
    metavar="FILE",
    help="CSV of domain,reliability; it goes before what the rules say.",
)
@private_option
@json_command
def suggest(app: App, institution: str, table: TextIO | None, allow_private: bool, as_json: bool) -> int:
    """Offer feeds of an institution as YAML, each asked before. Exit status 1 where there is none."""
    from alerts.config.environment import interpolate
    from alerts.config.opml import same_address
    from alerts.feeds import suggest as suggesting
    from alerts.feeds.fetching.fetch import make_client

    tracked, configured = app.settings().institution(institution), app.settings().sources
    reliabilities = suggesting.read_reliabilities(table, table.name) if table is not None else {}
    known = {same_address(each.url): each.id for each in configured.values()}
    wanted, taken, said, yaml = list(suggesting.addresses(tracked)), set(configured), Counter[str](), ""
    prober = suggesting.Prober(
        make_client(os.environ.get("ALERTS_CONTACT", "")),
        configured=lambda url: known.get(same_address(url), ""),
        resolve=lambda text: interpolate(text, os.environ),
        allow_private=allow_private,
    )
    with progress_bar("asking", len(wanted)) as bar:
        for found in prober.probe(wanted, bar.update):
            why, state, source = printable(found.why), found.state, {}
            if state == "offered":
                settings = suggesting.settings_of(found, tracked, reliabilities)
                source = {"id": unique(f"{institution}-{found.kind}", taken), **settings}
                lines = to_yaml("sources", [source], "").partition("\n")[2]
                if any(found.url == each.url for each in wanted):  # what others write has no variables
                    lines = lines.replace(found.url.replace("${", "$${"), found.url)
                yaml += f"  # {why}\n{lines}"
            elif state != "absent" and why not in said and not as_json:  # one line is enough for a host that refuses
                say_beside(bar, f"{state}: {why}")
            said.update((state, why))
            if as_json:
                record = {"kind": found.kind, "url": found.url, "state": state, "why": why, "source": source}
                click.echo(to_line(record))
    if yaml and not as_json:
        click.echo(f"# Each answered with a feed. Look at reliability and speaks_for.\nsources:\n{yaml}", nl=False)
    guesses = counted(said["absent"], "guessed address", "guessed addresses")
    click.echo(f"{institution}: {counted(said['offered'], 'feed')} offered; nothing at {guesses}", err=True)
    return 0 if yaml else 1


@sources.command()
@click.option("--history", metavar="FILE", help="JSONL items instead of the recorded history; - is standard input.")
@tabular_command
def value(app: App, history: str | None, form: str | None) -> int:
    """Say what would be lost without each source."""
    from alerts.cli.replay import read_file, recorded
    from alerts.replay.value import values
    from alerts.runtime.configuration import Active

    active, bad = Active(app.settings()), list[InputError]()
    items = recorded(app, None) if history is None else read_file(history, bad)
    with progress_bar("replaying", 2 * len(items)) as bar:
        rows = values(items, active, processes=os.cpu_count() or 1, progress=bar.update)
    columns = ["source", "items", "alerts", "first", "lost", "later", "minutes", "graded_lower", "needed"]
    show(rows, columns, form, empty="no sources")
    needed = sum(row["needed"] for row in rows)
    click.echo(f"{needed} of {counted(len(rows), 'source')} keep every alert", err=True)
    return 1 if bad else 0
