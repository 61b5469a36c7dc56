"""What a subscriber chose by answering messages, as the router asks for it. Pure.

A preference holds for the channel whose message was answered, and only ever takes away from what the rules ask for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time

from alerts.model.answer import Answer, AnswerKind
from alerts.model.level import Level
from alerts.model.subscriber import Digest, Subscriber
from alerts.model.times import format_time

DAILY_AT = time(8)  # when the daily message of a subscriber without a digest goes out, on the clock of its time zone


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences of one subscriber in order of time, ended ones too: each says when it held."""

    answers: tuple[Answer, ...] = ()

    def muted(self, channel: str, institution: str, at: datetime) -> str:
        """Until when the institution is muted, and by whom, in words; empty where it is not."""
        for mute in self._held(AnswerKind.MUTE, channel, at):
            if mute.institution == institution and mute.until is not None:
                return f"until {format_time(mute.until)}{_by(mute)}"
        return ""

    def only_critical(self, channel: str, at: datetime) -> str:
        """Since when the channel wants critical alerts alone, in words; empty where it wants others, too."""
        chosen = next(self._held(AnswerKind.ONLY_CRITICAL, channel, at), None)
        return f"only critical since {format_time(chosen.at)}{_by(chosen)}" if chosen is not None else ""

    def digest(self, subscriber: Subscriber, channel: str, at: datetime) -> Digest | None:
        """The digest of a channel: the subscriber's own, or one of all below critical where a reader chose that."""
        if next(self._held(AnswerKind.DAILY, channel, at), None) is None:
            return subscriber.digest
        return daily(subscriber)

    def _held(self, kind: AnswerKind, channel: str, at: datetime) -> Iterator[Answer]:
        return (each for each in self.answers if each.kind is kind and each.channel == channel and each.holds(at))


def daily(subscriber: Subscriber) -> Digest:
    """The digest of a reader who wants one message a day: all below critical, at the subscriber's time."""
    return replace(subscriber.digest or Digest(DAILY_AT, subscriber.timezone), below=Level.CRITICAL)


def _by(answer: Answer) -> str:
    return f" (by {answer.who})" if answer.who else ""
