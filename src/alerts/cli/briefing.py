"""`alerts briefing`, `silence-report`, `feedback` and `tune`: what was reported, and whether that was right."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import TIERS, OutputFile, json_command, progress_bar, rendered, show, tabular_command, write_file
from alerts.cli.replay import LONG
from alerts.model.errors import InputError, UsageError
from alerts.model.records import to_line
from alerts.model.subscriber import Tier
from alerts.model.times import format_time, point_in_time
from alerts.model.week import Week

_COLUMNS = ["by", "name", "sent", "judged", "right", "precision", "low", "high", "acknowledged"]


@click.command()
@click.option("--week", metavar="WEEK", help="An ISO week, for example 2026-W48; the last whole one by default.")
@click.option("--subscriber", shell_complete=completion.subscribers, help="What this one watches, at its tier.")
@click.option("--tier", type=click.Choice(TIERS), help="Show what this tier may see.")
@click.option("--html", type=OutputFile(), metavar="FILE", help="Write a page that prints well.")
@json_command
def briefing(
    app: App, week: str | None, subscriber: str | None, tier: str | None, html: Path | None, as_json: bool
) -> None:
    """Show what a week brought."""
    from alerts.insight.briefing import briefing as compose
    from alerts.rendering.briefing import briefing_page, briefing_text
    from alerts.rendering.tiers import gate_briefing

    asked = Week.of(datetime.now(UTC)).moved(-1) if week is None else Week.parse(week)
    who = None if subscriber is None else app.settings().subscriber(subscriber)
    active = app.active()
    with app.read() as session:
        found = compose(session, active, asked, who)
    allowed = Tier(tier) if tier is not None else Tier.LEADERSHIP_ALLIANCE if who is None else who.tier
    shown = gate_briefing(found, allowed)
    if html is not None:
        write_file(html, briefing_page(shown))
    if as_json:
        click.echo(to_line(shown))
    elif html is None:
        click.echo(briefing_text(shown), nl=False)


@click.command("silence-report")
@click.option("--subscriber", shell_complete=completion.subscribers, help="Only for this one.")
@click.option("--from", "since", metavar="TIME", help="RFC 3339, or a duration before now (2d); default: 7d.")
@click.option("--to", "until", metavar="TIME", help="RFC 3339, or a duration before now; default: now.")
@json_command
def silence_report(app: App, subscriber: str | None, since: str | None, until: str | None, as_json: bool) -> None:
    """Show that silence was silence."""
    from alerts.insight.silence import silence_report as compose
    from alerts.rendering.briefing import silence_text

    active, now = app.active(), datetime.now(UTC)
    end = point_in_time(until, now) or now
    start = point_in_time(since, now) or end - timedelta(days=7)
    if start >= end:
        raise UsageError(f"--from {format_time(start)} is not before --to {format_time(end)}")
    chosen = active.settings.subscribers.values() if subscriber is None else [app.settings().subscriber(subscriber)]
    with app.read() as session:
        reports = [compose(session, active, each, start, end) for each in chosen]
    for report in reports:
        click.echo(to_line(report) if as_json else silence_text(report).rstrip())


@click.command()
@click.option("--subscriber", shell_complete=completion.subscribers, help="Only alerts to this one.")
@click.option("--since", metavar="TIME", help="Only alerts since then: RFC 3339, or a duration before now (30d).")
@click.option("--export", "to", type=OutputFile(), metavar="FILE", help="Write the verdicts as JSONL.")
@click.option(
    "--import", "source", type=click.File("rb"), metavar="FILE", help="Take in verdicts; - is standard input."
)
@tabular_command
def feedback(
    app: App, subscriber: str | None, since: str | None, to: Path | None, source: click.File | None, form: str | None
) -> None:
    """Show whether alerts were right."""
    from alerts.insight import feedback as verdicts

    settings, now = app.settings(), datetime.now(UTC)
    if subscriber is not None:
        settings.subscriber(subscriber)
    start = point_in_time(since, now)
    if source is not None:
        records = list(_read(source))
        with app.reading() as database, database.write() as session:
            taken = verdicts.imported(session, settings, records, now)
        click.echo(f"{len(records)} verdicts read, {taken} alerts judged by them", err=True)
    with app.read() as session:
        rows = verdicts.feedback(session, settings, subscriber, start)
        judged = verdicts.exported(session, settings, subscriber, start) if to is not None else []
    if to is not None:
        write_file(to, "".join(to_line(each) + "\n" for each in judged))
    show(rows, _COLUMNS, form, empty="no alert was sent")


def _read(source: click.File) -> Iterator[Mapping[str, str]]:
    """The verdicts of a file. Raises InputError, which names the line, where one cannot be used."""
    from alerts.insight.feedback import KEYS, VERDICTS

    for number, line in enumerate(source, start=1):  # type: ignore[arg-type,var-annotated]
        try:
            record = json.loads(line)
            usable = all(isinstance(record[key], str) for key in KEYS) and record["verdict"] in VERDICTS
        except (ValueError, LookupError, TypeError):
            usable = False
        if not usable:
            keys, words = ", ".join(KEYS), ", ".join(VERDICTS)
            raise InputError(f"{source.name}:{number}", f"no verdict: write {keys}; a verdict is one of {words}")
        yield record


@click.command()
@click.argument("subscriber", shell_complete=completion.subscribers)
@click.option("--wrong", metavar="SHARE", default="10%", show_default=True, help="So many alerts may be wrong at most.")
@json_command
def tune(app: App, subscriber: str, wrong: str, as_json: bool) -> int:
    """Propose what a subscriber's rules should ask for, by the verdicts of readers."""
    from alerts.config.yaml_output import to_yaml
    from alerts.insight import feedback as verdicts
    from alerts.replay import tune as tuning
    from alerts.store.repositories import items

    try:
        share = float(wrong.removesuffix("%")) / (100 if wrong.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise UsageError(f"--wrong {wrong!r} is no share between 0 and 1; write for example 10% or 0.1")
    settings, who = app.settings(), app.settings().subscriber(subscriber)
    with app.read() as session:
        known = verdicts.by_story(session, subscriber)
        rows = verdicts.feedback(session, settings, subscriber, None)
        history = list(items.record(session)) if len(known) >= tuning.least_judged(share) else []
    with progress_bar("replaying", 2 * len(history), least=LONG) as bar:
        found = tuning.tune(history, settings, who, known, rows, share, progress=bar.update)
    if as_json:
        click.echo(to_line(found))
    else:
        yaml = to_yaml("watch", found["rules"], "") if found["rules"] else ""
        click.echo(rendered("tune.txt.j2", found) + yaml, nl=False)
    return 1 if found["abstains"] else 0
