"""When to poll next: each promise to a server, and to the reader who waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.diff import Decision, ItemChange, KnownItem
from alerts.feeds.feed import Entry, ErrorKind, FetchResult, ParsedFeed
from alerts.feeds.schedule import (
    ASKED_CAP,
    BLIND_CAP,
    GONE_FOR,
    GONE_POLLS,
    JITTER,
    MOVED_FOR,
    MOVED_POLLS,
    QUIET_CAP,
    REFUSED_CAP,
    RETRY_CAP,
    UNREACHED_CAP,
    Plan,
    first_poll,
    next_poll,
)
from alerts.feeds.state import FeedState, poll_url
from alerts.model.item import Item
from alerts.model.source import Source

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
URL = "https://a.example/feed.xml"
SOURCE = Source(id="a", url=URL, publisher="A", interval=timedelta(minutes=15))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def answer(**changes: object) -> FetchResult:
    made = FetchResult(url=URL, final_url=URL, status=200, etag='"1"')
    return replace(made, **changes)  # type: ignore[arg-type]


def failure(kind: ErrorKind, **changes: object) -> FetchResult:
    return answer(status=0, etag="", error=kind, detail="a.example: why", **changes)


def after(
    result: FetchResult, state: FeedState | None = None, parsed: ParsedFeed | None = None, **more: object
) -> Plan:
    now = more.pop("now", NOW)
    source = more.pop("source", SOURCE)
    return next_poll(source, state or FeedState(), result, parsed, more.pop("decision", None), now=now)  # type: ignore[arg-type]


def wait(plan: Plan, now: datetime = NOW) -> timedelta:
    assert plan.at is not None
    return plan.at - now


def about(plan: Plan, expected: timedelta, now: datetime = NOW) -> bool:
    """Whether the wait is what is expected, with its jitter, which only ever adds."""
    return expected <= wait(plan, now) <= expected * (1 + JITTER)


# What is asked for


def test_the_interval_is_the_least() -> None:
    assert about(after(answer()), SOURCE.interval)


@pytest.mark.parametrize(
    ("fresh_for", "expected"),
    [
        (timedelta(0), SOURCE.interval),
        (5 * MINUTE, SOURCE.interval),
        (40 * MINUTE, 40 * MINUTE),
        (6 * HOUR, 6 * HOUR),
        (365 * DAY, ASKED_CAP),
    ],
)
def test_what_cache_headers_ask(fresh_for: timedelta, expected: timedelta) -> None:
    assert about(after(answer(fresh_for=fresh_for)), expected)
    assert about(after(answer(status=304, fresh_for=fresh_for)), expected)


def test_ttl_holds_for_the_304_that_does_not_repeat_it() -> None:
    plan = after(answer(), parsed=ParsedFeed(ttl=7200))
    assert about(plan, 2 * HOUR)
    assert about(after(answer(status=304), plan.state), 2 * HOUR)
    assert about(after(answer(), plan.state, ParsedFeed(same_body=True)), 2 * HOUR)
    assert about(after(answer(), plan.state, ParsedFeed(same_body=True)), 2 * HOUR)
    assert about(after(answer(), plan.state, ParsedFeed(ttl=0)), SOURCE.interval)


def test_hours_and_days_to_skip() -> None:
    state = after(answer(), parsed=ParsedFeed(skip_hours=(12, 13), skip_days=(1,))).state
    at = after(answer(status=304), state).at
    assert at is not None
    assert (at.date(), at.hour) == (NOW.date(), 14)
    late = NOW.replace(hour=23, minute=50)
    at = after(answer(status=304), state, now=late).at
    assert at is not None
    assert at.date() == (NOW + 2 * DAY).date()  # Tuesday is skipped


def test_a_feed_that_skips_everything_means_nothing_by_it() -> None:
    parsed = ParsedFeed(skip_hours=tuple(range(24)), skip_days=tuple(range(7)))
    assert about(after(answer(), parsed=parsed), SOURCE.interval)


@pytest.mark.parametrize("asked", [MINUTE, 3 * HOUR, 3 * DAY])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_whole(asked: timedelta, status: int) -> None:
    plan = after(failure(ErrorKind.BUSY, retry_after=asked))
    assert about(plan, max(asked, SOURCE.interval))


def test_a_retry_after_of_years_is_said_aloud_and_cut() -> None:
    plan = after(failure(ErrorKind.BUSY, retry_after=timedelta(days=9999)))
    assert about(plan, RETRY_CAP)
    assert "9999 days" in plan.notes[0]


# What the rhythm suggests


def quiet_feed(gap: timedelta) -> ParsedFeed:
    return ParsedFeed(entries=tuple(Entry(guid=str(n), published=NOW - n * gap) for n in range(9)))


def test_a_quiet_feed_with_validators_is_polled_each_hour() -> None:
    assert about(after(answer(), parsed=quiet_feed(7 * DAY)), QUIET_CAP)


def test_a_quiet_feed_without_validators_is_polled_each_day() -> None:
    assert about(after(answer(etag=""), parsed=quiet_feed(7 * DAY)), BLIND_CAP)


def test_a_busy_feed_is_polled_at_its_interval() -> None:
    assert about(after(answer(), parsed=quiet_feed(HOUR)), SOURCE.interval)
    assert about(after(answer(etag=""), parsed=quiet_feed(30 * MINUTE)), SOURCE.interval)


def test_last_modified_alone_is_a_validator() -> None:
    assert about(after(answer(etag="", last_modified="x"), parsed=quiet_feed(7 * DAY)), QUIET_CAP)


def test_an_interval_above_the_cap_stays() -> None:
    slow = replace(SOURCE, interval=6 * HOUR)
    assert about(after(answer(), parsed=quiet_feed(7 * DAY), source=slow), 6 * HOUR)


@pytest.mark.parametrize("parsed", [ParsedFeed(), ParsedFeed(entries=(Entry(guid="1"),))])
def test_a_feed_of_unknown_rhythm_is_asked_less_the_longer_it_is_quiet(parsed: ParsedFeed) -> None:
    state, now, waits = FeedState(), NOW, []
    while now < NOW + 9 * DAY:
        plan = after(answer(etag=""), state, parsed, now=now)
        waits.append(wait(plan, now))
        state, now = plan.state, plan.at or NOW
    assert waits[0] <= SOURCE.interval * (1 + JITTER)
    assert waits[-1] >= BLIND_CAP
    assert len(waits) < 60


def test_a_busy_feed_that_pauses_for_a_weekend_is_still_asked() -> None:
    state = after(answer(etag=""), parsed=quiet_feed(HOUR), decision=arrival(9)).state
    monday = NOW + 2 * DAY
    assert wait(after(answer(etag=""), state, now=monday), monday) <= 4 * HOUR
    assert about(after(answer(), state, now=monday), SOURCE.interval, monday)  # with validators, as ever


def arrival(count: int = 1) -> Decision:
    item = Item(id="x", title="t", observed=NOW)
    return Decision(new=(ItemChange(item, KnownItem("x")),) * count)


def test_the_rhythm_follows_what_arrives() -> None:
    state = replace(after(answer(), parsed=quiet_feed(7 * DAY), decision=arrival(9)).state, last_new=NOW)
    now = NOW
    for _ in range(30):  # a feed that wakes up: news every ten minutes
        now += 10 * MINUTE
        state = after(answer(), state, ParsedFeed(), decision=arrival(), now=now).state
    assert about(after(answer(status=304), state, now=now), SOURCE.interval, now)


# Failures


def failing(kind: ErrorKind, polls: int, **changes: object) -> list[Plan]:
    plans: list[Plan] = []
    state, now = FeedState(url=URL), NOW
    for _ in range(polls):
        plan = after(failure(kind, **changes), state, now=now)
        plans.append(plan)
        if plan.at is None:
            break
        state, now = plan.state, plan.at
    return plans


@pytest.mark.parametrize("kind", [kind for kind in ErrorKind if kind is not ErrorKind.GONE])
def test_failures_back_off_to_a_cap_and_never_end_a_source(kind: ErrorKind) -> None:
    plans = failing(kind, 40)
    cap = REFUSED_CAP if kind.reached else UNREACHED_CAP
    waits = [wait(plan, plan.state.last_poll or NOW) for plan in plans]
    assert SOURCE.interval <= waits[0] <= SOURCE.interval * (1 + JITTER)
    assert waits[1] >= 2 * SOURCE.interval
    assert all(each <= cap * (1 + JITTER) for each in waits)
    assert waits[-1] >= cap
    assert plans[-1].state.failures == 40
    assert plans[-1].state.failing_since == NOW


def test_a_success_ends_the_backoff_and_says_so() -> None:
    state = failing(ErrorKind.DOWN, 5)[-1].state
    plan = after(answer(), state)
    assert about(plan, SOURCE.interval)
    assert (plan.state.failures, plan.state.error_line) == (0, "")
    assert plan.state.failing_since is None
    assert "works again" in plan.notes[0]


def test_a_body_that_is_no_feed_is_a_failure_and_takes_no_validators() -> None:
    state = FeedState(url=URL, etag='"good"', validators_url=URL)
    wrong = ParsedFeed(error=ErrorKind.NOT_A_FEED, detail="is a web page")
    plan = after(answer(etag='"bad"'), state, wrong)
    assert (plan.state.etag, plan.state.failures) == ('"good"', 1)
    assert plan.state.error_line.endswith("is a web page")


def test_gone_stops_a_source_loudly_after_days() -> None:
    plans = failing(ErrorKind.GONE, 20)
    last = plans[-1]
    assert last.at is None
    assert last.state.gone >= GONE_POLLS
    assert (last.state.last_poll or NOW) - NOW >= GONE_FOR
    assert "stopped" in last.notes[0]
    assert last.state.stopped == last.notes[0]
    assert all(plan.at is not None for plan in plans[:-1])


@pytest.mark.parametrize("other", [answer(), failure(ErrorKind.NOT_FOUND)])
def test_gone_has_to_be_said_each_time(other: FetchResult) -> None:
    state = failing(ErrorKind.GONE, 3)[-1].state
    assert after(other, state, now=NOW + 9 * DAY).state.gone == 0


def test_a_network_failure_between_does_not_undo_gone() -> None:
    state = failing(ErrorKind.GONE, 3)[-1].state
    assert after(failure(ErrorKind.DOWN), state, now=NOW + 9 * DAY).state.gone == 3


# Moves

TARGET = "https://new.example/feed.xml"


def moving(polls: int, every: timedelta, target: str = TARGET) -> list[Plan]:
    plans: list[Plan] = []
    state = FeedState(url=URL)
    for poll in range(polls):
        result = answer(final_url=target, moved_to=target)
        plans.append(after(result, state, now=NOW + poll * every))
        state = plans[-1].state
    return plans


def test_a_permanent_move_is_adopted_after_days_and_reported() -> None:
    plans = moving(8, DAY)
    adopted = [plan for plan in plans if plan.state.adopted_url]
    assert len(plans) - len(adopted) >= max(MOVED_POLLS, MOVED_FOR.days) - 1
    assert adopted[0].state.adopted_url == TARGET
    assert poll_url(SOURCE, adopted[0].state) == TARGET
    assert f"change url: {URL} to {TARGET}" in adopted[0].notes[0]


def test_a_move_is_not_adopted_within_days_however_often_it_is_said() -> None:
    assert not any(plan.state.adopted_url for plan in moving(200, 15 * MINUTE))


def test_a_move_that_is_taken_back_counts_from_the_start() -> None:
    state = moving(4, DAY)[-1].state
    assert after(answer(), state).state.moved == 0
    elsewhere = answer(moved_to="https://other.example/")
    assert after(elsewhere, state).state.moved == 1


def test_a_move_to_something_that_is_no_feed_is_no_confirmation() -> None:
    state = moving(3, DAY)[-1].state
    wrong = ParsedFeed(error=ErrorKind.NOT_A_FEED, detail="is a web page")
    assert after(answer(moved_to=TARGET), state, wrong).state.moved == state.moved


def test_a_move_away_from_https_is_never_adopted() -> None:
    assert not any(plan.state.adopted_url for plan in moving(30, DAY, target="http://new.example/feed.xml"))


def test_an_adopted_address_that_fails_is_given_up() -> None:
    state = moving(8, DAY)[-1].state
    for _ in range(3):
        plan = after(failure(ErrorKind.NOT_FOUND), state)
        state = plan.state
    assert poll_url(SOURCE, state) == URL
    assert f"asking {URL} again" in plan.notes[0]


def test_secrets_of_an_address_are_in_no_note_and_no_line() -> None:
    secret = replace(SOURCE, url="https://a.example/feed.xml?token=ge%20heim")
    target = "https://new.example/feed.xml?token=ge+heim"
    state, said = FeedState(), ""
    for day in range(9):
        plan = after(answer(moved_to=target), state, source=secret, now=NOW + day * DAY)
        state, said = plan.state, said + "".join(plan.notes)
    assert "heim" not in repr(state.to_json())
    assert poll_url(secret, state) == "https://new.example/feed.xml?token=ge%20heim"
    wrong = ParsedFeed(error=ErrorKind.NOT_A_FEED, detail="is empty")
    for _ in range(3):
        plan = after(answer(final_url=target), state, wrong, source=secret)
        state, said = plan.state, said + "".join(plan.notes) + plan.state.error_line
    assert "change url" in said
    assert "is empty" in said
    assert "asking https://a.example/feed.xml" in said
    assert "heim" not in said


def test_credentials_of_an_address_neither_follow_a_move_nor_are_stored() -> None:
    secret = replace(SOURCE, url="https://me:pass@a.example/feed.xml")
    state = FeedState()
    said: list[str] = []
    for day in range(9):
        plan = after(answer(moved_to="https://new.example/feed.xml"), state, source=secret, now=NOW + day * DAY)
        state = plan.state
        said += plan.notes
    assert poll_url(secret, state) == secret.url
    assert len(said) == 1
    assert "https://new.example/feed.xml, with its credentials" in said[0]
    assert "pass" not in repr((said, state.to_json()))


# Validators


def test_validators_are_those_of_the_last_answer_even_for_an_old_body() -> None:
    state = FeedState(url=URL, etag='"1"', last_modified="a", validators_url=URL)
    plan = after(answer(etag='W/"2, 3"', last_modified=""), state, ParsedFeed(same_body=True))
    assert (plan.state.etag, plan.state.last_modified) == ('W/"2, 3"', "")


def test_a_304_may_bring_new_validators_or_none() -> None:
    state = FeedState(url=URL, etag='"1"', last_modified="a", validators_url=URL)
    assert after(answer(status=304, etag=""), state).state.etag == '"1"'
    assert after(answer(status=304, etag='"2"'), state).state.etag == '"2"'
    assert after(answer(status=304, etag='"2"'), state).state.last_modified == "a"


def test_while_items_are_held_the_feed_is_asked_for_whole() -> None:
    plan = after(answer(), FeedState(url=URL, etag='"0"'), ParsedFeed(), decision=Decision(held=9, quarantine="why"))
    assert not plan.state.has_validators
    assert (plan.state.held, plan.state.held_polls, plan.state.held_since) == (9, 1, NOW)
    assert plan.notes == ("why",)
    ended = after(answer(), plan.state, ParsedFeed(), decision=Decision())
    assert (ended.state.held, ended.state.held_since, ended.state.held_polls) == (0, None, 0)
    assert ended.state.has_validators


# All together


@given(
    st.sampled_from([answer(), answer(status=304), *(failure(kind) for kind in ErrorKind)]),
    st.integers(0, 60),
    st.floats(0, 1e9),
    st.timedeltas(timedelta(seconds=10), timedelta(days=2)),
    st.lists(st.integers(0, 23), unique=True, max_size=23),
)
def test_the_interval_is_never_undercut(
    result: FetchResult, failures: int, rhythm: float, interval: timedelta, hours: list[int]
) -> None:
    source = replace(SOURCE, interval=interval)
    state = FeedState(url=URL, failures=failures, rhythm=rhythm, skip_hours=tuple(hours))
    plan = next_poll(source, state, result, now=NOW)
    assert plan.at is not None
    assert plan.at >= NOW + interval
    assert plan.at.hour not in hours
    assert plan == next_poll(source, state, result, now=NOW)


def test_jitter_spreads_sources() -> None:
    waits = {wait(after(answer(), source=replace(SOURCE, id=f"s{n}"))) for n in range(50)}
    assert len(waits) == 50


def test_first_polls_are_spread() -> None:
    times = [first_poll(replace(SOURCE, id=f"s{n}"), NOW, 10 * MINUTE) for n in range(50)]
    assert len(set(times)) == 50
    assert all(NOW <= at < NOW + 10 * MINUTE for at in times)


# The longest wait that the configuration allows


@pytest.mark.parametrize("validators", [True, False])
def test_no_poll_comes_later_than_at_most(validators: bool) -> None:
    source = replace(SOURCE, interval=timedelta(minutes=5), at_most=timedelta(minutes=20))
    state = FeedState(url=URL, rhythm=30 * DAY.total_seconds(), first_success=NOW - 90 * DAY)
    for polls in range(50):
        etag = '"1"' if validators else ""
        plan = after(answer(etag=etag), replace(state, polls=polls), source=source)
        assert plan.at is not None
        assert timedelta(minutes=18) < plan.at - NOW <= timedelta(minutes=20)


def test_what_a_server_asks_for_counts_more_than_at_most() -> None:
    source = replace(SOURCE, interval=timedelta(minutes=5), at_most=timedelta(minutes=20))
    plan = after(answer(fresh_for=timedelta(hours=2)), FeedState(url=URL), source=source)
    assert plan.at is not None
    assert plan.at - NOW >= timedelta(hours=2)


# Feeds that answer and are dead


def dated(*days: float) -> ParsedFeed:
    return ParsedFeed(entries=tuple(Entry(guid=str(day), published=NOW - day * DAY) for day in days))


@pytest.mark.parametrize(
    ("days", "stale"),
    [
        ((190, 192, 193, 197, 199), True),  # a newsroom that stood still half a year ago
        ((2, 4, 5, 9, 11), False),
        ((31, 32, 33, 34), True),
        ((29, 30, 31, 32), False),  # a month is never too long
        ((100, 160, 220, 300), False),  # slow, and not overdue
        ((100, 101, 102, 103, 180), False),  # was silent for as long before
        ((400,), False),  # one entry tells no rhythm
        ((), False),  # an empty status page is well
        ((-3, 40, 41, 42, 43), True),  # an announced maintenance is no news of today
    ],
)
def test_a_feed_that_is_silent_for_longer_than_its_rhythm_is_stale(days: tuple[float, ...], stale: bool) -> None:
    state = after(answer(), FeedState(url=URL), dated(*days)).state
    assert (state.stale_at is not None and state.stale_at <= NOW) is stale


def test_news_ends_staleness_and_longer_gaps_are_remembered() -> None:
    state = after(answer(), FeedState(url=URL), dated(190, 192, 193, 197, 199)).state
    state = after(answer(), state, dated(0)).state  # known entries are not read again
    assert state.stale_at is not None
    assert state.stale_at > NOW + 300 * DAY
    assert state.longest_gap == 190 * DAY.total_seconds()
    assert FeedState.from_json(state.to_json()) == state
