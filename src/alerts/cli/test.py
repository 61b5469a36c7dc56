"""`alerts test`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from alerts.cli.context import App
from alerts.cli.output import Progress, check_writable, json_command, printable, rendered, write_file
from alerts.config.schema import ConfigTestForm
from alerts.model.counted import counted
from alerts.model.errors import InputError, NotFoundError, did_you_mean
from alerts.model.records import as_record, to_line

if TYPE_CHECKING:
    from alerts.rendering.render import Renderer
    from alerts.replay.mutate import Tests
    from alerts.runtime.configuration import Active


@click.command()
@click.option("--match", "pattern", default="", metavar="TEXT", help="Only tests with this in their name.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE.xml", help="Write JUnit XML.")
@click.option("--mutate", is_flag=True, help="Change one thing at a time and list the changes that no test notices.")
@click.option("--write", type=click.Path(path_type=Path), metavar="FILE", help="With --mutate: propose tests for them.")
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
    names = [each.name for _, each in tests]
    if pattern and not any(pattern.casefold() in each.casefold() for each in names):
        known = f"the configuration has {counted(len(names), 'test')}"
        raise NotFoundError("test", pattern, known + did_you_mean(pattern, names))
    outcomes = []
    for entry, each in tests:
        if pattern.casefold() not in each.name.casefold():
            continue
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
    if write is not None:
        check_writable(write)
    mutants = list(mutate.mutants(active.settings))
    missed = {}
    with Progress("mutating", len(mutants)) as progress:
        for each in mutants:
            if mutate.unnoticed(tests, active, renderer, each):
                missed[each.change] = mutate.proposed(active, each) if write is not None else None
            progress()
    for change, proposed in missed.items():
        row = {"unnoticed": change, "test": proposed}
        click.echo(to_line(row) if as_json else printable(f"no test notices: {change}"))
    if write is not None:
        head = "# Proposed by `alerts test --mutate`: each test says what happens now. Keep those that are right.\n"
        write_file(write, to_yaml("tests", [each for each in missed.values() if each is not None], head))
    if not as_json:
        click.echo(f"{len(mutants) - len(missed)} of {counted(len(mutants), 'change')} noticed")
    return 1 if missed else 0
