"""`alerts run`: everything in one process group, or everything once; `alerts poll`: some sources now; `alerts web`."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alerts import embedded
from alerts.cli import completion
from alerts.cli.context import App
from alerts.cli.main import guarded, main
from alerts.cli.output import json_command, printable, progress_bar, say_beside
from alerts.config import environment
from alerts.model.counted import counted
from alerts.model.errors import UsageError, did_you_mean
from alerts.model.records import fields_of, to_line
from alerts.runtime import logs

if TYPE_CHECKING:
    from alerts.demo.server import FeedServer
    from alerts.pipeline.poll import PollOutcome
    from alerts.runtime.runtime import Runtime


@click.command()
@click.option("--once", is_flag=True, help="Poll every source once, work until nothing is left to do, and end.")
@click.option("--demo", is_flag=True, help="Play a shipped scenario on a local feed server; needs no network.")
@click.option("--state", type=click.Path(path_type=Path), default=None, metavar="DIR", help="As before the command.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the pages; 0.0.0.0 for all.")
@click.option("--port", type=click.IntRange(0, 65535), default=8321, show_default=True, help="Their port; 0: no pages.")
@click.pass_obj
def run(app: App, once: bool, demo: bool, state: Path | None, host: str, port: int) -> int:
    """Run everything here: broker, workers, beat and pages."""
    if state is not None:
        app.state = state
    with _scene(app) if demo else contextlib.nullcontext() as stage:
        if stage is not None:
            return _demo(app, stage, host, port, once=once)
        return _once(app) if once else _forever(app, host, port)


def _once(app: App) -> int:
    from alerts.pipeline.publish import publish_files

    logs.configure(logs.level_named(os.environ, "ERROR"))
    with app.runtime() as (runtime, driver):
        publish_files(runtime)
        before = _sent(runtime)
        sources = list(runtime.configuration.current().settings.sources)

        # Not where the messages of console:// would run into it.
        with progress_bar("polling", 0 if sys.stdout.isatty() else len(sources)) as bar:

            def report(outcome: "PollOutcome") -> None:
                if outcome.error:
                    say_beside(bar, f"{outcome.source}: {outcome.error}")
                bar.update(1)

            outcomes = driver.run(runtime, sources, report)
        polled = [outcome for outcome in outcomes if not outcome.skipped]
        failed = sum(bool(outcome.error) for outcome in polled)
        new = counted(sum(outcome.new for outcome in polled), "new item")
        summary = f"polled {counted(len(polled), 'source')}: {new}, {failed} failed"
        if sent := _sent(runtime) - before:
            summary += f"; {counted(sent, 'message')} sent"
        if left := len(outcomes) - len(polled):
            summary += f"; {left} left out, as others are polling them or their hosts"
        click.echo(summary, err=True)
    if polled and failed == len(polled):
        # One broken feed is ordinary; all of them at once is this machine, and cron should know.
        check = "check the network of this machine, then the lines above"
        click.echo(f"alerts: every source failed, nothing could be read: {check}", err=True)
        return 1
    return 0


@click.command()
@click.argument("ids", metavar="SOURCE...", nargs=-1, required=True, shell_complete=completion.sources)
@json_command
def poll(app: App, ids: tuple[str, ...], as_json: bool) -> int:
    """Poll sources now, and say what each brought."""
    from alerts.pipeline.publish import publish_edits

    logs.configure(logs.level_named(os.environ, "ERROR"))

    def report(outcome: "PollOutcome") -> None:
        record = fields_of(outcome, "source", "new", "revised", "skipped", "institutions")
        record["error"] = outcome.error or None
        click.echo(to_line(record) if as_json else printable(f"{outcome.source}: {_brought(outcome)}"))

    with app.runtime() as (runtime, driver):
        publish_edits(runtime)
        known = list(runtime.configuration.current().settings.sources)
        for unknown in set(ids) - set(known):
            hint = did_you_mean(unknown, known) or "; `alerts sources` lists them"
            raise UsageError(f"no source {unknown!r} in the configuration{hint}")
        outcomes = driver.run(runtime, dict.fromkeys(ids), report, manual=True)
    return 1 if any(each.error or each.skipped for each in outcomes) else 0


def _brought(outcome: "PollOutcome") -> str:
    if outcome.error:
        return f"failed: {outcome.error}"
    if outcome.skipped:
        return "not polled: another process polls it, or others of its host, right now; try again"
    about = f", about {', '.join(outcome.institutions)}" if outcome.institutions else ""
    return f"{counted(outcome.new, 'new item')}, {outcome.revised} changed{about}"


def _sent(runtime: "Runtime") -> int:
    from alerts.store.queries import listings

    with runtime.database.read() as session:
        return listings.delivery_states(session).get("sent", 0)


def _forever(app: App, host: str, port: int) -> int:
    """Runs until a signal ends it."""
    from alerts.runtime.runtime import prepare

    logs.configure()
    active = prepare(app.config_dir)  # a broken configuration starts nothing
    if app.broker:
        embedded.check_broker(app.broker)
    with embedded.state_directory(app.state) as state:
        if port:
            embedded.listening(host, port).close()
        _check_environment(state, port)
        # A child, with which its connections and libraries go. Meanwhile this process imports what the others need.
        preparing = embedded.Fork(target=_prepare, args=(app,), daemon=True)
        preparing.start()
        embedded.preload()
        preparing.join()
        if preparing.exitcode:
            return 1  # it has said why
        with _processes(app, state, host, port) as supervisor:
            app.warn_of_passwords()
            click.echo(
                f"alerts: watching {counted(len(active.settings.institutions), 'institution')} in "
                f"{counted(len(active.settings.sources), 'source')}; state in {state}; Ctrl-C stops",
                err=True,
            )
            supervisor.watch()
            click.echo("alerts: stopping", err=True)
    return supervisor.status


def _prepare(app: App) -> None:
    """Brings the schema up to date and puts the files in force, and exits."""
    from alerts.pipeline.publish import publish_files

    def work() -> None:
        with app.runtime() as (runtime, _):
            publish_files(runtime)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this child
    sys.exit(guarded(work))


def _check_environment(state: Path, port: int) -> None:
    """Raises AlertsError, once, for what the children would refuse again and again."""
    from alerts.access import links, signing
    from alerts.access.sign_on import sign_on
    from alerts.pipeline import heartbeat

    environment.tick_seconds(os.environ)
    heartbeat.heartbeat_url(os.environ)
    links.pages(state, os.environ)
    if port:
        signing.signer(state, os.environ)
        signing.operator_token(state, os.environ)
        sign_on(os.environ)


@contextlib.contextmanager
def _processes(app: App, state: Path, host: str, port: int) -> Iterator[embedded.Supervisor]:
    """Broker unless one is configured, workers, beat and pages; stopped at the end of the block."""

    def say(line: str) -> None:
        click.echo(f"alerts: {line}", err=True)

    with tempfile.TemporaryDirectory(prefix="alerts-") as sockets, embedded.Supervisor(app.environment(), say) as group:
        if not app.broker:
            embedded.start_broker(group, state, Path(sockets))
        embedded.start_workers(group)
        if port:
            group.add("web", work=partial(main, ["web", "--host", host, "--port", str(port)]))
        yield group


@contextlib.contextmanager
def _scene(app: App) -> "Iterator[FeedServer]":
    """The demonstration has a configuration, a feed server and a state of its own, gone at its end."""
    from alerts.demo import play
    from alerts.demo.server import FeedServer

    if app.database or app.broker:
        raise UsageError("--demo runs on its own database and broker; leave out --database and --broker")
    with tempfile.TemporaryDirectory(prefix="alerts-demo-") as state, FeedServer() as stage:
        os.environ["ALERTS_DEMO_URL"] = stage.url
        app.config_dir, app.state = play.CONFIG, Path(state)
        yield stage


def _demo(app: App, stage: "FeedServer", host: str, port: int, *, once: bool) -> int:
    from alerts.demo import play

    logs.configure("ERROR")
    if once:
        with app.runtime() as (runtime, driver):
            play.once(stage, runtime, driver, sys.stdout)
        return 0
    if port:
        embedded.listening(host, port).close()
    os.environ.setdefault(logs.LEVEL, "WARNING")  # the scenario itself says what happens
    with app.open() as database:
        database.upgrade()
    with _processes(app, app.state, host, port) as supervisor, app.runtime() as (runtime, _):
        play.live(stage, runtime, sys.stdout, supervisor.watch)
    return supervisor.status


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8321, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.pass_obj
def web(app: App, host: str, port: int) -> None:
    """Serve the pages; `alerts run` does it, too."""
    import uvicorn

    from alerts.access.links import base_url
    from alerts.access.sign_on import sign_on
    from alerts.access.signing import METRICS_ENV, operator_token, signer
    from alerts.runtime.runtime import runtime_on
    from alerts.web.app import create_app
    from alerts.web.connections import BoundedProtocol
    from alerts.web.middleware import known_hosts

    logs.configure()
    with app.open() as database, embedded.listening(host, port) as listener:
        database.upgrade()
        # Nothing is enqueued: the next tick finds in the database what is due.
        runtime = runtime_on(database, app.config_dir, app.state, lambda _requests: None)
        application = create_app(
            runtime,
            signer(app.state, os.environ),
            operator_token(app.state, os.environ),
            base_url=base_url(os.environ),
            hosts=known_hosts(base_url(os.environ), os.environ),
            metrics_token=environment.setting(os.environ, METRICS_ENV),
            sign_on=sign_on(os.environ),
        )
        served = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,  # addresses may hold tokens; the application logs without them
            server_header=False,
            timeout_graceful_shutdown=5,
            proxy_headers=True,  # from the addresses in FORWARDED_ALLOW_IPS alone; 127.0.0.1 by default
            http=BoundedProtocol,
            ws="none",
        )
        app.warn_of_passwords()
        click.echo(f"alerts: pages at http://{host}:{listener.getsockname()[1]}/", err=True)
        uvicorn.Server(served).run(sockets=[listener])
