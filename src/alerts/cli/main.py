"""The command `alerts`: its global options, its commands, and how errors reach a person."""

import importlib
import io
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from alerts.cli.context import App
from alerts.config import environment
from alerts.model.errors import AlertsError, ConfigError, did_you_mean
from alerts.runtime import gc_tuning

_Function = TypeVar("_Function", bound=Callable[..., Any])
_DIRECTORY: Mapping[str, Any] = {"metavar": "DIR", "type": click.Path(path_type=Path)}

# Where each command is, MODULE.FUNCTION; imported only when it is called: `alerts match` must not wait for Celery.
_PLACES = {
    "Run it": "run.run run.poll run.web db.status doctor.doctor",
    "Write the configuration": "configuration.init check.check check.test replay.plan briefing.tune "
    "configuration.import_institutions configuration.import_opml configuration.export_opml",
    "Ask what is known": "lists.institutions topics.names lists.profile explain.explain explain.why_not lists.search "
    "explain.export explain.verify lists.stories lists.transitions lists.deliveries sources.sources topics.topics "
    "briefing.briefing briefing.feedback briefing.silence_report",
    "Try items, without a database": "replay.match replay.cluster replay.replay",
    "Look after it": "operate.ack preferences.preferences operate.silence operate.unsubscribe operate.redeliver "
    "operate.release operate.send_test link.link link.sessions db.db",
    "Shell": "completion.completion",
}
SECTIONS: Mapping[str, Mapping[str, str]] = {
    section: {place.partition(".")[2].replace("_", "-"): place for place in places.split()}
    for section, places in _PLACES.items()
}
_PASSWORD = re.compile(r"(postgres|redis).*(//[^/@]*:[^/@]+@|[?&]password=)")  # before the host or among the options
COMMANDS = {name: place for section in SECTIONS.values() for name, place in section.items()}


def _add_help(command: click.Command, name: str) -> None:
    """The rest of a command's help, from help/NAME.txt; its first line is the docstring of the function."""
    file = Path(__file__).with_name("help") / f"{name}.txt"
    if command.callback is not None and file.is_file():
        command.help = f"{command.callback.__doc__}\n\n" + file.read_text(encoding="utf-8").replace("\\b", "\b")
    if isinstance(command, click.Group):
        for each, inner in command.commands.items():
            _add_help(inner, f"{name}-{each}")


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(".")
        command = getattr(importlib.import_module(f"alerts.cli.{module}"), name)
        assert isinstance(command, click.Command)  # noqa: S101
        _add_help(command, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Raises UsageError, which says what may have been meant."""
        name = str(args[0])
        if name not in COMMANDS and not name.startswith("-"):
            raise click.UsageError(f"no command {name!r}{did_you_mean(name, list(COMMANDS))}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Under their sections, in the order in which a newcomer needs them."""
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                found = [(name, self.get_command(ctx, name)) for name in commands]
                rows = [(name, each.get_short_help_str(100)) for name, each in found if each is not None]
                formatter.write_dl(rows, col_max=22, col_spacing=2)


def _place(name: str, meaning: str, default: str = "", **options: Any) -> Callable[[_Function], _Function]:
    """An option before the command; a variable of the environment sets it as well."""
    options = {"metavar": "URL", "default": default, "help": meaning, **options}
    return click.option(f"--{name}", envvar=f"ALERTS_{name.upper()}", show_envvar=True, **options)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@_place("config", "Directory of the YAML configuration; ./config where none is given.", default="config", **_DIRECTORY)
@_place("database", "sqlite:///PATH or postgresql://…; a file in the state directory where none is given.")
@_place("broker", "redis://…; `alerts run` starts one of its own where none is given.")
@_place(
    "state",
    "Directory of the embedded broker and database, ./.alerts where none is given; delete it to start afresh.",
    default=".alerts",
    **_DIRECTORY,
)
@click.version_option(package_name="institution-alerts", prog_name="alerts")
@click.pass_context
def cli(ctx: click.Context, config: Path, database: str, broker: str, state: Path) -> None:
    """Finds tracked institutions in news feeds and alerts subscribers when a level crosses a threshold.

    \b
    Examples:
      alerts run --demo --once        # see what it does, without a network
      alerts init banks --from banks  # a first configuration of your own
      alerts --config banks check
      alerts --config banks run"""
    exposed = tuple(
        name
        for name, url in (("database", database), ("broker", broker))
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE and _PASSWORD.match(url)
    )
    database = database or environment.setting(os.environ, environment.DATABASE)
    broker = broker or environment.setting(os.environ, environment.BROKER)
    ctx.obj = App(config, database, broker, state, exposed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and exits: 0 done, 1 the answer is no, 2 wrong usage. Shows no traceback to anyone."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # headlines hold what a terminal's encoding may not have
            stream.reconfigure(errors="backslashreplace")
    # As Ctrl-C does: what was begun is put away, temporary files and children among it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    gc_tuning.look_rarely()
    sys.exit(status_of(arguments))


def status_of(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; its exit status."""
    return guarded(partial(cli.main, args=arguments, prog_name="alerts", standalone_mode=False))


def guarded(work: Callable[[], object]) -> int:
    """Does some work, and says in one line what goes wrong; the exit status."""
    try:
        outcome = work()
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "alerts"
        _complain(f"{error.format_message().rstrip('.')}; see `{command} --help`")
        return 2
    except click.ClickException as error:
        _complain(error.format_message())
        return 1
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # The reader of our output has gone, for example `| head`. Nothing may be flushed into it any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        return 1
    except AlertsError as error:
        _complain(str(error))
        return error.exit_status
    except Exception as error:
        if os.environ.get("ALERTS_DEBUG"):
            raise
        _complain(
            f"internal error: {type(error).__name__}; this is a defect of the program: "
            "set ALERTS_DEBUG=1 to see where, and report it"
        )
        return 1
    return outcome if isinstance(outcome, int) else 0


def _complain(message: str) -> None:
    click.echo("alerts: " + " ".join(message.splitlines()), err=True)
