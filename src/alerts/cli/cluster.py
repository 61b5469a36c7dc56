"""`alerts cluster`: the story of each item, without a database."""

from __future__ import annotations

import json
import sys
from itertools import groupby

import click

from alerts.cli.context import App
from alerts.config.items import read_items
from alerts.model.errors import InputError
from alerts.model.item import Item
from alerts.stories.cluster import Clusterer, Merged
from alerts.stories.features import features


@click.command()
@click.pass_obj
def cluster(app: App) -> None:  # noqa: ARG001 - every command takes it
    """Group items that report the same event.

    Reads JSONL items on standard input and prints for each, in input order, {"id", "story"}. Items are taken in the
    order in which they were observed; a line that is no item is reported on standard error, and the status is 1.
    """
    ids: list[str] = []
    items: list[Item] = []
    refused = False
    for entry in read_items(sys.stdin.buffer, "stdin"):
        if isinstance(entry, InputError):
            refused = True
            click.echo(str(entry), err=True)
            continue
        ids.append(entry.id)
        items.append(entry)
    stories = stories_of(items)
    for each in ids:
        click.echo(json.dumps({"id": each, "story": stories[each]}))
    sys.exit(1 if refused else 0)


def stories_of(items: list[Item]) -> dict[str, str]:
    """The final story of each item id, all items clustered together in order of `observed`."""
    clusterer = Clusterer()
    story_of: dict[str, str] = {}
    merged: dict[str, str] = {}
    for _, batch in groupby(sorted(items, key=lambda item: item.observed), key=lambda item: item.observed):
        # Of several revisions of one item at one instant the last line counts.
        latest = {item.id: features(item, item.publisher or item.source) for item in batch}
        for event in clusterer.add(list(latest.values())):
            if isinstance(event, Merged):
                merged[event.story_from] = event.into
            else:
                story_of[event.item] = event.story
    return {item: _final(story, merged) for item, story in story_of.items()}


def _final(story: str, merged: dict[str, str]) -> str:
    while story in merged:
        story = merged[story]
    return story
