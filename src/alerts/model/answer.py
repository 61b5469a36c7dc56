"""What a reader answers to an alert: seen, wrong, useful, or what to get from now on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from alerts.model.counted import counted

MUTE_DAYS: Final = (1, 7, 30)  # for how many days a message offers to mute its institution


class AnswerKind(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    MUTE = "mute"
    ONLY_CRITICAL = "only-critical"
    DAILY = "daily"
    WRONG = "wrong"
    USEFUL = "useful"


PREFERENCES: Final = frozenset({AnswerKind.MUTE, AnswerKind.ONLY_CRITICAL, AnswerKind.DAILY})
"""Answers that change what the channel gets from then on."""


class WrongReason(StrEnum):
    NOT_ABOUT = "not-about"
    WRONG_TOPIC = "wrong-topic"
    OLD = "old"
    DUPLICATE = "duplicate"
    NOT_IMPORTANT = "not-important"

    @property
    def verdict(self) -> str:
        """The word of `evaluations/verdicts.jsonl`."""
        words = {"not-about": "wrong institution", "old": "old news", "not-important": "noise"}
        return words.get(self.value, self.value.replace("-", " "))


@dataclass(frozen=True, slots=True)
class Answer:
    """One act of one reader on one alert. It is never deleted: taking it back sets `undone_at` and `undone_by`.

    `channel` is the channel whose message was answered; a preference holds for that channel alone. `reason` is set
    for `wrong`, `days` for `mute`. `who` is what is known of the reader: a link is good for whoever reads the channel.
    `alert` is empty where an operator acknowledged a level that no alert reported."""

    id: str
    alert: str
    subscriber: str
    channel: str
    kind: AnswerKind
    institution: str
    at: datetime
    reason: WrongReason | None = None
    days: int | None = None
    who: str = ""
    undone_at: datetime | None = None
    undone_by: str = ""

    @property
    def until(self) -> datetime | None:
        """When a mute ends by itself."""
        return None if self.days is None else self.at + timedelta(days=self.days)

    @property
    def verdict(self) -> str:
        """`right`, or what was wrong, in the words of `evaluations/verdicts.jsonl`; empty for other answers."""
        if self.kind is AnswerKind.USEFUL:
            return "right"
        return self.reason.verdict if self.reason is not None else ""

    @property
    def subject(self) -> tuple[str, ...]:
        """What the answer is about: of two answers about the same, the later one replaces the other."""
        if self.verdict:
            return "verdict", self.alert
        if self.kind is AnswerKind.ACKNOWLEDGE:
            return "acknowledge", self.alert, self.institution
        if self.kind is AnswerKind.MUTE:
            return "mute", self.channel, self.institution
        return "volume", self.channel

    def says_the_same(self, other: "Answer") -> bool:
        """Whether both say the same about the same; when and by whom does not matter.

        A mute from another alert is another one: it lasts from then. So is an acknowledgement of no alert."""
        if self.kind is AnswerKind.MUTE or not self.alert:
            return self.alert == other.alert != "" and (self.subject, self.days) == (other.subject, other.days)
        return (self.subject, self.kind, self.reason) == (other.subject, other.kind, other.reason)

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at an instant: after its own, until it ends or was taken back.

        What happened at the very instant of an answer came before it, so that a replay decides as the live run did."""
        ended = (self.until is not None and self.until <= at) or (self.undone_at is not None and self.undone_at < at)
        return self.at < at and not ended

    def in_words(self) -> str:
        """For lists and pages: `mute acme for 7 days`, `wrong: not about`."""
        if self.kind is AnswerKind.MUTE:
            return f"mute {self.institution} for {counted(self.days or 0, 'day')}"
        if self.kind is AnswerKind.WRONG and self.reason is not None:
            return f"wrong: {self.reason.value.replace('-', ' ')}"
        return self.kind.value.replace("-", " ")
