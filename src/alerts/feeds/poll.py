"""One poll of one feed, from the request to the plan for the next. The store is the caller's.

fetch -> parse -> decide -> next_poll

polled = poll_feed(client, source, state, known, now=now)"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from alerts.feeds import diff as deciding
from alerts.feeds.diff import Decision, KnownItems, Wanted
from alerts.feeds.feed import FetchResult, ParsedFeed
from alerts.feeds.fetching.fetch import fetch
from alerts.feeds.fetching.network import HttpClient
from alerts.feeds.parsing.parse import parse
from alerts.feeds.schedule import Plan, next_poll
from alerts.feeds.state import FeedState, state_for
from alerts.model.source import Source

# The known items that a decision wants. Called once, after the fetch, and only where there are entries to decide on;
# what it wants is worked out where it is asked for: of a source without items nobody does.
LookUp = Callable[[Callable[[], Wanted]], KnownItems]


@dataclass(frozen=True, slots=True)
class PolledFeed:
    """Everything that one poll brought. Store `decision`, `plan.state` and `plan.at` in one transaction."""

    result: FetchResult
    parsed: ParsedFeed | None
    decision: Decision | None
    plan: Plan


def poll_feed(
    client: HttpClient,
    source: Source,
    state: FeedState,
    known: LookUp,
    *,
    now: datetime,
    computing: AbstractContextManager[None] | None = None,
) -> PolledFeed:
    """Poll a source once. What a server or a feed does wrong is in the result; only `known` may raise.

    Reading a feed keeps the processor busy, and is done in `computing` where that is given."""
    state = state_for(source, state)
    result = fetch(client, source, state, now=now)
    with computing if computing is not None and result.modified else nullcontext():
        return read_answer(source, state, result, known, now=now)


def read_answer(source: Source, state: FeedState, result: FetchResult, known: LookUp, *, now: datetime) -> PolledFeed:
    """The rest of a poll whose fetch is done: `now` becomes the time at which its items were observed."""
    state = state_for(source, state)
    parsed = decision = None
    if result.modified:
        parsed = parse(result.body, result.content_type, base_url=result.final_url, source=source, state=state)
        if parsed.error is None and not parsed.same_body:
            found = known(partial(deciding.wanted, source, parsed)) if parsed.entries else KnownItems()
            decision = deciding.decide(source, parsed, found, state, now)
    return PolledFeed(result, parsed, decision, next_poll(source, state, result, parsed, decision, now=now))
