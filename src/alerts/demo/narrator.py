"""Prints, from the database alone, what came in, what was found, which level moved and why, what was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TextIO, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.model.alert import fate
from alerts.runtime.runtime import Runtime
from alerts.store.repositories.transitions import transition_of
from alerts.store.schema import AlertRow, FindingRow, RevisionRow, StoryEventRow, StoryRow, TransitionRow

_Row = TypeVar("_Row", RevisionRow, StoryEventRow, TransitionRow)


class Narrator:
    """Each `report` prints what is new in the database since the last one."""

    def __init__(self, runtime: Runtime, out: TextIO) -> None:
        self._runtime = runtime
        self._out = out
        self._newest: Counter[type] = Counter()  # the last row of each table that was printed
        self._alerts: set[str] = set()
        self._counts = Counter({"items": 0, "level changes": 0, "alerts": 0})
        self._template = Environment(  # noqa: S701 - plain text for a terminal
            loader=PackageLoader("alerts.demo", "."), undefined=StrictUndefined, trim_blocks=True
        ).get_template("narration.txt.j2")

    @property
    def _names(self) -> dict[str, str]:
        settings = self._runtime.configuration.current().settings
        return {each.id: each.name for each in settings.institutions.values()}

    def begin(self, steps: int) -> None:
        self._say(f"A story in {steps} steps, published on a local feed server.\n")
        self._say(f"Tracked: {', '.join(self._names.values())}.\n")

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
            stories: dict[tuple[int, int, str, str], list[str]] = {}
            for event in self._new(session, StoryEventRow):
                story = session.get(StoryRow, event.story)
                if story is not None and event.kind == "joined" and event.why["score"] > 0:
                    key = (story.reports, story.publishers, story.grade, story.title)
                    stories.setdefault(key, []).append(names[event.institution])
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
