"""`alerts tune SUBSCRIBER`."""

from __future__ import annotations

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import Progress, json_option, rendered
from alerts.cli.replay import LONG
from alerts.model.errors import UsageError
from alerts.model.records import to_line


@click.command()
@click.argument("subscriber", shell_complete=completion.subscribers)
@click.option("--wrong", metavar="SHARE", default="10%", show_default=True, help="So many alerts may be wrong at most.")
@json_option
@click.pass_obj
def tune(app: App, subscriber: str, wrong: str, as_json: bool) -> int:
    """Propose what a subscriber's rules should ask for, by the verdicts of readers.

    Plays the recorded history with other `at_least`, `min_grade`, `not` and `topics`, and proposes the change that
    keeps wrong alerts within SHARE and loses the fewest right ones; says which, and prints the keys to paste.
    Abstains, with exit status 1, while verdicts are too few to show anything. Changes nothing.

    \b
    Example:
      alerts tune desk --wrong 10%
    """
    from alerts.config.yaml_output import to_yaml
    from alerts.insight import feedback
    from alerts.replay import tune as tuning
    from alerts.store.repositories import items

    share = _share(wrong)
    settings, who = app.settings(), app.subscriber(subscriber)
    with app.read() as session:
        verdicts = feedback.by_story(session, subscriber)
        rows = feedback.feedback(session, settings, subscriber, None)
        enough = len(verdicts) >= tuning.least_judged(share)
        history = list(items.record(session)) if enough else []
    with Progress("replaying", len(history), least=LONG) as progress:
        found = tuning.tune(history, settings, who, verdicts, rows, share, progress=progress)
    if as_json:
        click.echo(to_line(found))
    else:
        yaml = to_yaml("watch", found["rules"], "") if found["rules"] else ""
        click.echo(rendered("tune.txt.j2", found) + yaml, nl=False)
    return 1 if found["abstains"] else 0


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise UsageError(f"--wrong {text!r} is no share between 0 and 1; write for example 10% or 0.1")
    return share
