"""`alerts sources`: how the feeds fare, and which feeds a page has."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import click

from alerts.cli.context import App
from alerts.cli.output import json_option, show
from alerts.model.errors import FeedError
from alerts.model.source import Source
from alerts.model.times import format_duration, format_time


@click.group(invoke_without_command=True)
@click.option("--failing", is_flag=True, help="Only those whose last poll failed.")
@json_option
@click.pass_context
def sources(ctx: click.Context, failing: bool, as_json: bool) -> None:
    """List the sources and how each fares.

    When each was last read, how often it is, what is wrong with it. `alerts sources discover URL` finds the feeds
    of a web page.

    \b
    Examples:
      alerts sources
      alerts sources --failing
    """
    if ctx.invoked_subcommand is not None:
        return
    from alerts.feeds.fetch import shown
    from alerts.store import sources as stored

    app: App = ctx.obj
    settings = app.settings()
    now = datetime.now(UTC)
    with app.reading() as database, database.read() as session:
        health = {each.id: each for each in stored.health(session)}
        about = stored.reports_by_source(session)
    rows = []
    for source in settings.sources.values():
        found = health.get(source.id)
        if failing and (found is None or not found.error):
            continue
        last = found.last_success_at if found else None
        state = found.state if found else None
        rows.append(
            {
                "source": source.id,
                "publisher": source.publisher,
                "reliability": source.reliability.value,
                "speaks_for": sorted(source.speaks_for),
                "url": shown(source.url),
                "last_success": format_time(last) if last else None,
                "ago": format_duration(now - last) if last else None,
                "next_poll": format_time(found.next_poll_at) if found and not found.state.stopped else None,
                "rhythm": _rhythm(state.rhythm) if state and state.rhythm else None,
                "rhythm_s": round(state.rhythm) if state and state.rhythm else None,
                "failures": found.error_streak if found else 0,
                "error": found.error if found else "",
                "stopped": state.stopped if state else "",
                "held": state.held if state else 0,
                "moved_to": shown(state.moved_to) if state and state.moved_to else "",
                "reports": about.get(source.id, 0),
            }
        )
    columns = ["source", "reliability", "ago", "rhythm", "reports", "failures", "held", "error"]
    show(rows, columns, as_json=as_json, empty="no sources")


@sources.command()
@click.argument("url")
@click.option("--allow-private", is_flag=True, help="Also ask private and loopback addresses.")
@json_option
def discover(url: str, allow_private: bool, as_json: bool) -> int:
    """Find the feeds of a web page, the likeliest first. Exit status 1 where there is none.

    \b
    Example:
      alerts sources discover https://www.example.com/blog
    """
    from alerts.feeds.discover import feeds_of
    from alerts.feeds.fetch import fetch, make_client, shown, user_agent
    from alerts.feeds.parse import parse
    from alerts.feeds.state import FeedState

    page = Source("discover", url if "://" in url else f"https://{url}", "", allow_private=allow_private)
    with make_client(agent=user_agent(os.environ.get("ALERTS_CONTACT", ""))) as client:
        result = fetch(client, page, FeedState(), now=datetime.now(UTC))
    if not result.ok:
        raise FeedError(result.detail)
    itself = parse(result.body, result.content_type, base_url=result.final_url, source=page)
    if itself.error is None:
        rows = [{"url": result.final_url, "title": itself.title, "type": itself.format}]
    else:
        text = result.body.decode("utf-8", "replace")
        rows = [
            {"url": each.url, "title": each.title, "type": each.type}
            for each in feeds_of(text, result.final_url)
        ]
    show(rows, ["url", "type", "title"], as_json=as_json, empty=f"{shown(page.url)}: names no feed")
    return 0 if rows else 1


def _rhythm(seconds: float) -> str:
    return f"every {format_duration(timedelta(seconds=seconds))}"
