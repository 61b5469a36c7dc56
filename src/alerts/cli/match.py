"""`alerts match`: items in, mentions and topics out. No database."""

from __future__ import annotations

import json
import sys
from itertools import islice
from typing import Any

import click

from alerts.cli.context import App
from alerts.config.items import read_items
from alerts.matching.matcher import Matcher
from alerts.model.errors import InputError
from alerts.model.item import Item
from alerts.model.mention import Matched

_BATCH = 256  # lines written at once


@click.command("match")
@click.option("--explain", is_flag=True, help="Add what was turned down, and why, under the key `explain`.")
@click.pass_obj
def match(app: App, explain: bool) -> None:
    """Find institutions and topics in items: JSON Lines on standard input, JSON Lines on standard output.

    A line that is no item is reported on standard error, the others are still processed, and the exit
    status is 1.
    """
    settings = app.settings()
    matcher = Matcher(settings.institutions.values(), settings.topics.values(), settings.sources)
    items = read_items(sys.stdin.buffer, "stdin")
    failed = False
    while batch := list(islice(items, _BATCH if not sys.stdin.isatty() else 1)):
        lines = []
        for item in batch:
            if isinstance(item, InputError):
                click.echo(str(item), err=True)
                failed = True
            else:
                lines.append(json.dumps(match_record(item, matcher.match(item, explain), explain)))
        if lines:
            click.echo("\n".join(lines))
    if failed:
        raise SystemExit(1)


def match_record(item: Item, matched: Matched, explain: bool = False) -> dict[str, Any]:
    """What `match` prints for an item."""
    record: dict[str, Any] = {
        "id": item.id,
        "mentions": [
            {
                "institution": each.institution,
                "field": each.field,
                "start": each.start,
                "end": each.end,
                "text": each.text,
                "rule": each.rule.value,
                "salience": each.salience,
            }
            for each in matched.mentions
        ],
        "topics": [
            {
                "topic": each.topic,
                "signal": each.signal.value,
                "field": each.field,
                "start": each.start,
                "end": each.end,
                "text": each.text,
            }
            for each in matched.topics
        ],
    }
    if explain:
        record["explain"] = [
            {
                "institution": each.institution,
                "field": each.field,
                "start": each.start,
                "end": each.end,
                "text": each.text,
                "reason": each.reason,
            }
            for each in matched.rejections
        ]
    return record
