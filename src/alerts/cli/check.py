"""`alerts check`: is the configuration right, and if not, where."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from alerts.cli.context import App
from alerts.config.document import Entry
from alerts.config.files import emptied
from alerts.config.lint import doubtful_patterns, doubts, idle
from alerts.config.load import Loaded
from alerts.config.schema import OperatorsForm, SubscriberForm
from alerts.model.channels import scheme_of
from alerts.model.counted import counted_of
from alerts.model.errors import ConfigError, Problem
from alerts.model.times import EPOCH

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TELLING_HISTORY = 1000  # so many recorded items, and a name that was never among them is worth a warning


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each problem, on standard output.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration, for editors, and end.")
@click.option("--publish", is_flag=True, help="Put these files in force, even where others have replaced them since.")
@click.option(
    "--accept-empty",
    is_flag=True,
    help="Put them in force even where a file, or all subscribers, sources or institutions are gone from them.",
)
@click.pass_obj
def check(app: App, as_json: bool, schema: bool, publish: bool, accept_empty: bool) -> int:
    """Validate the configuration."""
    if schema:
        from alerts.config.json_schema import json_schema

        click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return 0
    try:
        loaded = app.loaded()
    except ConfigError as error:
        _print(error.problems, as_json=as_json)
        return 1
    errors = [*unusable_channels(loaded), *_broken_templates(app, loaded)]
    if not (errors or publish or accept_empty):
        errors += _emptied(app, loaded)
    _print([*doubts(loaded), *_idle(app, loaded), *errors], as_json=as_json)
    if errors:
        return 1
    if publish or accept_empty:
        return _publish(app, accept_empty=accept_empty)
    if not as_json:
        sections = ("sources", "institutions", "topics", "subscribers", "silences")
        counts = [counted_of(len(getattr(loaded.settings, each)), each) for each in sections]
        tests = counted_of(len(loaded.entries.all("tests")), "tests")
        click.echo(f"{app.config_dir}: {', '.join([*counts, tests])}")
    return 0


def _publish(app: App, *, accept_empty: bool) -> int:
    """Puts the files in force; every process adopts them within seconds."""
    from alerts.pipeline.publish import publish_files

    with app.runtime() as (runtime, _):
        made = publish_files(runtime, accept_empty=accept_empty)
        number = made.number if made is not None else runtime.configuration.number
    state = "in force as" if made is not None else "in force already as"
    click.echo(f"{app.config_dir}: {state} generation {number}", err=True)
    return 0


def _emptied(app: App, loaded: Loaded) -> tuple[Problem, ...]:
    """What of the configuration in force the files have emptied; nothing where none is in force yet."""

    def read(session: "Session") -> tuple[Problem, ...]:
        from alerts.store.repositories import generations

        newest = generations.newest(session)
        return () if newest is None else emptied(newest.outline, loaded.outline, app.config_dir)

    return app.if_recorded(read) or ()


def _idle(app: App, loaded: Loaded) -> list[Problem]:
    """What the recorded history never matched, where enough of it is recorded to say so."""

    def read(session: "Session") -> list[Problem]:
        from alerts.store.queries import listings
        from alerts.store.repositories import items

        count = items.count(session)
        if count < TELLING_HISTORY:
            return []
        seen, topics = listings.matched(session)
        recent = list(items.newest(session, since=EPOCH, upto=datetime.now(UTC), limit=TELLING_HISTORY))
        return [*idle(loaded, seen, topics, count), *doubtful_patterns(loaded, recent)]

    return app.if_recorded(read) or []


def unusable_channels(loaded: Loaded) -> list[Problem]:
    """Channels whose URL is not of its service's form: no message would ever arrive."""
    entries = loaded.entries
    forms: list[tuple[Entry, SubscriberForm | OperatorsForm]] = [
        *entries.valid("subscribers", SubscriberForm),
        *entries.valid("operators", OperatorsForm),
    ]
    channels = [(entry, name, url) for entry, form in forms for name, url in form.channels.items()]
    if not channels:
        return []
    from alerts.channels.apprise_channel import is_usable

    return sorted(
        Problem(
            *entry.place("channels", name),
            f"channels: {name} is not complete, or not of the form that {scheme_of(url)}:// takes for one target: "
            "see https://appriseit.com/services/",
        )
        for entry, name, url in channels
        if not is_usable(url)
    )


def _broken_templates(app: App, loaded: Loaded) -> list[Problem]:
    templates = app.config_dir / "templates"
    if not templates.is_dir():
        return []
    from alerts.rendering.render import template_problems

    found = []
    for line in template_problems(templates, loaded.settings.subscribers.values()):
        file, _, message = line.partition(": ")
        name, _, number = file.partition(":")
        found.append(Problem(name, int(number) if number.isdigit() else 1, 1, message))
    return found


def _print(problems: Iterable[Problem], *, as_json: bool) -> None:
    for problem in problems:
        if as_json:
            record = asdict(problem)
            record["severity"] = "warning" if record.pop("warning") else "error"
            click.echo(json.dumps(record, ensure_ascii=False))
        else:
            click.echo(str(problem), err=True)
