"""`alerts match`: items in, mentions and topics out. No database."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import click

from alerts.cli.context import App
from alerts.config.items import read_items
from alerts.matching.matcher import Matcher
from alerts.model.errors import InputError
from alerts.model.item import Item
from alerts.model.mention import Matched, Mention, Rejection, TopicHit
from alerts.model.records import as_record, some

_CHUNK = 1 << 16  # bytes read at once, as far as they are there


@click.command("match")
@click.option("--explain", is_flag=True, help="Add which form matched, and what was turned down and why, as `explain`.")
@click.pass_obj
def match(app: App, explain: bool) -> None:
    """Find institutions and topics in items."""
    settings = app.settings()
    matcher = Matcher(settings.institutions.values(), settings.topics.values(), settings.sources)
    done: list[str] = []
    failed = False

    def write() -> None:
        if done:
            click.echo("\n".join(done))
            done.clear()

    for item in read_items(_lines(sys.stdin.buffer, write), "stdin"):
        if isinstance(item, InputError):
            click.echo(str(item), err=True)
            failed = True
        else:
            done.append(json.dumps(match_record(item, matcher.match(item, explain), explain)))
    write()
    if failed:
        raise SystemExit(1)


def _lines(stream: BinaryIO, before_reading: Callable[[], None]) -> Iterator[bytes]:
    """The lines of a stream as they come; what is done is written before a read may have to wait."""
    pending: list[bytes] = []
    while True:
        before_reading()
        chunk = stream.read1(_CHUNK)  # type: ignore[attr-defined]
        if not chunk:
            break
        first, *rest = chunk.split(b"\n")
        pending.append(first)
        for line in rest:
            yield b"".join(pending)
            pending = [line]
    if any(pending):
        yield b"".join(pending)


def match_record(item: Item, matched: Matched, explain: bool = False) -> dict[str, Any]:
    """What `match` prints for an item."""
    record: dict[str, Any] = {
        "id": item.id,
        "mentions": [
            {
                "institution": each.institution,
                **_span(each),
                "rule": each.rule.value,
                "salience": each.salience,
                **_set(each, "ambiguous", "voice"),
            }
            for each in matched.mentions
        ],
        "topics": [_topic(each) for each in matched.topics],
    }
    if explain:
        record["explain"] = [
            *(_explanation(each, accepted=True, why=each.how or each.rule.value) for each in matched.mentions),
            *(_explanation(each, accepted=False, why=each.reason) for each in matched.rejections),
        ]
        record["explain_topics"] = [
            *({**_topic(each), "pattern": each.pattern} for each in matched.topics),
            *(some(as_record(each), "topic", "field", "pattern", "found", "missing") for each in matched.near_misses),
        ]
    return record


def _topic(hit: TopicHit) -> dict[str, Any]:
    """A topic as JSON: whom it concerns and what lowers its weight only where there is such a thing."""
    record = {"topic": hit.topic, "signal": hit.signal.value, **_span(hit)}
    if hit.institutions is not None:
        record["institutions"] = sorted(hit.institutions)
    if hit.role:
        record["role"] = hit.role
    return record | _set(hit, "weak", "denied", "resolved")


def _explanation(found: Mention | Rejection, *, accepted: bool, why: str) -> dict[str, Any]:
    return {"institution": found.institution, **_span(found), "accepted": accepted, "why": why}


def _span(found: Mention | Rejection | TopicHit) -> dict[str, Any]:
    """Where something was found."""
    return {"field": found.field, "start": found.start, "end": found.end, "text": found.text}


def _set(found: Mention | TopicHit, *marks: str) -> dict[str, bool]:
    """Those of the marks that it bears."""
    return {mark: True for mark in marks if getattr(found, mark)}
