"""`alerts test`."""

from pathlib import Path

import click

from alerts.cli.context import App
from alerts.cli.output import json_command, rendered, write_file
from alerts.config.load import load_entries
from alerts.config.schema import ConfigTestForm
from alerts.model.counted import counted
from alerts.model.errors import NotFoundError
from alerts.model.nearest import did_you_mean
from alerts.model.records import as_record, to_line


@click.command()
@click.option("--match", "pattern", default="", metavar="TEXT", help="Only tests with this in their name.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE.xml", help="Write JUnit XML.")
@json_command
def test(app: App, pattern: str, junit: Path | None, as_json: bool) -> int:
    """Run the configuration's own tests."""
    from alerts.rendering.render import Renderer
    from alerts.replay import configtests
    from alerts.runtime.configuration import Active

    loaded = load_entries(app.config_dir)
    active, tests = Active.of(loaded), loaded.entries.valid("tests", ConfigTestForm)
    names = [each.name for _, each in tests]
    if pattern and not any(pattern.casefold() in each.casefold() for each in names):
        known = f"the configuration has {counted(len(names), 'test')}"
        raise NotFoundError("test", pattern, known + did_you_mean(pattern, names))
    renderer = Renderer(app.config_dir / "templates")
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
