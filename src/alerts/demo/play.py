"""Plays the scenario: publishes it step by step, and prints what the program made of each."""

import io
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.demo.server import FeedServer
from alerts.model.alert import fate
from alerts.pipeline.inline import Once
from alerts.pipeline.publish import publish_files
from alerts.runtime.runtime import Runtime
from alerts.store.repositories.transitions import transition_of
from alerts.store.schema import AlertRow, FindingRow, RevisionRow, StoryEventRow, StoryRow, TransitionRow

CONFIG = Path(__file__).parent / "config"
# Between two steps when the demonstration runs live: time to read, and for the slowest part of the line.
PAUSE_SECONDS = 6.0

_Row = TypeVar("_Row", RevisionRow, StoryEventRow, TransitionRow)


class Narrator:
    """Each `report` prints what is new in the database since the last one."""

    def __init__(self, runtime: Runtime, out: TextIO, steps: int) -> None:
        self._runtime = runtime
        self._out = out
        self._newest: Counter[type] = Counter()  # the last row of each table that was printed
        self._alerts: set[str] = set()
        self._counts = Counter({"items": 0, "level changes": 0, "alerts": 0})
        self._template = Environment(  # noqa: S701 - plain text for a terminal
            loader=PackageLoader("alerts.demo", "."), undefined=StrictUndefined, trim_blocks=True
        ).get_template("narration.txt.j2")
        self._say(f"A story in {steps} steps, published on a local feed server.\n")
        self._say(f"Tracked: {', '.join(self._names.values())}.\n")

    @property
    def _names(self) -> dict[str, str]:
        settings = self._runtime.configuration.current().settings
        return {each.id: each.name for each in settings.institutions.values()}

    def step(self, number: int, says: str) -> None:
        self._say(f"\n── {number} ── {says}\n")

    def end(self) -> None:
        self._say("\n" + ", ".join(f"{count} {what}" for what, count in self._counts.items()) + ".\n")

    def report(self) -> None:
        names = self._names
        with self._runtime.database.read() as session:
            items = [
                (row, session.scalars(select(FindingRow).where(FindingRow.revision == row.id)).all())
                for row in self._new(session, RevisionRow)
            ]
            stories: dict[tuple[int, int, str, str], dict[str, None]] = {}
            for event in self._new(session, StoryEventRow):
                story = session.get(StoryRow, event.story)
                if story is not None and event.kind == "joined" and event.why["score"] > 0:
                    key = (story.reports, story.publishers, story.grade, story.title)
                    stories.setdefault(key, {})[names[event.institution]] = None
            moves = [transition_of(each) for each in self._new(session, TransitionRow)]
            recorded = session.scalars(select(AlertRow).order_by(AlertRow.at, AlertRow.id))
            alerts = [each for each in recorded if each.id not in self._alerts]
            new = {"items": items, "stories": stories, "moves": moves, "alerts": alerts}
            self._say(self._template.render(new, names=names, fate=fate))
        self._alerts |= {each.id for each in alerts}
        self._counts.update({"items": len(items), "level changes": len(moves), "alerts": len(alerts)})

    def _new(self, session: Session, table: type[_Row]) -> Sequence[_Row]:
        rows = session.scalars(select(table).where(table.id > self._newest[table]).order_by(table.id)).all()
        self._newest[table] = max((row.id for row in rows), default=self._newest[table])
        return rows

    def _say(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def once(stage: FeedServer, runtime: Runtime, driver: Once, out: TextIO) -> None:
    """The whole scenario without workers, as fast as it goes."""
    narrator = Narrator(runtime, out, len(stage.steps))
    messages = runtime.stream = io.StringIO()
    publish_files(runtime)
    sources = list(runtime.configuration.current().settings.sources)
    for number, step in enumerate(stage.steps, start=1):
        narrator.step(number, step["says"])
        stage.publish(step, _now())
        for source in sources:  # one by one: which answers of several arrive together is chance
            driver.run(runtime, [source])
        narrator.report()
        # What the console channel printed meanwhile comes after the story of how it came about.
        if printed := messages.getvalue():
            out.write(textwrap.indent(printed.rstrip() + "\n", "   │ ", lambda _: True))
        messages.seek(0)
        messages.truncate()
    narrator.end()


def live(stage: FeedServer, runtime: Runtime, out: TextIO, watch: Callable[[Callable[[], bool]], None]) -> None:
    """The scenario on the real process group, a step every few seconds; `watch` keeps the processes running.

    After the last step everything stays up until Ctrl-C."""
    narrator = Narrator(runtime, out, len(stage.steps))
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
