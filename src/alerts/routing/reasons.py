"""Why an alert or a message was held back: a closed set, used as record, metric label and answer alike."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Each value is what records carry; `meaning` is the line people read."""

    UNSUBSCRIBED = "unsubscribed"
    BELOW_GRADE = "below-grade"
    CONFIG_CHANGE = "config-change"
    BACKFILL = "backfill"
    SILENCE = "silence"
    CORRECTED = "corrected"
    RISE_NOT_TOLD = "rise-not-told"
    INHIBITED = "inhibited"
    SAME_STORY = "same-story"
    SAME_TOPIC = "same-topic"
    DIGEST = "digest"
    QUIET_HOURS = "quiet-hours"
    LIMIT = "limit"
    ACKNOWLEDGED = "acknowledged"
    CHANNEL_GONE = "channel-gone"

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Reason.UNSUBSCRIBED: "The subscriber has unsubscribed this channel.",
    Reason.BELOW_GRADE: "The strongest story has a confidence below 0.10: kept for monitoring, never sent.",
    Reason.CONFIG_CHANGE: "The level rose because the configuration changed, not because something happened.",
    Reason.BACKFILL: "All that brought it was older than `fresh` when found, or comes out of quarantine.",
    Reason.SILENCE: "A silence covers the institution.",
    Reason.RISE_NOT_TOLD: "The level fell, but this channel was never told that it had risen.",
    Reason.CORRECTED: "A correction has already taken the alert back.",
    Reason.INHIBITED: "The same story has already raised another axis of the institution to critical.",
    Reason.SAME_STORY: "This channel already has an alert of the same story.",
    Reason.SAME_TOPIC: "This channel has an alert of another story of the topic, no lower, within `again`.",
    Reason.DIGEST: "The level is below the digest's threshold: it waits for the next digest.",
    Reason.QUIET_HOURS: "It arose during quiet hours: it is sent when they end.",
    Reason.LIMIT: "The channel's limit was reached: it is listed in one summary instead.",
    Reason.ACKNOWLEDGED: "Someone has acknowledged the level: no reminders until it changes.",
    Reason.CHANNEL_GONE: "The subscriber no longer has this channel.",
}
