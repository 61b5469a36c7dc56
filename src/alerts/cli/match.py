"""`alerts match`: items in, mentions and topics out. No database."""

import json
import sys
from typing import Any

import click

from alerts.cli.context import App
from alerts.config.items import read_items
from alerts.matching.matcher import Matcher
from alerts.model.errors import InputError
from alerts.model.item import Item
from alerts.model.mention import Matched, Mention, TopicHit
from alerts.model.records import fields_of

_PLACE = ("field", "start", "end", "text")


@click.command("match")
@click.option("--explain", is_flag=True, help="Add which form matched, and what was turned down and why, as `explain`.")
@click.pass_obj
def match(app: App, explain: bool) -> None:
    """Find institutions and topics in items."""
    settings = app.settings()
    matcher = Matcher(settings.institutions.values(), settings.topics.values(), settings.sources)
    failed = False
    for item in read_items(sys.stdin.buffer, "stdin"):
        if isinstance(item, InputError):
            click.echo(str(item), err=True)
            failed = True
        else:
            click.echo(json.dumps(match_record(item, matcher.match(item, explain), explain)))
    if failed:
        raise SystemExit(1)


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
