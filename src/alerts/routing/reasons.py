"""Why an alert or a message was held back: a closed set, used as record, metric label and answer alike."""

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """Each value is what records carry; `meaning` is the line people read."""

    _value_: str
    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.meaning = value, meaning
        return member

    UNSUBSCRIBED = "unsubscribed", "The subscriber has unsubscribed this channel."
    BELOW_GRADE = "below-grade", "The strongest story has a confidence below 0.10: kept for monitoring, never sent."
    CONFIG_CHANGE = "config-change", "The level rose because the configuration changed, not because something happened."
    BACKFILL = "backfill", "All that brought it was older than `fresh` when found, or comes out of quarantine."
    SILENCE = "silence", "A silence covers the institution."
    MUTED = "muted", "A reader of the channel has muted the institution, from a message."
    CORRECTED = "corrected", "A correction has already taken the alert back."
    RISE_NOT_TOLD = "rise-not-told", "The level fell, but this channel was never told that it had risen."
    INHIBITED = "inhibited", "The same story has already raised another axis of the institution to critical."
    SAME_STORY = "same-story", "This channel already has an alert of the same story."
    SAME_TOPIC = "same-topic", "This channel has an alert of a story of the topic, no lower, within `again`."
    BELOW_PREFERENCE = "below-preference", "A reader of the channel wants critical alerts alone, and this is none."
    DIGEST = "digest", "The level is below the digest's threshold: it waits for the next digest."
    QUIET_HOURS = "quiet-hours", "It arose during quiet hours: it is sent when they end."
    LIMIT = "limit", "The channel's limit was reached: it is listed in one summary instead."
    ACKNOWLEDGED = "acknowledged", "Someone has acknowledged the level: no reminders until it changes."
    CHANNEL_GONE = "channel-gone", "The subscriber no longer has this channel."
