"""A sandbox whose templates end: what an operator writes by mistake costs a line, not the process.

The library's sandbox keeps templates from files and from the program, but not from `"a" * 10**9` or from loops in
loops. Here sizes and steps are bounded; what passes a bound is an error like any other of a template.
"""

import functools
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_REPEAT: Final = 10_000  # characters, or elements, of what a multiplication or a width makes
MAX_TEXT: Final = 200_000  # characters of a value that is printed or that a filter gives
MAX_STEPS: Final = 100_000  # numbers that all calls of `range` give together
MAX_SECONDS: Final = 5.0  # a template that still prints after this is stopped

_GROWING: Final = frozenset(
    {"ljust", "rjust", "center", "zfill", "expandtabs", "format", "format_map", "translate", "replace", "join"}
)
"""Methods of text that can make much of little. The filters of these names are bounded."""


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox, with bounds for each rendering of a template in a thread; `begin` starts one."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._spent = threading.local()
        self.globals["range"] = self._range

    def begin(self) -> None:
        self._spent.until, self._spent.steps = time.monotonic() + MAX_SECONDS, 0

    def printed(self, value: object) -> None:
        """Looks at what an expression prints."""
        _bound(value)
        if time.monotonic() > self._spent.until:
            raise SecurityError(f"it takes longer than {MAX_SECONDS:g} s")

    def _range(self, *args: int) -> Iterator[int]:
        numbers = range(*args)
        self._spent.steps += len(numbers)
        if self._spent.steps > MAX_STEPS:
            raise SecurityError(f"its ranges have more than {MAX_STEPS:,} numbers together")
        return iter(numbers)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        sizes = [len(each) if isinstance(each, (str, list, tuple)) else each for each in (left, right)]
        if operator == "*" and sizes != [left, right] and sizes[0] * sizes[1] > MAX_REPEAT:
            raise SecurityError(f"a multiplication makes more than {MAX_REPEAT:,} characters")
        if operator == "**" and abs(right) > 64:
            raise SecurityError("a power above 64")
        if operator == "%":
            _check_widths(left)
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of a dataclass is safe without a look at what it holds: most of what templates ask for."""
        if not attribute.startswith("_") and attribute in getattr(type(obj), "__dataclass_fields__", ()):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        grows = isinstance(obj, str) and attr in _GROWING
        return not grows and super().is_safe_attribute(obj, attr, value)

    def bound_filters(self) -> None:
        """Puts a bound around every filter: on numbers before, on the size of a text after."""
        self.filters.update({name: _bounded(function) for name, function in self.filters.items()})


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def bounded(*args: Any, **options: Any) -> Any:
        for each in (*args, *options.values()):
            if isinstance(each, int) and each > MAX_REPEAT:
                raise SecurityError(f"a number above {MAX_REPEAT:,}")
            _check_widths(each)
        return _bound(function(*args, **options))

    return bounded


def _bound(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise SecurityError(f"a text of more than {MAX_TEXT:,} characters")
    return value


def _check_widths(pattern: Any) -> None:
    """No width of a `%` format has more than four digits, or comes from its arguments."""
    if isinstance(pattern, str) and _WIDE.search(pattern):
        raise SecurityError(f"a format with a width above {MAX_REPEAT:,}")


_WIDE = re.compile(r"%[^a-zA-Z%]*(?:\d{5}|\*)")
