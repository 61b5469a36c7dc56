"""`alerts check` and `alerts test`: is the configuration right, and if not, where."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alerts.cli.context import App
from alerts.cli.output import OutputFile, json_command, printable, progress_bar, rendered, write_file
from alerts.config.files import emptied
from alerts.config.lint import doubtful_patterns, doubts, idle
from alerts.config.load import Loaded
from alerts.config.schema import ConfigTestForm
from alerts.model.channels import scheme_of
from alerts.model.counted import counted, counted_of
from alerts.model.errors import ConfigError, InputError, NotFoundError, Problem, did_you_mean
from alerts.model.records import as_record, to_line
from alerts.model.times import EPOCH

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from alerts.rendering.render import Renderer
    from alerts.replay.mutate import Tests
    from alerts.runtime.configuration import Active

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
        return [*sorted(idle(loaded, seen, topics, count)), *sorted(doubtful_patterns(loaded, recent))]

    return app.if_recorded(read) or []


def unusable_channels(loaded: Loaded) -> list[Problem]:
    """Channels whose URL is not of its service's form: no message would ever arrive."""
    written = [*loaded.entries.all("subscribers"), *loaded.entries.all("operators")]
    channels = [(entry, name, url) for entry in written for name, url in entry.form.channels.items()]
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


def _broken_templates(app: App, loaded: Loaded) -> Iterator[Problem]:
    templates = app.config_dir / "templates"
    if not templates.is_dir():
        return
    from alerts.rendering.render import template_problems

    for line in template_problems(templates, loaded.settings.subscribers.values()):
        file, _, message = line.partition(": ")
        name, _, number = file.partition(":")
        yield Problem(name, int(number) if number.isdigit() else 1, 1, message)


def _print(problems: Iterable[Problem], *, as_json: bool) -> None:
    for problem in problems:
        if as_json:
            record = asdict(problem)
            record["severity"] = "warning" if record.pop("warning") else "error"
            click.echo(json.dumps(record, ensure_ascii=False))
        else:
            click.echo(str(problem), err=True)


@click.command()
@click.option("--match", "pattern", default="", metavar="TEXT", help="Only tests with this in their name.")
@click.option("--junit", type=OutputFile(), metavar="FILE.xml", help="Write JUnit XML.")
@click.option("--mutate", is_flag=True, help="Change one thing at a time and list the changes that no test notices.")
@click.option("--write", type=OutputFile(), metavar="FILE", help="With --mutate: propose tests for them.")
@json_command
def test(app: App, pattern: str, junit: Path | None, mutate: bool, write: Path | None, as_json: bool) -> int:
    """Run the configuration's own tests."""
    from alerts.rendering.render import Renderer
    from alerts.replay import configtests
    from alerts.runtime.configuration import Active

    loaded, renderer = app.loaded(), Renderer(app.config_dir / "templates")
    active, tests = Active.of(loaded), loaded.entries.valid("tests", ConfigTestForm)
    if mutate:
        return _mutate(active, tests, renderer, write, as_json=as_json)
    chosen = [(entry, each) for entry, each in tests if pattern.casefold() in each.name.casefold()]
    if pattern and not chosen:
        known = f"the configuration has {counted(len(tests), 'test')}"
        raise NotFoundError("test", pattern, known + did_you_mean(pattern, [each.name for _, each in tests]))
    outcomes = []
    for entry, each in chosen:
        outcome = configtests.run(each, active, renderer, entry.where)
        outcomes.append(outcome)
        if as_json:
            failures = as_record(outcome.failures)
            click.echo(to_line({"test": outcome.name, "passed": outcome.passed, "failures": failures}))
        else:
            click.echo(rendered("test.txt.j2", {"outcome": outcome}), nl=False)
    if junit is not None:
        write_file(junit, configtests.junit(outcomes))
    failed = sum(not each.passed for each in outcomes)
    if not as_json:
        click.echo(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _mutate(active: "Active", tests: "Tests", renderer: "Renderer", write: Path | None, *, as_json: bool) -> int:
    """The changes that no test notices, and a proposed test for each."""
    from alerts.config.yaml_output import to_yaml
    from alerts.replay import mutate

    if failed := next(mutate.failing(tests, active, renderer), None):
        raise InputError(failed.where, "this test fails as it is; mend it first")
    mutants = list(mutate.mutants(active.settings))
    missed = {}
    with progress_bar("mutating", len(mutants)) as bar:
        for each in mutants:
            if mutate.unnoticed(tests, active, renderer, each):
                missed[each.change] = mutate.proposed(active, each) if write is not None else None
            bar.update(1)
    for change, proposed in missed.items():
        row = {"unnoticed": change, "test": proposed}
        click.echo(to_line(row) if as_json else printable(f"no test notices: {change}"))
    if write is not None:
        head = "# Proposed by `alerts test --mutate`: each test says what happens now. Keep those that are right.\n"
        write_file(write, to_yaml("tests", [each for each in missed.values() if each is not None], head))
    if not as_json:
        click.echo(f"{len(mutants) - len(missed)} of {counted(len(mutants), 'change')} noticed")
    return 1 if missed else 0
