"""`alerts sources suggest`: feeds that an institution probably has, each asked before it is offered."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from alerts.cli.context import App
from alerts.cli.output import json_option, printable
from alerts.cli.progress import Progress
from alerts.model.counted import counted
from alerts.model.errors import InputError
from alerts.model.institution import Institution
from alerts.model.records import to_line
from alerts.model.source import Reliability, Source

if TYPE_CHECKING:  # each command imports what it needs, so that the others start fast
    from alerts.feeds.suggest import Candidate

HOST_GAP = 1.0
"""Seconds between two requests to one host."""

_COMMENT = (
    "# Suggested, and each answered with a feed when it was asked. Review reliability and speaks_for.\n"
)


@click.command()
@click.argument("institution", metavar="INSTITUTION")
@click.option(
    "--no-probe", is_flag=True, help="Print all addresses that the rules give, and ask none of them."
)
@click.option("--allow-private", is_flag=True, help="Also ask private and loopback addresses.")
@click.option(
    "--reliabilities",
    type=click.File("r", encoding="utf-8", errors="replace"),
    metavar="FILE",
    help="A table of host,reliability rows (CSV) that goes before the hints of the rules.",
)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to a new file instead of standard output.",
)
@json_option
@click.pass_obj
def suggest(
    app: App,
    institution: str,
    no_probe: bool,
    allow_private: bool,
    reliabilities: Any,
    output: Path | None,
    as_json: bool,
) -> int:
    """Find feeds of an institution at well-known addresses and print them as YAML `sources:`.

    The addresses come from its `domains` and `ids` (cik, github, gov-uk, federal-register, mastodon, bluesky, youtube,
    substack, medium, rsshub, changedetection). Each is asked, at most once a second a host, and offered only where it
    answers with a feed. Feeds that the configuration has are left out. Exit status 1 where there is none.

    \b
    Examples:
      alerts sources suggest anthropic
      alerts sources suggest anthropic --no-probe
    """
    from alerts.config import yaml_output
    from alerts.feeds.suggest import candidates

    tracked = app.institution(institution)
    known = {source.url for source in app.settings().sources.values()}
    taken = set(app.settings().sources)
    wanted = [each for each in candidates(tracked, _table(reliabilities)) if each.url not in known]
    if no_probe:
        found: Iterable[tuple[Candidate, str]] = ((each, "") for each in wanted)
    else:
        found = _answering(wanted, allow_private=allow_private)
    entries = []
    for candidate, title in found:
        entry = _entry(tracked, candidate, title, taken, allow_private=allow_private)
        taken.add(entry["id"])
        entries.append(entry)
        if candidate.note:
            click.echo(f"{entry['id']}: {candidate.note}", err=True)
    click.echo(
        f"{institution}: {counted(len(entries), 'feed')} of {counted(len(wanted), 'address', 'addresses')}",
        err=True,
    )
    if as_json:
        for entry in entries:
            click.echo(to_line(entry))
    elif entries and output is not None:
        yaml_output.write_new(output, yaml_output.to_yaml("sources", entries, _COMMENT))
    elif entries:
        click.echo(yaml_output.to_yaml("sources", entries, _COMMENT), nl=False)
    return 0 if entries else 1


def _table(file: Any) -> Mapping[str, Reliability]:
    from alerts.feeds.suggest import read_reliabilities

    if file is None:
        return {}
    try:
        return read_reliabilities(file.read())
    except InputError as error:
        raise InputError(file.name, f"{error.where} {error.problem}") from None


def _answering(wanted: list[Candidate], *, allow_private: bool) -> Iterator[tuple[Candidate, str]]:
    """The addresses that answer with a feed, with its title; of one group the first."""
    from alerts.feeds.fetching.fetch import fetch, make_client, user_agent
    from alerts.feeds.parsing.parse import parse
    from alerts.feeds.state import FeedState

    done: set[str] = set()
    last: dict[str, float] = {}
    bar = Progress("asking", len(wanted))
    with make_client(agent=user_agent(os.environ.get("ALERTS_CONTACT", ""))) as client, bar:
        for candidate in wanted:
            bar()
            if candidate.group in done:
                continue
            host = urlsplit(candidate.url).netloc
            time.sleep(max(0.0, last.get(host, -HOST_GAP) + HOST_GAP - time.monotonic()))
            source = Source("suggest", candidate.url, "", allow_private=allow_private)
            result = fetch(client, source, FeedState(), now=datetime.now(UTC))
            last[host] = time.monotonic()
            if not result.ok:
                continue
            feed = parse(result.body, result.content_type, base_url=result.final_url, source=source)
            if feed.error is None:
                done.add(candidate.group)
                yield candidate, feed.title


def _entry(
    institution: Institution, candidate: Candidate, title: str, taken: set[str], *, allow_private: bool
) -> dict[str, Any]:
    from alerts.config.yaml_output import one_line, slug, unique

    publisher = institution.name if candidate.speaks else (one_line(printable(title))[:100] or candidate.kind)
    entry: dict[str, Any] = {
        "id": unique(slug(f"{institution.id}-{candidate.kind}"), taken),
        "url": candidate.url,
        "publisher": publisher,
        "reliability": candidate.reliability.value,
    }
    if candidate.speaks:
        entry["speaks_for"] = [institution.id]
    if allow_private:
        entry["allow_private"] = True
    return entry
