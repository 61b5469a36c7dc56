"""Writes what the documentation says from the program itself: `make docs`. A test fails where it is not current.

The tables of docs/configuration.md come from the forms that check the YAML, docs/cli.md from the help texts.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

import click
from pydantic.fields import FieldInfo

from alerts.cli.main import SECTIONS, cli
from alerts.config import values
from alerts.config.json_schema import descriptions
from alerts.config.schema import ConfigurationForm, Form
from alerts.model.level import Level
from alerts.model.times import format_duration

HERE = Path(__file__).parent
CONFIGURATION = HERE / "configuration.md"
COMMAND_LINE = HERE / "cli.md"

KINDS = {
    "id": values.Id,
    "text": values.Text,
    "boolean": values.Boolean,
    "share": values.Share,
    "share above 0": values.Threshold,
    "whole number": values.Count,
    "duration": values.Duration,
    "duration, or 0s": values.Wait,
    "time of day": values.Clock,
    "time of the week": values.Weekly,
    "time zone": values.Zone,
    "rate": values.Rate,
    "instant": values.Instant,
    "web address": values.WebAddress,
    "host name": values.Domain,
    "language code": values.Language,
    "[channel address](#channel-addresses)": values.ChannelAddress,
}
"""The kinds of values, as docs/configuration.md explains them, by what checks them."""

HEAD = "| key | type | default | meaning |\n|---|---|---|---|\n"


# --- the configuration ---------------------------------------------------------------------------------------


def forms(form: type[Form], heading: str) -> Iterator[tuple[str, type[Form]]]:
    """Each form with the heading it is documented under."""
    yield heading, form
    for name, field in form.model_fields.items():
        if inner := _form_in(field.annotation):
            key = field.alias or name
            yield from forms(inner, key if heading == "Files" else f"{heading}.{key}")


def _form_in(annotation: Any) -> type[Form] | None:
    if isinstance(annotation, type) and issubclass(annotation, Form):
        return annotation
    return next((found for each in get_args(annotation) if (found := _form_in(each))), None)


def table(form: type[Form], heading: str) -> str:
    """The keys of a form: type, default and meaning."""
    hints, meanings = get_type_hints(form, include_extras=True), descriptions(form)
    rows = []
    for name, field in form.model_fields.items():
        key = field.alias or name
        below = key if heading == "Files" else f"{heading}.{key}"
        meaning = meanings[key].rstrip(".").replace("|", "\\|")
        rows.append(f"| `{key}` | {_type(hints[name], below)} | {_default(field)} | {meaning} |\n")
    return HEAD + "".join(rows)


def _type(hint: Any, heading: str) -> str:
    """In the words of the page."""
    if get_origin(hint) is Annotated:
        base, *checks = get_args(hint)
        for kind, known in KINDS.items():
            same, *needed = get_args(known)
            if same is base and all(any(one is each for each in checks) for one in needed):
                return kind
        return _type(base, heading)
    if get_origin(hint) in {Union, UnionType}:
        (kept,) = [each for each in get_args(hint) if each is not NoneType]
        return _type(kept, heading)
    if get_origin(hint) is tuple:
        return f"list of {_several(_type(get_args(hint)[0], heading))}"
    if get_origin(hint) is dict:
        return f"names, each with: {_type(get_args(hint)[1], heading)}"
    if isinstance(hint, type) and issubclass(hint, Form):
        return f"[{heading.rpartition('.')[2]}](#{heading.replace('.', '')})"
    if hint is Level:
        return "level"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return ", ".join(f"`{each.value}`" for each in hint)
    return "text"


def _several(kind: str) -> str:
    return kind if kind.startswith(("`", "[")) else re.sub(r"s?$", "s", kind, count=1).replace("ss", "sses")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", {}):
        return "none"
    if isinstance(value, Form):
        return "see there"
    if isinstance(value, tuple):
        return "`[]`" if not value else _all_or_some(value)
    return f"`{_written(value)}`"


def _all_or_some(chosen: tuple[Any, ...]) -> str:
    if set(chosen) == set(cast("type[Enum]", type(chosen[0]))):
        return "all"
    return f"`[{', '.join(map(_written, chosen))}]`"


def _written(value: Any) -> str:
    """A value as YAML has it."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return format_duration(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def configuration(page: str) -> str:
    """The page with its tables as the program has them."""
    for heading, form in forms(ConfigurationForm, "Files"):
        section = re.compile(
            rf"(^#+ {re.escape(heading)}\n(?:(?!^#+ ).*\n)*?)\| key \| type \|.*\n(?:\|.*\n)+", re.MULTILINE
        )
        found = section.search(page)
        if found is None:
            raise SystemExit(f"{CONFIGURATION.name}: no table under the heading {heading!r}")
        page = page[: found.end(1)] + table(form, heading) + page[found.end() :]
    return page


# --- the command line ----------------------------------------------------------------------------------------

INTRODUCTION = """\
# The command line

Made from the help texts by `make docs`. `alerts COMMAND --help` says the same.

    alerts [OPTIONS] COMMAND [ARGS]...

Data is printed for people on a terminal and, with `--json`, as one JSON object a line. Errors go to standard error: one
line that says what is wrong, where, and what to do.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | it ran, and the answer is no: a failing test, an unhealthy system, a refused configuration, an unknown id |
| 2 | wrong usage |
| 130, 143 | ended by Ctrl-C, by SIGTERM |

`alerts completion SHELL` prints the code that makes bash, zsh or fish complete commands, options and ids.

"""


def command_line() -> str:
    """The page of all commands."""
    context = click.Context(cli, info_name="alerts")
    parts = [INTRODUCTION, "## Options before the command\n", _options(cli, context)]
    for section, names in SECTIONS.items():
        parts.append(f"\n## {section}\n\n| | |\n|---|---|\n")
        found = [(name, _command(cli, name, context)) for name in names]
        parts += [f"| [`{name}`](#{name}) | {each.get_short_help_str(100)} |\n" for name, each in found]
        for name, each in found:
            parts += _described(each, click.Context(each, parent=context, info_name=name), name)
    return "".join(parts)


def _command(group: click.Group, name: str, context: click.Context) -> click.Command:
    found = group.get_command(context, name)
    if found is None:
        raise LookupError(name)
    return found


def _described(command: click.Command, context: click.Context, name: str) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"\n### {name}\n\n    alerts {name} {usage}\n\n{_prose(command)}"
    yield _options(command, context)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = _command(command, each, context)
            yield from _described(inner, click.Context(inner, parent=context, info_name=each), f"{name} {each}")


def _prose(command: click.Command) -> str:
    """The help text: paragraphs as they are, examples as code."""
    parts = []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b\n"):
            first, _, rest = paragraph.removeprefix("\b\n").partition("\n")
            examples = first.startswith("Example")
            code = inspect.cleandoc(rest)
            kind, text = ("console", _prompted(code)) if examples else ("text", code)
            parts += [] if examples else [first]
            parts.append(f"```{kind}\n{text}\n```")
        else:
            parts.append(" ".join(paragraph.split()))
    return "\n\n".join(parts) + "\n"


def _prompted(code: str) -> str:
    return "\n".join(f"$ {line}" for line in code.splitlines())


def _options(command: click.Command, context: click.Context) -> str:
    rows = [
        record
        for each in command.get_params(context)
        if (record := each.get_help_record(context)) and "--help" not in record[0]
    ]
    if not rows:
        return ""
    text = "".join(f"| `{name}` | {_cell(said)} |\n" for name, said in rows)
    return f"\n| option | |\n|---|---|\n{text}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    CONFIGURATION.write_text(configuration(CONFIGURATION.read_text(encoding="utf-8")), encoding="utf-8")
    COMMAND_LINE.write_text(command_line(), encoding="utf-8")
    sys.stdout.write(f"{CONFIGURATION.name}, {COMMAND_LINE.name}\n")


if __name__ == "__main__":
    main()
