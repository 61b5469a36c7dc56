"""A bar for work that takes long: on standard error, on a terminal only."""

from __future__ import annotations

import sys
from typing import Any, Self

import click


class Progress:
    """Shows nothing where standard error is no terminal or the work is short. A context manager.

    `least` is how many steps make a bar worth its place.
    """

    def __init__(self, label: str, steps: int = 0, *, least: int = 1) -> None:
        self._label = label
        self._least = least
        self._bar: Any = None  # click names no type for it in public
        self._begin(steps)

    def _begin(self, steps: int) -> None:
        if steps >= self._least and sys.stderr.isatty():
            self._bar = click.progressbar(length=steps, label=self._label, file=sys.stderr)
            self._bar.__enter__()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def __call__(self, count: int = 1) -> None:
        """So many steps more are done."""
        if self._bar is not None:
            self._bar.update(count)

    def reached(self, done: int, steps: int) -> None:
        """For work that learns how long it is only when it begins."""
        if self._bar is None and done == 0:
            self._begin(steps)
        elif self._bar is not None:
            self._bar.update(done - self._bar.pos)

    def say(self, line: str) -> None:
        """A line on standard error that the bar does not run into."""
        if self._bar is not None:
            click.echo("\r\x1b[K", nl=False, err=True)
        click.echo(line, err=True)
        if self._bar is not None:
            self._bar._last_line = None  # noqa: SLF001 - or it would not draw the same bar again
            self._bar.render_progress()
