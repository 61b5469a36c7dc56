"""`alerts topics` and `alerts names`: what is looked for, how often it was found, and what would be or is missing."""

from datetime import UTC, datetime, timedelta

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import json_command, limit_option, printable, show, tabular, tabular_command
from alerts.model.counted import counted
from alerts.model.errors import StoreError, UsageError
from alerts.model.level import Axis
from alerts.model.records import as_record, to_line
from alerts.model.times import EPOCH, format_time, point_in_time
from alerts.model.topic import PatternKind, Signal, Topic, TopicPattern

MAX_TRIED = 20_000  # newest recorded items that a pattern is tried on, or that are searched for missing names


@click.group(invoke_without_command=True)
@click.option("--packs", is_flag=True, help="List the packs that `topic_packs` can name instead.")
@tabular
@click.pass_context
def topics(ctx: click.Context, packs: bool, form: str | None) -> None:
    """List the topics in force, with an example and how often each was found in the recorded history."""
    if ctx.invoked_subcommand is not None:
        return
    from alerts.config.packs import pack_examples, pack_names, pack_topics
    from alerts.store.queries import listings

    if packs:
        rows = []
        for name in pack_names():
            in_pack = pack_topics(name)
            languages = sorted({each.language for topic in in_pack for each in topic.patterns})
            ids = [topic.id for topic in in_pack]
            rows.append({"pack": name, "topics": len(in_pack), "languages": languages, "ids": ids})
        show(rows, ["pack", "topics", "languages"], form)
        return
    app: App = ctx.obj
    counts, examples = app.if_recorded(listings.topic_counts), pack_examples()
    rows = []
    for topic in app.settings().topics.values():
        severity = " ".join(f"{topic.severity.on(axis):g}" for axis in Axis)
        languages = sorted({each.language or "any" for each in topic.patterns}) or ["any"]
        row = {"topic": topic.id, "signal": topic.signal.value, "severity": severity, "languages": languages}
        found = None if counts is None else counts[topic.id]
        numbers = {"patterns": len(topic.any) + len(topic.patterns), "found": found}
        rows.append({**row, **numbers, "example": examples.get(topic.id, "")})
    columns = ["topic", "signal", "severity", "languages", "patterns", "found", "example"]
    show(rows, columns, form, empty="no topics: add `topic_packs: [core]` to the configuration")


@topics.command("try")
@click.argument("pattern")
@click.option("--language", default="", help="Language of the pattern; verbs in braces need one.")
@click.option("--since", default="28d", show_default=True, help="How far back to look.")
@limit_option
@json_command
def try_(app: App, pattern: str, language: str, since: str, limit: int, as_json: bool) -> int:
    """Show what a pattern would have found in the recorded items. Changes nothing."""
    from alerts.config.packs import families_of, pack_names
    from alerts.matching.matcher import Matcher
    from alerts.matching.pattern_syntax import PatternError, parse_pattern, write_out_families
    from alerts.store.repositories import items

    try:
        text = write_out_families(pattern, families_of(pack_names(), language))
        parse_pattern(text, language)
    except PatternError as error:
        raise UsageError(f"the pattern, at character {error.offset + 1}: {error}") from None
    settings = app.settings()
    tried = Topic("tried", Signal.CONTINUITY, patterns=(TopicPattern(text, language, PatternKind.FULL, pattern),))
    matcher = Matcher(settings.institutions.values(), [tried], settings.sources)
    now = datetime.now(UTC)
    start = point_in_time(since, now) or now - timedelta(days=28)
    began = format_time(start)
    with app.read() as session:
        recorded = list(items.newest(session, since=start, upto=now, limit=MAX_TRIED))
    if not recorded:
        raise StoreError(f"no item is recorded since {began}: start `alerts run`, or look further back with --since")
    found = [(item, hits) for item in recorded if (hits := matcher.match(item).topics)]
    for item, hits in found[:limit]:
        if as_json:
            places = [
                {"field": hit.field, "text": hit.text, "institutions": sorted(hit.institutions or ()), "role": hit.role}
                for hit in hits
            ]
            click.echo(to_line({"item": item.id, "title": item.title, "found": places}))
        else:
            click.echo(printable(item.title))
            for hit in hits:
                who = f"  ({', '.join(sorted(hit.institutions))})" if hit.institutions else ""
                click.echo(f"    {hit.field}: “{printable(hit.text)}”{who}")
    click.echo(f"{counted(len(found), 'item')} of {len(recorded):,} recorded since {began}", err=as_json)
    return 0 if found else 1


@click.command()
@click.argument("institution", metavar="[ID]", required=False, shell_complete=completion.institutions)
@click.option(
    "--missing",
    "only_missing",
    is_flag=True,
    help="Only what recorded items hold and was not counted, and why; of all institutions where none is named.",
)
@tabular_command
def names(app: App, institution: str | None, only_missing: bool, form: str | None) -> None:
    """Print every name by which an institution is found, and what looks missing."""
    from alerts.matching.catalogue import missing, names_of
    from alerts.store.queries import listings
    from alerts.store.repositories import items

    settings = app.settings()
    chosen = list(settings.institutions.values()) if institution is None else [settings.institution(institution)]
    if not only_missing:
        if institution is None:
            raise UsageError("name an institution; --missing alone takes all of them")
        tracked = chosen[0]
        found = app.if_recorded(lambda session: listings.mention_texts(session, tracked.id))
        table = [
            {**as_record(each), "found": None if found is None else found[each.name.casefold()]}
            for each in names_of(tracked)
        ]
        show(table, ["name", "rule", "by", "found", "condition"], form)
        if form is not None or found is None:
            return
        click.echo()
    with app.read() as session:
        recorded = list(items.newest(session, since=EPOCH, upto=datetime.now(UTC), limit=MAX_TRIED))
    columns = ["text", "times", "why"] if institution else ["institution", "text", "times", "why"]
    show(map(as_record, missing(chosen, recorded)), columns, form, empty="nothing looks missing")
