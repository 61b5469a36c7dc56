"""Prints, from the database alone, what came in, what was found, which level moved and why, what was sent."""

from __future__ import annotations

from typing import TextIO, TypeVar

from sqlalchemy import ScalarResult, select
from sqlalchemy.orm import Session

from alerts.model.alert import fate
from alerts.model.level import Transition
from alerts.runtime.runtime import Runtime
from alerts.store.repositories.transitions import transition_of
from alerts.store.schema import AlertRow, FindingRow, RevisionRow, StoryEventRow, StoryRow, TransitionRow

_Row = TypeVar("_Row", RevisionRow, StoryEventRow, TransitionRow)


class Narrator:
    """Each `report` prints what is new in the database since the last one."""

    def __init__(self, runtime: Runtime, out: TextIO) -> None:
        self._runtime = runtime
        self._out = out
        self._revision = self._event = self._transition = 0
        self._alerts: set[str] = set()
        self._counts = {"items": 0, "level changes": 0, "alerts": 0}

    def begin(self, steps: int) -> None:
        settings = self._runtime.configuration.current().settings
        self._say(f"A story in {steps} steps, published on a local feed server.")
        self._say("Tracked: " + ", ".join(each.name for each in settings.institutions.values()) + ".")

    def step(self, number: int, says: str) -> None:
        self._say(f"\n── {number} ── {says}")

    def end(self) -> None:
        self._say("\n" + ", ".join(f"{count} {what}" for what, count in self._counts.items()) + ".")

    def report(self) -> None:
        settings = self._runtime.configuration.current().settings
        names = {each.id: each.name for each in settings.institutions.values()}
        with self._runtime.database.read() as session:
            for row in _after(session, RevisionRow, self._revision):
                self._revision = row.id
                self._counts["items"] += 1
                self._say(f"   in     {row.publisher}: {row.title}")
                found = session.scalars(select(FindingRow).where(FindingRow.revision == row.id)).all()
                topics = sorted({topic for finding in found for topic, *_ in finding.topics})
                who = ", ".join(
                    f"{names[finding.institution]} ({_rules(finding)})" for finding in found if finding.salience
                )
                if who:
                    self._say(f"   found  {who}" + (f"; topic {', '.join(topics)}" if topics else ""))
                else:
                    self._say("   found  nobody that is tracked")
            joined: dict[str, list[str]] = {}
            for event in _after(session, StoryEventRow, self._event):
                self._event = event.id
                story = session.get(StoryRow, event.story)
                if story is not None and event.kind == "joined" and event.why["score"] > 0:
                    line = (
                        f"{story.reports} reports of {story.publishers} independent publishers, grade {story.grade}: "
                        f"“{story.title}”"
                    )
                    joined.setdefault(line, []).append(names[event.institution])
            for line, joining in joined.items():
                self._say(f"   story  {', '.join(joining)}: {line}")
            for changed in _after(session, TransitionRow, self._transition):
                self._transition = changed.id
                self._counts["level changes"] += 1
                self._move(transition_of(changed), names)
            for alert in session.scalars(select(AlertRow).order_by(AlertRow.at, AlertRow.id)):
                if alert.id not in self._alerts:
                    self._alerts.add(alert.id)
                    self._counts["alerts"] += 1
                    became = fate(alert.state, alert.reason)
                    self._say(f"   alert  to {alert.subscriber} by {alert.channel}: {became}, id {alert.id}")
        self._out.flush()

    def _move(self, moved: Transition, names: dict[str, str]) -> None:
        self._say(
            f"   moved  {names[moved.institution]}, {moved.axis} ({moved.axis.horizon}): "
            f"{moved.from_} → {moved.to}, score {moved.score:.2f}"
        )
        for each in moved.contributions[:2]:
            self._say(
                f"          {each.value:.2f} = severity {each.severity:.2f} × confidence {each.confidence:.2f} "
                f"(grade {each.grade}) × salience {each.salience:.2f} × criticality {each.criticality:.1f}, "
                f"“{each.title}”"
            )

    def _say(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def _after(session: Session, table: type[_Row], last: int) -> ScalarResult[_Row]:
    return session.scalars(select(table).where(table.id > last).order_by(table.id))


def _rules(finding: FindingRow) -> str:
    return ", ".join(sorted({str(mention[4]) for mention in finding.mentions}))
