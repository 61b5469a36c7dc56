"""`alerts cluster`: the story of each item. No database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from itertools import groupby

import click

from alerts.cli.context import App
from alerts.config.items import read_items
from alerts.model.errors import InputError
from alerts.model.item import Item
from alerts.stories.cluster import Clusterer, Merged, surviving
from alerts.stories.features import features


@click.command("cluster")
@click.pass_obj
def cluster(app: App) -> None:  # noqa: ARG001 - needs no configuration
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
    lines = [json.dumps({"id": item.id, "story": stories[item.id]}) for item in items]
    if lines:
        click.echo("\n".join(lines))
    if failed:
        raise SystemExit(1)


def stories_of(items: Iterable[Item]) -> dict[str, str]:
    """The story of each item by id, as it is when all are clustered, in order of `observed`."""
    from alerts.replay.backtest import revisions

    clusterer = Clusterer()
    story_of: dict[str, str] = {}
    merged: dict[str, str] = {}
    for _, batch in groupby(revisions(items), key=lambda item: item.observed):
        for event in clusterer.add([features(item, item.publisher or item.source) for item in batch]):
            if isinstance(event, Merged):
                merged[event.story_from] = event.into
            else:
                story_of[event.item] = event.story
    return {item: surviving(story, merged) for item, story in story_of.items()}
