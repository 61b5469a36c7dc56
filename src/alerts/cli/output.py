"""Output: a table for people, JSON lines or CSV for programs, a progress bar on standard error."""

import csv
import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from alerts.model.alert import fate
from alerts.model.counted import counted
from alerts.model.errors import InputError, UsageError
from alerts.model.records import to_line
from alerts.model.subscriber import Tier
from alerts.model.times import format_time, parse_duration
from alerts.runtime import logs

_Command = TypeVar("_Command", bound=Callable[..., Any])

TIERS = [tier.value for tier in Tier]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many, the newest."
)
tier_option = click.option(
    "--tier", type=click.Choice(TIERS), default=TIERS[-1], show_default=True, help="Show what this tier may see."
)


def tabular(command: _Command) -> _Command:
    """Adds `--json` and `--csv` as the argument `form` of `show`."""
    command = click.option("--csv", "form", flag_value="csv", help="CSV with a header, for a spreadsheet.")(command)
    return click.option("--json", "form", flag_value="json", help="One JSON object a line.")(command)


def tabular_command(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same, and passes the App as the first argument."""
    return tabular(click.pass_obj(command))


def json_command(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--json` and passes the App (`alerts.cli.context`) as the first argument."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")(click.pass_obj(command))


def printable(text: object) -> str:
    """A value on one line, without characters that steer a terminal."""
    return logs.UNSAFE.sub(" ", "" if text is None else str(text))


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """A text of `templates`; every value in it is made printable."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - plain text for a terminal
        loader=PackageLoader("alerts.cli"),
        finalize=printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
    )
    environment.filters.update(g="{:g}".format, time=format_time)
    environment.globals.update(fate=fate, counted=counted)
    return environment.get_template(template).render(values)


def show(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: str | None, empty: str = "nothing") -> None:
    """Prints rows as a table of `columns`, or in the form `json` or `csv` with every key."""
    found = list(rows)
    if form == "json":
        for row in found:
            click.echo(to_line(row))
        return
    if form == "csv":
        keys = list(dict.fromkeys(key for row in found for key in row)) or columns
        text = io.StringIO()
        csv.writer(text).writerows([keys, *([_cell(row.get(key)) for key in keys] for row in found)])
        click.echo(text.getvalue(), nl=False)
        return
    if not found:
        click.echo(empty, err=True)
        return
    cells = [[printable(_short(row.get(column))) for column in columns] for row in found]
    widths = [max(_width(column), *(_width(line[place]) for line in cells)) for place, column in enumerate(columns)]
    for line in ([column.replace("_", " ") for column in columns], *cells):
        padded = (text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _cell(value: Any) -> Any:
    """A value on one line of CSV; an apostrophe keeps a spreadsheet from taking it for a formula."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    if isinstance(value, str):
        return ("'" if value.startswith(_FORMULA) else "") + printable(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict | bool) else value


def _short(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list | dict):
        return ", ".join(map(str, value)) if isinstance(value, list) else json.dumps(value)
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def duration(option: str, text: str) -> timedelta:
    """The value of an option. Raises UsageError, which names the option, where it is no duration."""
    try:
        lasting = parse_duration(text)
        datetime.now(UTC) + lasting  # there is such an instant
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {text!r} is no duration; write for example 30m, 2h or 30d") from None
    return lasting


class OutputFile(click.Path):
    """A file that a command writes at its end: refused before all the work where it could not be."""

    def convert(self, value: Any, *_: Any) -> Path:
        """Raises InputError, which names the file."""
        path = Path(value)
        if path.is_dir():
            raise InputError(str(path), "is a directory")
        if not path.parent.is_dir():
            raise InputError(str(path), "cannot be written: No such file or directory")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise InputError(str(path), "cannot be written: permission denied")
        return path


def write_file(path: Path, text: str, *, new: bool = False) -> None:
    """Raises InputError, which names the file, where it cannot be written, or is there although it has to be new."""
    try:
        with path.open("x" if new else "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
    except FileExistsError:
        raise InputError(str(path), "exists already: remove it, or choose another --output") from None
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror}") from error


def put(path: Path | None, text: str, *, new: bool = False) -> None:
    """Writes a file, or to standard output where none is named."""
    if path is None:
        click.echo(text, nl=False)
    else:
        write_file(path, text, new=new)


def progress_bar(label: str, steps: int, *, least: int = 1) -> Any:
    """A bar of click's on standard error, on a terminal only and where there are at least `least` steps."""
    hidden = steps < least or not sys.stderr.isatty()
    return click.progressbar(length=steps, label=label, file=sys.stderr, hidden=hidden)


def say_beside(bar: Any, line: str) -> None:
    """A line on standard error that the bar does not run into."""
    if not bar.hidden:
        click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(line, err=True)
    bar._last_line = None  # noqa: SLF001 - or it would not draw the same bar again
    bar.render_progress()
