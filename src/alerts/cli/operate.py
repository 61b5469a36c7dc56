"""`alerts ack | silence | unsubscribe | redeliver | release | send-test`: what operators do at night."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.output import json_command, printable, show, tabular_command
from alerts.model.alert import DeliveryState
from alerts.model.counted import counted
from alerts.model.errors import NotFoundError, UsageError
from alerts.model.level import Axis
from alerts.model.records import fields_of, to_line
from alerts.model.subscriber import Selection, Silence, Subscriber
from alerts.model.times import format_time, parse_duration, parse_time
from alerts.runtime import logs

if TYPE_CHECKING:
    from alerts.runtime.runtime import Runtime

channel_option = click.option(
    "--channel", metavar="NAME", shell_complete=completion.channels, help="Only this channel; all where none is given."
)
by_option = click.option("--by", metavar="NAME", default="", help="Who does it; the user's name if not given.")
_SILENCE_COLUMNS = ("id", "about", "until", "reason", "by")


@click.command()
@click.argument("alert", required=False, shell_complete=completion.alerts)
@completion.subscriber_option("With --institution: the subscriber who acknowledges.")
@completion.institution_option("Instead of an alert: the levels of this institution.", metavar="ID")
@click.option("--axis", type=click.Choice([axis.value for axis in Axis]), help="With --institution: this axis only.")
@by_option
@json_command
def ack(
    app: App,
    alert: str | None,
    subscriber: str | None,
    institution: str | None,
    axis: str | None,
    by: str,
    as_json: bool,
) -> None:
    """Acknowledge a level: no reminders until it changes."""
    from alerts.pipeline import answering

    if (alert is None) == (institution is None) or (institution is None) != (subscriber is None):
        raise UsageError("give an alert's id, or --institution together with --subscriber")
    with operating(app) as runtime:
        if alert is not None:
            done = answering.ack(runtime, alert, operator(by))
        else:
            chosen = Axis(axis) if axis else None
            done = [answering.ack_level(runtime, subscriber or "", institution or "", chosen, who=operator(by))]
    for who, about, axes in done:
        record = {"subscriber": who, "institution": about, "axes": [each.value for each in axes]}
        text = f"{who}: no reminders of {about} ({', '.join(axes)}) until it changes"
        click.echo(to_line(record) if as_json else text)


@click.command()
@completion.institution_option("May be given several times.", "institutions", multiple=True, metavar="ID")
@click.option("--tag", "tags", multiple=True, shell_complete=completion.tags, help="All with this tag.")
@click.option("--region", "regions", multiple=True, shell_complete=completion.regions, help="All of this region.")
@click.option(
    "--category", "categories", multiple=True, shell_complete=completion.categories, help="All of this category."
)
@click.option("--all", "everything", is_flag=True, help="All institutions.")
@click.option("--for", "lasting", metavar="DURATION", help="How long, for example 2h or 3d.")
@click.option("--until", metavar="TIME", help="Until then, RFC 3339, instead of --for.")
@click.option("--reason", default="", help="Why: it is shown wherever an alert was held back.")
@click.option("--list", "listing", is_flag=True, help="List the silences in force, those of the YAML too.")
@click.option(
    "--end", metavar="SILENCE", shell_complete=completion.silences, help="End a silence made with this command."
)
@by_option
@tabular_command
def silence(
    app: App,
    institutions: tuple[str, ...],
    tags: tuple[str, ...],
    regions: tuple[str, ...],
    categories: tuple[str, ...],
    everything: bool,
    lasting: str | None,
    until: str | None,
    reason: str,
    listing: bool,
    end: str | None,
    by: str,
    form: str | None,
) -> None:
    """Hold back alerts on some institutions for a time. What they would have been stays on record."""
    from alerts.pipeline import operate
    from alerts.pipeline.route import silenced

    select = Selection(frozenset(institutions), frozenset(tags), frozenset(regions), frozenset(categories), everything)
    asked = select != Selection()
    if [asked, listing, end is not None].count(True) != 1:
        raise UsageError("say which institutions (--institution, --tag, --region, --category, --all), --list or --end")
    if asked and (lasting is None) == (until is None):
        raise UsageError("say how long with --for, or until when with --until")
    with operating(app) as runtime:
        if listing:
            with runtime.database.read() as session:
                held = silenced(session, runtime.configuration.current().settings)
            held = tuple(each for each in held if each.until > runtime.clock())
            show(map(_silence, held), _SILENCE_COLUMNS, form, empty="no silences")
            return
        if end is not None:
            operate.unsilence(runtime, end, operator(by))
            click.echo(f"silence {end} ended", err=True)
            return
        ends = _end(lasting, until, runtime.clock())
        made = operate.silence(runtime, select, until=ends, reason=reason, author=by or me())
    show([_silence(made)], _SILENCE_COLUMNS, form)


def _silence(each: Silence) -> dict[str, str]:
    by = each.author or ("" if each.id else "configuration")
    return {"id": each.id, "about": each.select.in_words(), **fields_of(each, "until", "reason"), "by": by}


def _end(lasting: str | None, until: str | None, now: datetime) -> datetime:
    try:
        return now + parse_duration(lasting) if lasting is not None else parse_time(until or "")
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{lasting or until!r} is no time; write for example --for 4h or --until {format_time(now)}"
        ) from error


@click.command()
@click.argument("subscriber", shell_complete=completion.subscribers)
@channel_option
@click.option("--undo", is_flag=True, help="Take an unsubscription back.")
@click.pass_obj
def unsubscribe(app: App, subscriber: str, channel: str | None, undo: bool) -> None:
    """Send nothing more to a subscriber, until --undo."""
    from alerts.pipeline import operate

    with operating(app) as runtime:
        channels = operate.unsubscribe(runtime, subscriber, channel, operator(), undo=undo)
    done = "subscribed again" if undo else "unsubscribed"
    click.echo(f"{subscriber}: {done}: {', '.join(channels) or 'it has no channels'}")


@click.command()
@click.argument("delivery", required=False, shell_complete=completion.deliveries)
@click.option("--dead", is_flag=True, help="Everything that was given up.")
@completion.subscriber_option("With --dead: only what this subscriber missed.")
@json_command
def redeliver(app: App, delivery: str | None, dead: bool, subscriber: str | None, as_json: bool) -> None:
    """Send a dead, failed or unknown delivery again."""
    from alerts.pipeline import operate
    from alerts.store.repositories.incidents import OPERATORS

    if (delivery is None) != dead or (subscriber is not None and not dead):
        raise UsageError("give a delivery's id, or --dead (and with it --subscriber)")
    with operating(app) as runtime:
        if delivery is None:
            found = operate.redeliver_dead(runtime, subscriber, operator())
        else:
            found = [operate.redeliver(runtime, delivery, operator())]
    for each in found:
        click.echo(to_line({"delivery": each, "state": "pending"}) if as_json else f"{each}: due now")
    if not found:
        if subscriber not in {None, OPERATORS}:
            app.settings().subscriber(subscriber or "")  # raises NotFoundError where there is none
        click.echo("nothing is dead", err=True)


@click.command()
@click.argument("source", shell_complete=completion.sources)
@click.pass_obj
def release(app: App, source: str) -> None:
    """Release a quarantined feed, or resume a stopped one."""
    from alerts.pipeline import operate

    with operating(app) as runtime:
        held = operate.release(runtime, source, operator())
    taken = f"{counted(held, 'item')} will be taken in at the next poll, which is due now"
    click.echo(f"{source}: {taken if held else 'will be polled again now'}")


@click.command("send-test")
@click.argument("subscriber", shell_complete=completion.subscribers)
@channel_option
@json_command
def send_test(app: App, subscriber: str, channel: str | None, as_json: bool) -> int:
    """Send a test message through a subscriber's channels."""
    from alerts.channels.result import SendReason
    from alerts.pipeline import operate
    from alerts.rendering.render import Renderer
    from alerts.store.repositories.incidents import OPERATORS

    logs.configure("ERROR")
    operators = Subscriber(OPERATORS, channels=app.settings().operators.channels)
    known = operators if subscriber == OPERATORS else app.settings().subscriber(subscriber)
    if channel is not None:
        if channel not in known.channels:
            raise NotFoundError("channel", channel, f"{subscriber} has {', '.join(known.channels) or 'none'}")
        known = replace(known, channels={channel: known.channels[channel]})
    failed = not known.channels
    if failed:
        click.echo(f"{subscriber} has no channels: give it `channels:` in the configuration", err=True)
    for name, result in operate.send_test(known, Renderer(app.config_dir / "templates"), datetime.now(UTC)):
        failed = failed or result.state is not DeliveryState.SENT
        record = {"channel": name, "state": result.state.value, "reason": result.reason.value, "line": result.line}
        click.echo(to_line(record) if as_json else printable(f"{name}: {result.state} ({result.reason}) {result.line}"))
        if result.reason is SendReason.BAD_CHANNEL:
            click.echo(f"{name}: docs/configuration.md#channel-addresses shows the form of each service", err=True)
    return 1 if failed else 0


@contextmanager
def operating(app: App) -> "Iterator[Runtime]":
    """The steps on what is recorded. What they enqueue is dropped: the next tick finds what is due."""
    from alerts.runtime.configuration import Configuration
    from alerts.runtime.runtime import Runtime, utc_now
    from alerts.store.clock import SharedClock

    configuration = Configuration(app.config_dir)
    with app.reading() as database:
        yield Runtime(database, configuration, enqueue=lambda _hints: None, clock=SharedClock(database, utc_now))


def operator(by: str = "") -> str:
    """What the audit trail calls whoever uses the command line."""
    return f"operator {by or me()}".strip()


def me() -> str:
    """The user's name; empty where it cannot be found."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
