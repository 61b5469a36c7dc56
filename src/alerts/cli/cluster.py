"""`alerts cluster`: the story of each item. No database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from itertools import groupby

import click

from alerts.cli.context import App
from alerts.config.items import read_items
from alerts.model.errors import InputError
from alerts.model.item import Item
from alerts.stories.cluster import Clusterer, Joined, Merged
from alerts.stories.features import features


@click.command("cluster")
@click.option("--explain", is_flag=True, help="Add `why`: what the item's joining, and each merge since, rests on.")
@click.pass_obj
def cluster(app: App, explain: bool) -> None:  # noqa: ARG001 - needs no configuration
    """Group items that report the same event.

    JSON Lines on standard input, JSON Lines on standard output. Prints {"id", "story"} for each item, in the
    order of the input; the items are taken in the order in which they were observed. A line that is no item is
    reported on standard error, the others are still processed, and the exit status is 1.

    \b
    Example:
      alerts cluster < items.jsonl
    """
    items: list[Item] = []
    failed = False
    for entry in read_items(sys.stdin.buffer, "stdin"):
        if isinstance(entry, InputError):
            click.echo(str(entry), err=True)
            failed = True
        else:
            items.append(entry)
    stories = stories_of(items)
    lines = []
    for item in items:
        story, why = stories[item.id]
        lines.append(json.dumps({"id": item.id, "story": story, **({"why": why} if explain else {})}))
    if lines:
        click.echo("\n".join(lines))
    if failed:
        raise SystemExit(1)


def stories_of(items: Iterable[Item]) -> dict[str, tuple[str, list[str]]]:
    """The story of each item by id, as it is when all are clustered in order of `observed`, and why it is in it."""
    from alerts.replay.backtest import revisions

    clusterer = Clusterer()
    joined: dict[str, Joined] = {}
    merged: dict[str, Merged] = {}
    for _, batch in groupby(revisions(items), key=lambda item: item.observed):
        for event in clusterer.add([features(item, item.publisher or item.source) for item in batch]):
            if isinstance(event, Merged):
                merged[event.story_from] = event
            else:
                joined[event.item] = event
    return {item: _end(event, merged) for item, event in joined.items()}


def _end(event: Joined, merged: Mapping[str, Merged]) -> tuple[str, list[str]]:
    """The story that an item is in at the end, with the reasons of all steps to it."""
    story, why = event.story, [event.why]
    while (merge := merged.get(story)) is not None:
        story = merge.into
        why.append(merge.why)
    return story, why
