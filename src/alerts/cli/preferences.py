"""`alerts preferences`: what a subscriber gets by the configuration, and what its readers chose from messages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.operate import by_option, operating, operator
from alerts.cli.output import json_command, rendered, show
from alerts.model.answer import Answer, AnswerKind
from alerts.model.errors import UsageError
from alerts.model.level import Level
from alerts.model.records import answer_record, to_line
from alerts.model.subscriber import Digest, On, Subscriber

_SELECTING = frozenset({"institutions", "tags", "regions", "categories", "all"})


@click.command()
@click.argument("subscriber", shell_complete=completion.subscribers)
@click.option("--as-yaml", is_flag=True, help="Print what to write into the configuration to the same effect.")
@click.option("--undo", metavar="ANSWER", shell_complete=completion.answers, help="Take this preference back.")
@by_option
@json_command
def preferences(app: App, subscriber: str, as_yaml: bool, undo: str | None, by: str, as_json: bool) -> None:
    """Show what a subscriber gets: by the configuration, and by what its readers chose from messages."""
    from alerts.pipeline import answering
    from alerts.routing.rules import channels_of, name_of
    from alerts.store.repositories import answers, subscriber_state

    if as_yaml and (as_json or undo):
        raise UsageError("--as-yaml goes alone")
    who = app.settings().subscriber(subscriber)
    if undo is not None:
        with operating(app) as runtime:
            answering.take_back(runtime, undo, operator(by), subscriber=who.id)
    now = datetime.now(UTC)
    with app.read() as session:
        given = answers.preferences(session, who.id)
        unsubscribed = sorted(subscriber_state.peek(session, who.id).muted)
    chosen = [each for each in given if each.holds(now)]
    if as_yaml:
        click.echo(_yaml(app, who, chosen), nl=False)
        return
    record: dict[str, Any] = {
        "kind": "preferences",
        "subscriber": who.id,
        "rules": [
            {"name": name_of(index, rule), "says": rule.in_words(), "channels": list(channels_of(rule, who))}
            for index, rule in enumerate(who.watch)
        ],
        "digest": None if who.digest is None else _digest(who.digest),
        "unsubscribed": unsubscribed,
        "chosen": [answer_record(each) for each in chosen],
    }
    if as_json:
        click.echo(to_line(record))
        return
    click.echo(rendered("preferences.txt.j2", record))
    columns = ("id", "channel", "said", "at", "until", "who")
    show(record["chosen"], columns, None, empty="nothing was chosen from messages")


def _digest(digest: Digest) -> dict[str, str]:
    return {"at": f"{digest.at:%H:%M}", "timezone": digest.timezone, "below": digest.below.value}


def _yaml(app: App, who: Subscriber, chosen: Sequence[Answer]) -> str:
    """The subscriber's rules as they are written, with the preferences in them: one for channels that get the same."""
    from alerts.config.schema import SubscriberForm
    from alerts.config.yaml_output import to_yaml
    from alerts.routing.preferences import daily
    from alerts.routing.rules import channels_of

    forms = [form for _, form in app.loaded().entries.valid("subscribers", SubscriberForm)]
    form = next(each for each in forms if each.id == who.id)
    written = form.model_dump(mode="json", by_alias=True, exclude_unset=True).get("watch", [])
    rules: list[dict[str, Any]] = []
    for rule, as_written in zip(who.watch, written, strict=True):
        groups: dict[tuple[bool, frozenset[str]], list[str]] = {}
        for channel in channels_of(rule, who):
            own = [each for each in chosen if each.channel == channel]
            muted = frozenset(each.institution for each in own if each.kind is AnswerKind.MUTE)
            critical = any(each.kind is AnswerKind.ONLY_CRITICAL for each in own)
            groups.setdefault((critical, muted), []).append(channel)
        for (only_critical, gone), channels in groups.items():
            changed = _changed(as_written, gone, only_critical=only_critical)
            if len(groups) > 1:
                named = {"name": f"{rule.name} ({', '.join(channels)})"} if rule.name else {}
                changed = {**named, **changed, **named, "to": channels}
            if not _SELECTING.isdisjoint(changed) and changed.get("on", rule.on):
                rules.append(changed)
    entry: dict[str, Any] = {"id": who.id, "watch": rules}
    comments = [f"{who.id} with what its readers chose; its other keys stay as they are. Once this is in force:"]
    undo = f"  alerts preferences {who.id} --undo"
    comments += [f"{undo} {each.id}  # {each.channel}: {each.in_words()}" for each in chosen]
    if any(each.kind is AnswerKind.DAILY for each in chosen):
        entry["digest"] = _digest(daily(who))
        comments.append("`digest` is for all channels: a channel that differs needs a subscriber of its own.")
    return to_yaml("subscribers", [entry], "".join(f"# {each}\n" for each in comments))


def _changed(written: Mapping[str, Any], muted: frozenset[str], *, only_critical: bool) -> dict[str, Any]:
    """A rule as it is written without the muted institutions; with critical levels alone."""
    rule = dict(written)
    if muted:
        kept = [each for each in rule.pop("institutions", ()) if each not in muted]
        rule = {"institutions": kept, **rule} if kept else rule
        if not (_SELECTING - {"institutions"}).isdisjoint(rule):  # by what they do not name they may select it, too
            left_out = rule.get("not", {})
            rule["not"] = {**left_out, "institutions": sorted({*left_out.get("institutions", ()), *muted})}
    if only_critical:
        of_levels = [each for each in rule.get("on", (On.STORY, On.LEVEL)) if each in {On.STORY, On.LEVEL}]
        rule |= {"on": of_levels, "at_least": Level.CRITICAL.value}
    return rule
