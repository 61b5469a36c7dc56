"""`alerts institutions | stories | transitions | deliveries`: what is recorded; `alerts profile`, `search`."""

from datetime import UTC, datetime
from typing import Any

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import json_command, limit_option, rendered, show, tabular_command, tier_option
from alerts.model.alert import DeliveryState
from alerts.model.errors import UsageError
from alerts.model.level import Axis, Level
from alerts.model.records import to_line, transition_record
from alerts.model.subscriber import Selection, Tier
from alerts.model.times import past_instant, point_in_time
from alerts.model.topic import Signal
from alerts.rendering.tiers import KINDS, gate, searched

STATE_NAMES = [state.value for state in DeliveryState]


def _checked(app: App, given: dict[str, Any]) -> dict[str, Any]:
    """The options of a list, `since` as an instant. Raises NotFoundError where one names what is not configured."""
    for kind in ("institution", "topic", "subscriber"):
        if given.get(kind) is not None:
            getattr(app.settings(), kind)(given[kind])
    return {**given, "since": point_in_time(given["since"], datetime.now(UTC))}


@click.command()
@click.option("--tag", shell_complete=completion.tags, help="Only those with this tag.")
@click.option("--region", shell_complete=completion.regions, help="Only those of this region.")
@click.option("--category", shell_complete=completion.categories, help="Only those of this category.")
@click.option(
    "--at-least",
    type=click.Choice([level.value for level in Level]),
    help="Only those with a level at least this high.",
)
@tabular_command
def institutions(
    app: App, tag: str | None, region: str | None, category: str | None, at_least: str | None, form: str | None
) -> None:
    """List the tracked institutions with their levels."""
    from alerts.store.queries import dashboard
    from alerts.web.institutions import Asked, levels_of

    settings = app.settings()
    tags, regions, categories = (frozenset([] if each is None else [each]) for each in (tag, region, category))
    settings.check_selection(Selection(tags=tags, regions=regions, categories=categories))
    asked = Asked(tag or "", region or "", category or "", at_least=Level(at_least or Level.LOW))
    with app.read() as session:
        levels = levels_of(session, settings)
        stories = dashboard.story_counts(session)
    rows = []
    for each in settings.institutions.values():
        found = levels[each.id]
        impact = max(found.values())
        if asked.wants(each, impact):
            row = {"institution": each.id, "name": each.name, "category": each.category, "region": each.region}
            row |= {"impact": impact, **{axis.value: level for axis, level in found.items()}}
            rows.append({**row, "stories": stories.get(each.id, 0), "tags": sorted(each.tags)})
    show(rows, ["institution", "name", "impact", *(axis.value for axis in Axis), "stories"], form)


@click.command()
@completion.institution_option("Only about this one.")
@click.option("--topic", shell_complete=completion.topics, help="Only with this topic.")
@click.option("--since", metavar="TIME", help="RFC 3339, or a duration before now (2d).")
@limit_option
@tabular_command
def stories(app: App, form: str | None, **given: Any) -> None:
    """List stories, the newest first."""
    from alerts.store.queries import listings

    with app.read() as session:
        rows = listings.stories(session, **_checked(app, given))
    show(rows, ["newest", "institution", "grade", "publishers", "topics", "title"], form)


@click.command()
@completion.institution_option("Only of this one.")
@click.option("--axis", type=click.Choice([axis.value for axis in Axis]), help="Only on this axis.")
@click.option("--since", metavar="TIME", help="RFC 3339, or a duration before now (2d).")
@limit_option
@tabular_command
def transitions(app: App, form: str | None, **given: Any) -> None:
    """List level changes in order of time, and why."""
    from alerts.store.repositories import transitions

    with app.read() as session:
        found = transitions.find(session, **_checked(app, given))
    rows = []
    for each in found:
        record = transition_record(each)
        because = max(each.contributions, key=lambda one: one.value, default=None)
        rows.append(record if form == "json" else {**record, "because": because.title if because else ""})
    show(rows, ["at", "institution", "axis", "from", "to", "score", "cause", "because"], form)


@click.command()
@click.option("--subscriber", shell_complete=completion.subscribers, help="Only to this one.")
@completion.institution_option("Only about this one.")
@click.option("--state", multiple=True, type=click.Choice(STATE_NAMES), help="Only in this state; may be repeated.")
@click.option("--since", metavar="TIME", help="RFC 3339, or a duration before now (2d).")
@limit_option
@tabular_command
def deliveries(app: App, form: str | None, **given: Any) -> None:
    """List deliveries: who got what, when, how it fared."""
    from alerts.store.queries import listings

    with app.read() as session:
        rows = listings.deliveries(session, **_checked(app, given))
    show(rows, ["at", "subscriber", "channel", "kind", "institutions", "state", "reason", "delivery"], form)


@click.command()
@click.argument("institution", shell_complete=completion.institutions)
@tier_option
@click.option("--at", metavar="TIME", help="As of then: RFC 3339, or a duration before now (2d).")
@json_command
def profile(app: App, institution: str, tier: str, at: str | None, as_json: bool) -> None:
    """Show the profile of an institution."""
    from alerts.insight.profiles import profile_at
    from alerts.rendering.profile_forms import profile_record, profile_text

    known = app.settings().institution(institution)
    moment = past_instant(at, datetime.now(UTC))
    with app.read() as session:
        found = profile_at(session, app.active(), known, moment)
    shown = gate(found, Tier(tier))
    click.echo(to_line(profile_record(shown)) if as_json else profile_text(shown))


@click.command()
@click.argument("q", metavar="QUERY")
@click.option("--kind", type=click.Choice(KINDS), help="Only these.")
@completion.institution_option("Only what is about this one.")
@click.option("--source", shell_complete=completion.sources, metavar="ID", help="Only of this source.")
@click.option("--topic", shell_complete=completion.topics, metavar="ID", help="Only with this topic.")
@click.option("--signal", type=click.Choice([each.value for each in Signal]), help="Only with a topic of this class.")
@click.option("--since", metavar="TIME", help="Reported since then: RFC 3339, or a duration before now (2d).")
@click.option("--until", metavar="TIME", help="Reported by then.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="At most so many.")
@click.option("--page", type=click.IntRange(min=1), default=1, help="Which of the pages of so many.")
@tier_option
@json_command
def search(app: App, tier: str, as_json: bool, **given: object) -> None:
    """Search what was said: items, stories and institutions, the best first."""
    from alerts.insight.search import search as find

    allowed = searched(Tier(tier))
    if given["kind"] not in {None, *allowed}:
        raise UsageError(f"--tier {tier} sees {', '.join(allowed)} alone: leave out --kind {given['kind']}")
    fields = {name: str(value) for name, value in given.items() if value is not None}
    with app.read() as session:
        found = find(session, app.settings(), fields, Tier(tier), datetime.now(UTC))
    if as_json:
        for each in (*found["institutions"], *found["results"]):
            click.echo(to_line(each))
    else:
        click.echo(rendered("search.txt.j2", found), nl=False)
    if found["unindexed"]:
        click.echo(f"{found['unindexed']:,} recorded items are not indexed yet: a worker does it", err=True)
