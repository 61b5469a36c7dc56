"""What happens to an institution that a subscriber may want to hear of.

Every event has `key` (stable and unique: what makes an alert's id stable), `at`, `institution` and `on`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.model.alert import Alert
from alerts.model.level import Contribution, Level, Transition
from alerts.model.subscriber import On


def strongest(contributions: Iterable[Contribution]) -> Contribution | None:
    """The contribution of the story that adds most; of equals the one with the smaller id."""
    return min(contributions, key=lambda each: (-each.value, each.story), default=None)


@dataclass(frozen=True, slots=True)
class LevelEvent:
    """A level changed. `quiet`: because of items whose dates are not to be believed."""

    transition: Transition
    quiet: bool = False

    @property
    def key(self) -> str:
        return f"level/{self.transition.key}"

    @property
    def at(self) -> datetime:
        return self.transition.at

    @property
    def institution(self) -> str:
        return self.transition.institution

    @property
    def on(self) -> On:
        return On.LEVEL

    @property
    def urgency(self) -> Level:
        """The level that it reports, so a fall is as urgent as what remains."""
        return self.transition.to

    @property
    def strongest(self) -> Contribution | None:
        return strongest(self.transition.contributions)

    @property
    def story(self) -> str:
        return "" if self.strongest is None else self.strongest.story

    @property
    def confidence(self) -> float:
        """Confidence of the strongest story, 0 to 1; 1 where no story stands behind the change."""
        return 1.0 if self.strongest is None else self.strongest.confidence


@dataclass(frozen=True, slots=True)
class MentionEvent:
    """An institution was found in an item. `confidence` is that of the item's story, 0 to 1.

    `quiet`: the item is no news: it was old when it was found, or its dates are not to be believed.
    """

    at: datetime
    institution: str
    item: str
    story: str = ""
    title: str = ""
    url: str = ""
    publisher: str = ""
    confidence: float = 1.0
    quiet: bool = False

    @property
    def key(self) -> str:
        return f"mention/{self.institution}/{self.item}"

    @property
    def on(self) -> On:
        return On.MENTION

    @property
    def urgency(self) -> Level:
        return Level.LOW


@dataclass(frozen=True, slots=True)
class SpikeEvent:
    """`count` stories started within `window`, where `threshold` is what the institution's rhythm allows."""

    at: datetime
    institution: str
    count: int
    expected: float
    threshold: int
    window: timedelta

    @property
    def key(self) -> str:
        return f"spike/{self.institution}/{self.at.isoformat()}"

    @property
    def on(self) -> On:
        return On.SPIKE

    @property
    def urgency(self) -> Level:
        return Level.LOW

    @property
    def story(self) -> str:
        return ""

    @property
    def confidence(self) -> float:
        return 1.0


@dataclass(frozen=True, slots=True)
class GradeEvent:
    """The confidence grade of the institution's strongest story changed."""

    at: datetime
    institution: str
    from_: str
    to: str
    confidence: float
    story: str = ""

    @property
    def key(self) -> str:
        return f"grade/{self.institution}/{self.at.isoformat()}"

    @property
    def on(self) -> On:
        return On.GRADE

    @property
    def urgency(self) -> Level:
        return Level.LOW


@dataclass(frozen=True, slots=True)
class CorrectionEvent:
    """An item was withdrawn or corrected; without it the levels of `alerts` would not have been reached.

    `alerts` may name alerts of any subscriber and state: a desk picks its own, and of those the ones that
    were really told. Hand it to the desks before the fall that the same withdrawal causes.
    """

    at: datetime
    institution: str
    item: str
    alerts: tuple[Alert, ...]
    why: str = "withdrawn"  # or "corrected"

    @property
    def key(self) -> str:
        return f"correction/{self.institution}/{self.item}/{self.at.isoformat()}"


def grade_change(
    institution: str, at: datetime, before: str, contributions: Iterable[Contribution]
) -> GradeEvent | None:
    """The change of grade that new evidence at `at` makes, if it does.

    `before` is the grade that the last call gave as `to` (empty: none yet); `contributions` are those of all
    axes, together. Ask when evidence arrives: what merely fades says nothing about how sure it was.
    """
    top = strongest(contributions)
    if top is None or not before or top.grade == before:
        return None
    return GradeEvent(at, institution, before, top.grade, top.confidence, top.story)


Notice = LevelEvent | MentionEvent | SpikeEvent | GradeEvent
Event = Notice | CorrectionEvent


def order(event: Event) -> tuple[datetime, bool, int, str, str]:
    """Sort key of the order in which a desk is to hear of events.

    Within an instant corrections come first and then what is most urgent, so that neither a fall that a
    correction explains nor a lesser rise of the same story depends on the order in which axes were assessed.
    """
    if isinstance(event, CorrectionEvent):
        return event.at, False, 0, event.institution, event.key
    return event.at, True, -event.urgency.rank, event.institution, event.key
