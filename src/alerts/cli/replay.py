"""`alerts match`, `cluster`, `replay` and `plan`: what would come of items, without touching what is live."""

import json
import os
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import OutputFile, json_command, progress_bar, rendered, show, write_file
from alerts.config.items import read_items
from alerts.model.errors import InputError, UsageError
from alerts.model.item import Item
from alerts.model.mention import Matched, Mention, TopicHit
from alerts.model.records import fields_of, to_line
from alerts.model.times import EPOCH, LAST_INSTANT, format_time, point_in_time

_PLACE = ("field", "start", "end", "text")
LONG = 20_000  # items from which on it takes some seconds
PLANNED = 50_000  # recorded items that a plan plays: weeks for most, and no more than a minute


@click.command()
@click.argument("file", required=False)
@click.option("--until", metavar="TIME", help="Stop the clock then. Default: run on until every level is at rest.")
@completion.institution_option("Follow only this one; may be repeated.", "institutions", multiple=True)
@click.option("--plot", type=OutputFile(), metavar="FILE.svg", help="Draw the levels over time.")
@click.option("--json", "_as_json", is_flag=True, help="The only form there is: one JSON object a line.")
@click.pass_obj
def replay(
    app: App, file: str | None, until: str | None, institutions: tuple[str, ...], plot: Path | None, _as_json: bool
) -> int:
    """Play items under a virtual clock."""
    from alerts.replay.backtest import records, rehearse

    settings = app.settings()
    for each in institutions:
        settings.institution(each)
    end = point_in_time(until, datetime.now(UTC))
    bad: list[InputError] = []
    items = read_file(file, bad) if file is not None else recorded(app, end)
    only = frozenset(institutions) or None
    processes = 1 if plot is not None else os.cpu_count() or 1
    with progress_bar("replaying", 2 * len(items), least=LONG) as bar:
        result = rehearse(items, settings, until=end, only=only, progress=bar.update, processes=processes)
    out = [to_line(record) for record in records(result)]
    if out:
        sys.stdout.write("\n".join(out) + "\n")
    if plot is not None:
        from alerts.replay.plot import draw

        write_file(plot, draw(result, settings))
    return 1 if bad else 0


def read_file(file: str, bad: list[InputError]) -> list[Item]:
    """The items of a JSONL file; lines that are none go to standard error and to `bad`."""
    items: list[Item] = []
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
            for each in read_items(stream, "stdin" if file == "-" else file):
                if isinstance(each, InputError):
                    bad.append(each)
                    click.echo(str(each), err=True)
                else:
                    items.append(each)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    return items


def recorded(app: App, until: datetime | None, since: datetime = EPOCH, limit: int = sys.maxsize) -> list[Item]:
    """What the database has on record, the newest first; at most so many."""
    from alerts.store.repositories import items

    with app.read() as session:
        return list(items.newest(session, since=since, upto=until or LAST_INSTANT, limit=limit))


@click.command()
@click.option(
    "--against",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The changed configuration; --config is the one in force.",
)
@click.option(
    "--history", metavar="FILE", help="JSONL items to play instead of the recorded history; - is standard input."
)
@click.option(
    "--since",
    metavar="TIME",
    help=f"Play what was observed since then. Default: the newest {PLANNED:,} recorded items.",
)
@click.option("--publish", is_flag=True, help="Show the result on the operators' page, too.")
@json_command
def plan(app: App, against: Path, history: str | None, since: str | None, publish: bool, as_json: bool) -> int:
    """Say what a change of the configuration would do."""
    from alerts.config.load import load_entries
    from alerts.replay import plan as planning
    from alerts.store import system_state

    before, after = app.settings(), load_entries(against).settings
    bad: list[InputError] = []
    start, left_out = point_in_time(since, datetime.now(UTC)), False
    if history is not None:
        items = [each for each in read_file(history, bad) if start is None or each.observed >= start]
    else:
        items = recorded(app, None, start or EPOCH, PLANNED + 1 if start is None else sys.maxsize)
        left_out = start is None and len(items) > PLANNED
        items = items[:PLANNED]
    with progress_bar("replaying", 4 * len(items), least=LONG) as bar:
        found = planning.plan(items, before, after, progress=bar.update)
    if publish:
        shown = planning.published(found, against.name, len(items))
        with app.write() as session:
            system_state.put(session, system_state.PLAN, datetime.now(UTC), shown)
    if left_out:
        oldest = format_time(items[-1].observed)
        click.echo(
            f"the newest {PLANNED:,} recorded items are played, since {oldest}; --since TIME plays more", err=True
        )
    if as_json:
        for record in planning.records(found):
            click.echo(to_line(record))
        return 1 if bad else 0
    click.echo(rendered("plan.txt.j2", {"plan": found, "items": len(items)}), nl=False)
    columns = ["subscriber", "now", "then", "then_a_day"]
    rows = (dict(zip(columns, each.values(), strict=True)) for each in found.volumes)
    show(rows, columns, None, empty="no subscribers")
    return 1 if bad else 0


@click.command("cluster")
@click.option("--explain", is_flag=True, help="Add `why`: what the item's joining, and each merge since, rests on.")
@click.pass_obj
def cluster(app: App, explain: bool) -> int:  # noqa: ARG001 - needs no configuration
    """Group items that report the same event."""
    bad: list[InputError] = []
    items = read_file("-", bad)
    stories = stories_of(items)
    for item in items:
        story, why = stories[item.id]
        click.echo(json.dumps({"id": item.id, "story": story, **({"why": why} if explain else {})}))
    return 1 if bad else 0


def stories_of(items: Iterable[Item]) -> dict[str, tuple[str, list[str]]]:
    """The story of each item by id, as it is when all are clustered in order of `observed`, and why it is in it."""
    from alerts.replay.backtest import revisions
    from alerts.stories.cluster import Clusterer, Merged
    from alerts.stories.features import features

    clusterer = Clusterer()
    found: dict[str, tuple[str, list[str]]] = {}
    merged: dict[str, Merged] = {}
    for _, batch in groupby(revisions(items), key=lambda item: item.observed):
        for event in clusterer.add([features(item, item.publisher or item.source) for item in batch]):
            if isinstance(event, Merged):
                merged[event.story_from] = event
            else:
                found[event.item] = event.story, [event.why]
    for item, (joined, why) in found.items():
        story = joined
        while (merge := merged.get(story)) is not None:
            story = merge.into
            why.append(merge.why)
        found[item] = story, why
    return found


@click.command("match")
@click.option("--explain", is_flag=True, help="Add which form matched, and what was turned down and why, as `explain`.")
@click.pass_obj
def match(app: App, explain: bool) -> int:
    """Find institutions and topics in items."""
    from alerts.matching.matcher import Matcher

    settings = app.settings()
    matcher = Matcher(settings.institutions.values(), settings.topics.values(), settings.sources)
    failed = False
    for item in read_items(sys.stdin.buffer, "stdin"):
        if isinstance(item, InputError):
            click.echo(str(item), err=True)
            failed = True
        else:
            click.echo(json.dumps(match_record(item, matcher.match(item, explain), explain)))
    return int(failed)


def match_record(item: Item, matched: Matched, explain: bool = False) -> dict[str, Any]:
    """What `match` prints for an item."""
    named = ("institution", *_PLACE)
    record: dict[str, Any] = {
        "id": item.id,
        "mentions": [
            fields_of(each, *named, "rule", "salience") | _set(each, "ambiguous", "voice") for each in matched.mentions
        ],
        "topics": [_topic(each) for each in matched.topics],
    }
    if explain:
        record["explain"] = [
            *(fields_of(each, *named) | {"accepted": True, "why": each.how or each.rule} for each in matched.mentions),
            *(fields_of(each, *named) | {"accepted": False, "why": each.reason} for each in matched.rejections),
        ]
        record["explain_topics"] = [
            *({**_topic(each), "pattern": each.pattern} for each in matched.topics),
            *(fields_of(each, "topic", "field", "pattern", "found", "missing") for each in matched.near_misses),
        ]
    return record


def _topic(hit: TopicHit) -> dict[str, Any]:
    """A topic as JSON: whom it concerns and what lowers its weight only where there is such a thing."""
    record = fields_of(hit, "topic", "signal", *_PLACE)
    if hit.institutions is not None:
        record["institutions"] = sorted(hit.institutions)
    return record | ({"role": hit.role} if hit.role else {}) | _set(hit, "weak", "denied", "resolved")


def _set(found: Mention | TopicHit, *marks: str) -> dict[str, bool]:
    """Those of the marks that it bears."""
    return {mark: True for mark in marks if getattr(found, mark)}
