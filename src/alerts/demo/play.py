"""Plays the scenario: publishes it step by step, and prints what the program made of each."""

from __future__ import annotations

import io
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import yaml

from alerts.demo.narrator import Narrator
from alerts.demo.server import FeedServer
from alerts.pipeline.inline import Once
from alerts.pipeline.publish import publish_files
from alerts.runtime.runtime import Runtime

_HERE = Path(__file__).parent
CONFIG = _HERE / "config"
PAUSE_SECONDS = 6.0
"""Between two steps when the demonstration runs live: time to read, and for the slowest part of the line."""


def server() -> FeedServer:
    """The feed server with the shipped scenario; a context manager."""
    return FeedServer(yaml.safe_load((_HERE / "scenario.yaml").read_text(encoding="utf-8")))


def once(stage: FeedServer, runtime: Runtime, driver: Once, out: TextIO) -> None:
    """The whole scenario without workers, as fast as it goes."""
    narrator = Narrator(runtime, out)
    narrator.begin(len(stage.steps))
    messages = runtime.stream = io.StringIO()
    publish_files(runtime)
    sources = list(runtime.configuration.current().settings.sources)
    for number, step in enumerate(stage.steps, start=1):
        narrator.step(number, step["says"])
        stage.publish(step, _now())
        driver.run(runtime, sources)
        narrator.report()
        # What the console channel printed meanwhile comes after the story of how it came about.
        if printed := messages.getvalue():
            out.write(textwrap.indent(printed.rstrip() + "\n", "   │ ", lambda _: True))
        messages.seek(0)
        messages.truncate()
    narrator.end()


def live(stage: FeedServer, runtime: Runtime, out: TextIO, watch: Callable[[Callable[[], bool]], None]) -> None:
    """The scenario on the real process group, a step every few seconds; `watch` keeps the processes running.

    After the last step everything stays up until Ctrl-C.
    """
    narrator = Narrator(runtime, out)
    narrator.begin(len(stage.steps))
    next_step, at = 0, time.monotonic() + 2.0

    def play() -> bool:
        nonlocal next_step, at
        if next_step < len(stage.steps) and time.monotonic() >= at:
            narrator.step(next_step + 1, stage.steps[next_step]["says"])
            stage.publish(stage.steps[next_step], _now())
            next_step, at = next_step + 1, time.monotonic() + PAUSE_SECONDS
        narrator.report()
        if next_step == len(stage.steps) and time.monotonic() >= at:
            narrator.end()
            out.write("Everything is still running; Ctrl-C stops it.\n")
            out.flush()
            next_step += 1
        return False

    watch(play)


def _now() -> datetime:
    # Feeds give whole seconds.
    return datetime.now(UTC).replace(microsecond=0)
