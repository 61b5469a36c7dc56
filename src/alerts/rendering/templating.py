"""Templates that cannot forget to escape.

Whatever an expression prints is cleaned and escaped for the dialect as the very last step, after every filter
and operator. Only what this module or a template itself produced is taken as it is: the type `Safe` marks it,
and any operation on a `Safe` gives a plain text again, which is escaped again. So the worst that a template
can do by mistake is to escape twice, which shows, and not to let something through, which does not."""

import html
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.exceptions import TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.model.errors import DeliveryError
from alerts.rendering import escape
from alerts.rendering.formats import Dialect


class Safe(str):
    """Text already in the markup of the dialect."""

    __slots__ = ()


class _Environment(ImmutableSandboxedEnvironment):
    # What blocks, macros, `super()` and `{% set %}…{% endset %}` collect was escaped piece by piece.
    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        return Safe("".join(parts))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of a dataclass is safe without a look at what it holds: most of what templates ask for."""
        if not attribute.startswith("_") and attribute in getattr(type(obj), "__dataclass_fields__", ()):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


def environment(dialect: Dialect, overrides: Path | None = None) -> Environment:
    """Templates for one dialect: the shipped ones, also as `builtin/NAME`, after those of `overrides`."""

    def escaped(value: object) -> str:
        if value is None:
            return ""
        return value if isinstance(value, Safe) else dialect.escape(escape.clean(str(value)))

    def bold(value: object) -> Safe:
        return Safe(dialect.bold(escaped(value)))

    def link(value: object, url: str | None = None) -> Safe:
        target = escape.safe_url(url or "")
        return Safe(dialect.link(escaped(value), target) if target else escaped(value))

    def button(value: object, url: str, kind: str = "") -> Safe:
        """A link that looks like a button, where the dialect is HTML."""
        target = escape.safe_url(url)
        if not target or dialect.name != "html":
            return link(value, url)
        look = f"button {kind}" if kind in {"main", "answer"} else "button"
        return Safe(f'<a class="{look}" href="{html.escape(target)}">{escaped(value)}</a>')

    builtin = PackageLoader("alerts.rendering", "templates")
    loaders: list[BaseLoader] = [FileSystemLoader(overrides)] if overrides is not None else []
    made = _Environment(
        loader=ChoiceLoader([*loaders, builtin, PrefixLoader({"builtin": builtin})]),
        undefined=StrictUndefined,
        finalize=escaped,
        autoescape=False,  # HTML is one of the dialects, and escaped as the others are
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    for name in ("safe", "escape", "e", "forceescape", "urlize", "xmlattr", "tojson", "pprint"):
        made.filters.pop(name, None)  # they know HTML alone
    made.globals.update(bold=bold, link=link, button=button, dialect=dialect.name)
    return made


def render(env: Environment, names: list[str], context: dict[str, object]) -> str:
    """The first template that exists. DeliveryError, in one line, for what a template's author can cause."""
    name = names[0]
    try:
        template = env.select_template(names)
        name = template.name or name
        return template.render(context)
    except TemplateSyntaxError as error:
        raise DeliveryError(f"{error.filename or error.name}:{error.lineno}: {error.message}") from None
    except RecursionError:
        raise DeliveryError(f"template {name}: it includes or calls itself without an end") from None
    except (TemplateError, ArithmeticError, MemoryError, TypeError, ValueError, LookupError, AttributeError) as error:
        line = escape.shorten(escape.clean(f"{type(error).__name__}: {error}"), 300)
        raise DeliveryError(f"template {name}: {line}") from None
