"""All that is remembered of a source between two polls."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from alerts.feeds.links import storable, unmasked
from alerts.model.source import Source

STALE_LEAST: Final = timedelta(days=30)
STALE_RHYTHMS: Final = 4  # times the usual time between two items
STALE_GAPS: Final = 2  # times the longest time between two items


@dataclass(frozen=True, slots=True)
class FeedState:
    """Everything about a source that outlives a poll, but for its items and the time of the next one.

    Stored as one JSON value. Keys of a newer version are dropped when it is read, missing ones have their defaults."""

    url: str = ""  # the source's URL in the configuration that this state is about, as `links.storable` writes it
    adopted_url: str = ""  # polled instead, after a confirmed permanent move; see `links.masked`

    # Validators: the exact bytes as Latin-1, and the URL that gave them, as `links.storable` writes it.
    etag: str = ""
    last_modified: str = ""
    validators_url: str = ""

    body_hash: str = ""  # of the last body, without its dates
    seen: str = ""  # the entries that need not be read again; see parsing.known_entries
    feed_updated: datetime | None = None  # the newest build time that the feed itself has named

    polls: int = 0
    first_success: datetime | None = None
    last_poll: datetime | None = None
    last_success: datetime | None = None
    last_new: datetime | None = None  # when an item was last new

    failures: int = 0  # in a row
    failing_since: datetime | None = None
    error_line: str = ""  # empty after a success
    stopped: str = ""  # why the source is not polled any more; empty: it is

    gone: int = 0  # 410 in a row
    gone_since: datetime | None = None

    moved_to: str = ""  # see `links.masked`
    moved: int = 0  # confirmations in a row
    moved_since: datetime | None = None

    rhythm: float = 0.0  # seconds between two new items, smoothed; 0: not known
    newest_item: datetime | None = None  # the newest date that an item of the feed bears
    longest_gap: float = 0.0  # seconds between two items, by their dates; 0: not known

    # What the feed says of itself and asks of its readers, kept because a 304 does not repeat it.
    ttl: int = 0  # seconds
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()  # Monday is 0

    held: int = 0  # items in quarantine at the last poll
    held_since: datetime | None = None
    held_polls: int = 0

    hub: str = ""  # WebSub
    topic: str = ""  # see `links.masked`

    @property
    def stale_at(self) -> datetime | None:
        """When the feed, although it answers, is silent for far longer than it ever was; None where that is not known.

        An empty feed is none, and neither is one whose few items tell no rhythm."""
        if self.newest_item is None or not self.longest_gap:
            return None
        silence = max(STALE_RHYTHMS * self.rhythm, STALE_GAPS * self.longest_gap)
        return self.newest_item + max(timedelta(seconds=silence), STALE_LEAST)

    @property
    def has_validators(self) -> bool:
        return bool(self.etag or self.last_modified)

    def to_json(self) -> dict[str, Any]:
        """JSON values, defaults left out."""
        stored: dict[str, Any] = _STATE.dump_python(self, mode="json", exclude_defaults=True)
        return stored

    @classmethod
    def from_json(cls, record: Mapping[str, Any] | None) -> "FeedState":
        return _STATE.validate_python({name: value for name, value in (record or {}).items() if value is not None})


_STATE: Final = TypeAdapter(FeedState)
_LASTING: Final = ["seen", "last_new", "first_success", "last_success", "rhythm", "newest_item", "longest_gap", "polls"]


def state_for(source: Source, state: FeedState) -> FeedState:
    """The state as far as it still holds: nothing of it does once the configuration names another URL,
    except what is known of the feed's entries, so that a moved feed alerts nothing twice."""
    url = storable(source.url)
    if state.url == url:
        return state
    if not state.url:
        return replace(state, url=url)
    return FeedState(url=url, **{name: getattr(state, name) for name in _LASTING})


def poll_url(source: Source, state: FeedState) -> str:
    """Where the next poll goes."""
    adopted = state.adopted_url if state.url == storable(source.url) else ""
    return unmasked(adopted, source.url) or source.url


def resumed(state: FeedState) -> FeedState:
    """The state of a stopped source that an operator starts again."""
    return replace(state, stopped="", gone=0, gone_since=None, failures=0, failing_since=None)
