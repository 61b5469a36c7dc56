"""When to ask a feed again, and what to remember of it. Pure.

    plan = next_poll(source, state, result, parsed, decision, now=now)

The earliest time is set by the source's `interval` in the configuration and by what the server and the feed ask for;
between that and a cap the rhythm of its news decides. Only a 410 (gone) that is confirmed for days stops a source."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from alerts.feeds.diff import Decision
from alerts.feeds.feed import ErrorKind, FetchResult, ParsedFeed
from alerts.feeds.links import has_credentials, masked, shown, storable
from alerts.feeds.parsing.known_entries import remember
from alerts.feeds.state import FeedState, state_for
from alerts.model.source import Source
from alerts.model.times import spread

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

QUIET_CAP = HOUR  # the longest wait that a quiet feed alone brings about, where a poll costs its server a 304
BLIND_CAP = DAY  # the same where the server gives no validators, so that every poll costs it the whole feed
ASKED_CAP = DAY  # the longest that max-age, Expires or ttl are followed: a year is a mistake, a day is plausible
# The longest wait for Retry-After; a longer one is cut to this, and a note says so.
RETRY_CAP = timedelta(days=30)
# The longest backoff where no server answered: such a poll costs no server anything, and the fault may be local.
UNREACHED_CAP = HOUR
REFUSED_CAP = DAY  # the longest backoff where a server answered with an error
LEAST_GAPS = 3  # fewer gaps between the dates of a feed's items do not show its rhythm

MOVED_POLLS, MOVED_FOR = 5, timedelta(days=3)
GONE_POLLS, GONE_FOR = 4, timedelta(days=3)
ADOPTED_FAILURES = 3  # polls of an adopted address that fail before the configured one is asked again

JITTER = 0.1  # of the wait, added to it


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from a poll. `at` None: the source is stopped. `notes` are for the log, one line each."""

    at: datetime | None
    state: FeedState
    notes: tuple[str, ...] = ()


def next_poll(
    source: Source,
    state: FeedState,
    result: FetchResult,
    parsed: ParsedFeed | None = None,
    decision: Decision | None = None,
    *,
    now: datetime,
) -> Plan:
    """What to remember after a poll that ended at `now`, and when to poll next.

    `parsed` and `decision` are None where there was no body to read; a body that is no feed counts as a
    failure. The same arguments give the same plan: the jitter comes from the source's id and the count of polls."""
    state = state_for(source, state)
    error, line = result.error, result.detail
    if error is None and parsed is not None and parsed.error is not None:
        error, line = parsed.error, f"{shown(result.final_url)}: {parsed.detail}"
    poll = _Poll(source, result, parsed, decision, now)
    if error is None:
        state = poll.succeeded(state)
        wait = poll.wait(state)
    else:
        state = poll.failed(replace(state, polls=state.polls + 1, last_poll=now), error, line)
        wait = poll.backoff(state, error)
    notes = tuple(poll.notes)
    if state.stopped:
        return Plan(None, state, notes)
    at = now + wait + wait * (JITTER * spread(f"{source.id}\n{state.polls}"))
    return Plan(outside_skipped(at, state), state, notes)


def unfinished(source: Source, polls: int) -> FetchResult:
    """The result to record for polls that ended without one, because their worker hung or died."""
    detail = f"{shown(source.url)}: {polls} polls in a row did not end; see the logs of the workers"
    return FetchResult(source.url, source.url, error=ErrorKind.UNFINISHED, detail=detail)


def first_poll(source: Source, now: datetime, over: timedelta) -> datetime:
    """When to poll a source for the first time: spread over some time, so that a long list does not start at once."""
    return now + over * spread(f"{source.id}\n0")


@dataclass(slots=True)
class _Poll:
    """A poll that has ended: the states and the wait that follow from it, and notes about them."""

    source: Source
    result: FetchResult
    parsed: ParsedFeed | None
    decision: Decision | None
    now: datetime
    notes: list[str] = field(default_factory=list)

    def succeeded(self, state: FeedState) -> FeedState:
        source, result, parsed, decision, now = self.source, self.result, self.parsed, self.decision, self.now
        if state.failures >= 3:
            self.notes.append(f"works again after {state.failures} failures")
        state = replace(
            state,
            polls=state.polls + 1,
            last_poll=now,
            first_success=state.first_success or now,
            last_success=now,
            failures=0,
            failing_since=None,
            error_line="",
            gone=0,
            gone_since=None,
            hub=next(iter(result.hubs), state.hub),
            topic=masked(result.self_link, source.url) or state.topic,
            **_validators(state, result, held=decision is not None and decision.held > 0),
        )
        if parsed is not None and not parsed.same_body:
            state = replace(
                state,
                ttl=parsed.ttl,
                skip_hours=parsed.skip_hours,
                skip_days=parsed.skip_days,
                hub=next(iter((*result.hubs, *parsed.hubs)), ""),
                topic=masked(result.self_link or parsed.self_link or result.final_url, source.url),
                rhythm=state.rhythm or _published_rhythm(parsed),
            )
        if parsed is not None:
            state = replace(state, feed_updated=_later(state.feed_updated, parsed.updated, now))
            state = _with_dates(state, parsed, now)
        if decision is not None:
            state = self._decided(state, decision)
        return self._moved(state)

    def _decided(self, state: FeedState, decision: Decision) -> FeedState:
        if decision.held:
            held_since, held_polls = state.held_since or self.now, state.held_polls + 1
            state = replace(state, held=decision.held, held_since=held_since, held_polls=held_polls)
            self.notes.append(decision.quarantine)
        elif state.held:
            end = "items stored without alerts" if decision.released else "feed as before"
            self.notes.append(f"quarantine ended: {end}")
            state = replace(state, held=0, held_since=None, held_polls=0)
        if decision.new:
            rhythm = _smoothed(state, len(decision.new), self.now)
            state = replace(state, last_new=self.now, rhythm=rhythm)
        if self.parsed is not None and not decision.held:
            state = replace(state, body_hash=self.parsed.body_hash)
        return replace(state, seen=remember(state.seen, decision.entry_hashes))

    def _moved(self, state: FeedState) -> FeedState:
        """Count confirmations of a permanent redirect that ends at a working feed; adopt it after days of them.

        Never at once: captive portals, expired domains and mistakes answer 301, too."""
        own, now = self.source.url, self.now
        target = masked(self.result.moved_to, own)
        if not target or (self.result.url.startswith("https:") and not target.startswith("https:")):
            return replace(state, moved_to="", moved=0, moved_since=None) if state.moved_to else state
        advice = f"has moved for good: change url: {shown(own)} to {shown(target)}"
        if has_credentials(own):  # they do not go along, and are not stored
            if state.moved_to != target:
                self.notes.append(f"{advice}, with its credentials")
            return replace(state, moved_to=target, moved=0, moved_since=None)
        if target != state.moved_to:
            self.notes.append(f"has moved for good to {shown(target)}; adopted once this is confirmed for days")
            return replace(state, moved_to=target, moved=1, moved_since=now)
        state = replace(state, moved=state.moved + 1)
        if state.moved < MOVED_POLLS or state.moved_since is None or now - state.moved_since < MOVED_FOR:
            return state
        self.notes.append(f"{advice}; polled there from now on")
        return replace(state, adopted_url=target, moved_to="", moved=0, moved_since=None)

    def failed(self, state: FeedState, error: ErrorKind, line: str) -> FeedState:
        failures, since = state.failures + 1, state.failing_since or self.now
        state = replace(state, failures=failures, failing_since=since, error_line=line)
        if error is ErrorKind.GONE:
            since = state.gone_since or self.now
            state = replace(state, gone=state.gone + 1, gone_since=since)
            if state.gone >= GONE_POLLS and self.now - since >= GONE_FOR:
                advice = "remove the source or give it its new url"
                self.notes.append(f"stopped: {line}, {state.gone} times since {since:%Y-%m-%d}; {advice}")
                return replace(state, stopped=self.notes[-1])
        elif error.reached:
            state = replace(state, gone=0, gone_since=None)
        if state.adopted_url and error.reached and failures >= ADOPTED_FAILURES:
            self.notes.append(f"the address it moved to fails; asking {shown(self.source.url)} again")
            return replace(state, adopted_url="", etag="", last_modified="", validators_url="")
        return state

    def wait(self, state: FeedState) -> timedelta:
        """The wait after a success: what server and feed ask for, or longer by the rhythm of the feed."""
        quiet = (self.now - (state.last_new or state.first_success or self.now)).total_seconds()
        # With validators, eight polls for each usual gap: news is found within an eighth of the time between two items.
        # Without, two, because each poll costs the whole feed, and fewer while the feed is quieter than usual.
        if state.has_validators:
            cap, between = QUIET_CAP, (state.rhythm or quiet) / 8
        else:
            cap, between = BLIND_CAP, (max(state.rhythm, quiet / 8) if state.rhythm else quiet) / 2
        rhythm = timedelta(seconds=min(between, cap.total_seconds()))
        if self.source.at_most is not None:  # the jitter comes on top
            rhythm = min(rhythm, self.source.at_most / (1 + JITTER))
        asked = min(max(self.result.fresh_for or timedelta(0), timedelta(seconds=state.ttl)), ASKED_CAP)
        return max(self.source.interval, rhythm, asked)

    def backoff(self, state: FeedState, error: ErrorKind) -> timedelta:
        """The wait after a failure: doubled each time up to a cap, and never less than the server asks for."""
        cap = REFUSED_CAP if error.reached else UNREACHED_CAP
        interval = self.source.interval
        wait: timedelta = max(min(interval * 2 ** min(state.failures - 1, 16), cap), interval)
        if error is ErrorKind.GONE:
            wait = max(wait, DAY)
        asked = self.result.retry_after or timedelta(0)
        if asked > RETRY_CAP:
            self.notes.append(f"Retry-After asks for {asked.days} days; polled again after {RETRY_CAP.days}")
            return RETRY_CAP
        return max(wait, asked)


def _validators(state: FeedState, result: FetchResult, *, held: bool) -> dict[str, Any]:
    """The validators of this answer, even if the body is the old one. A 304 may leave out what still holds.

    None while items are held back: the next poll has to see the feed again."""
    if held:
        return {"etag": "", "last_modified": "", "validators_url": "", "body_hash": ""}
    kept = (state.etag, state.last_modified) if result.status == 304 else ("", "")
    etag, last_modified = result.etag or kept[0], result.last_modified or kept[1]
    return {"etag": etag, "last_modified": last_modified, "validators_url": storable(result.final_url)}


def _later(old: datetime | None, new: datetime | None, now: datetime) -> datetime | None:
    """The newest build time that the feed gave; an older one is accepted after a day."""
    if new is None or (old is not None and new < old <= now and now - old < DAY):
        return old
    return new


def _with_dates(state: FeedState, parsed: ParsedFeed, now: datetime) -> FeedState:
    """The newest date of an item, and the longest time between two, as far as the entries that were read show it."""
    dates = {entry.published or entry.updated for entry in parsed.entries} - {None}
    known = sorted({date for date in dates if date is not None and date <= now} | {state.newest_item or now})
    if state.newest_item is None:
        known = known[:-1]  # now is no date of an item
    if not known:
        return state
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(known)]
    enough = state.longest_gap or len(gaps) >= LEAST_GAPS
    longest = max(state.longest_gap, *gaps) if enough and gaps else state.longest_gap
    return replace(state, newest_item=known[-1], longest_gap=longest)


def _published_rhythm(parsed: ParsedFeed) -> float:
    """A first estimate, in seconds: the median gap between the dates in the feed, or what it says itself."""
    dates = sorted({entry.published for entry in parsed.entries if entry.published is not None})
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(dates)]
    if len(gaps) >= LEAST_GAPS:
        return median(gaps)
    return float(parsed.update_period)


def _smoothed(state: FeedState, count: int, now: datetime) -> float:
    """The time between two new items, seconds, smoothed over about the last five arrivals."""
    if state.last_new is None:
        return state.rhythm
    gap = (now - state.last_new).total_seconds() / count
    return gap if not state.rhythm else state.rhythm + 0.2 * (gap - state.rhythm)


def outside_skipped(at: datetime, state: FeedState) -> datetime:
    """The first instant from `at` on that lies in no hour or day that the feed asks to skip."""
    if len(state.skip_hours) >= 24 or len(state.skip_days) >= 7:
        return at  # a feed that skips every hour or day does not mean it
    for _ in range(24 * 7):
        if at.weekday() in state.skip_days:
            at = at.replace(hour=0, minute=at.minute, second=at.second) + DAY
        elif at.hour in state.skip_hours:
            at += HOUR
        else:
            return at
    return at
