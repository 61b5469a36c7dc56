"""A sandbox whose templates end: what an operator writes by mistake costs a line, not the process.

The library's sandbox keeps templates from files and from the program, but not from `"a" * 10**9` or from loops in
loops. Here sizes, steps and time are bounded; what passes a bound is an error like any other of a template.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_REPEAT: Final = 10_000
"""Characters, or elements, of what a multiplication, a width or a format makes."""

MAX_TEXT: Final = 200_000
"""Characters of one value."""

MAX_PRINTED: Final = 5_000_000
"""Characters of all that a template prints: the shipped ones, asked for everything, may come to a million."""

MAX_STEPS: Final = 100_000
"""Numbers that all calls of `range` give together."""

MAX_SECONDS: Final = 5.0
"""A template that still prints after this is stopped."""

_GROWING: Final = frozenset(
    {
        "ljust",
        "rjust",
        "center",
        "zfill",
        "expandtabs",
        "format",
        "format_map",
        "translate",
        "replace",
        "join",
    }
)
"""Methods of text that can make much of little. The filters of these names are bounded."""


class _Code(CodeGenerator):
    """The library's compiler, but that `~` asks the environment."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - the library's name
        self.write("environment.joined((")
        for each in node.nodes:
            self.visit(each, frame)
            self.write(", ")
        self.write("))")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox, with bounds for each rendering of a template in a thread; `begin` starts one."""

    code_generator_class = _Code
    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._spent = threading.local()
        self.globals["range"] = self._range

    def begin(self) -> None:
        self._spent.until = time.monotonic() + MAX_SECONDS
        self._spent.printed = self._spent.steps = 0

    def printed(self, value: object) -> None:
        """Counts what an expression prints."""
        self._spent.printed = getattr(self._spent, "printed", 0) + len(_sized(str(value)))
        if self._spent.printed > MAX_PRINTED:
            raise SecurityError(f"it prints more than {MAX_PRINTED:,} characters")
        if time.monotonic() > getattr(self._spent, "until", float("inf")):
            raise SecurityError(f"it takes longer than {MAX_SECONDS:g} s")

    def joined(self, values: tuple[object, ...]) -> str:
        """What `~` gives."""
        return str(_sized("".join(_sized(str(each)) for each in values)))

    def _range(self, *args: int) -> Iterator[int]:
        numbers = range(*args)
        self._spent.steps = getattr(self._spent, "steps", 0) + len(numbers)
        if self._spent.steps > MAX_STEPS:
            raise SecurityError(f"its ranges have more than {MAX_STEPS:,} numbers together")
        return iter(numbers)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            for some, times in ((left, right), (right, left)):
                if (
                    isinstance(some, (str, list, tuple))
                    and isinstance(times, int)
                    and len(some) * times > MAX_REPEAT
                ):
                    raise SecurityError(f"a multiplication makes more than {MAX_REPEAT:,} characters")
        elif operator == "**" and isinstance(right, int) and abs(right) > 64:
            raise SecurityError("a power above 64")
        elif operator == "%" and isinstance(left, str):
            _check_widths(left)
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr in _GROWING:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def bound_filters(self) -> None:
        """Puts a bound around every filter: on a width before, on the size of a text after."""
        for name, function in list(self.filters.items()):
            self.filters[name] = _bounded(name, function)


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def bounded(*args: Any, **options: Any) -> Any:
        numbers = [each for each in (*args, *options.values()) if isinstance(each, int)]
        if name in {"center", "indent", "wordwrap", "batch", "slice"} and any(
            each > MAX_REPEAT for each in numbers
        ):
            raise SecurityError(f"{name}: a width above {MAX_REPEAT:,}")
        texts = [each for each in args if isinstance(each, str)]
        if name == "format" and texts:
            _check_widths(texts[0])
        if name == "replace" and len(texts) == 3 and len(texts[0]) * len(texts[2]) > MAX_TEXT * 100:
            raise SecurityError(f"replace: more than {MAX_TEXT:,} characters")
        return _sized(function(*args, **options))

    return bounded


def _sized(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise SecurityError(f"a text of more than {MAX_TEXT:,} characters")
    return value


def _check_widths(pattern: str) -> None:
    """No width or precision of a `%` format has more than four digits, or comes from its arguments."""
    digits = 0
    for character in pattern:
        digits = digits + 1 if character.isdigit() else 0
        if digits > 4:
            raise SecurityError(f"a format with a width above {MAX_REPEAT:,}")
    if "*" in pattern:
        raise SecurityError("a format whose width is an argument")
