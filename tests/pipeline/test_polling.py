from __future__ import annotations

import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer, Page, rss
from kit.system import START, System, settings
from sqlalchemy import event

from alerts.cases.observation import publisher_of
from alerts.feeds.feed import Limits
from alerts.insight.coverage import coverage
from alerts.insight.health import health
from alerts.pipeline import poll as poll_step
from alerts.pipeline import steps
from alerts.pipeline.operate import release
from alerts.pipeline.poll import LEASE_SECONDS
from alerts.runtime.configuration import Files
from alerts.store.repositories import items, sources
from alerts.store.schema import FindingRow, HostRow, ItemRow, RevisionRow, SourceRow

pytestmark = pytest.mark.servers

FRESH = START - timedelta(hours=1)
OUTAGE = Entry("a1", "Acme Networks hit by outage", "Nothing works.", "https://wire.example/a1", FRESH)
RULING = Entry("a2", "Court ruling on Globex Corporation", "The judge spoke.", "https://wire.example/a2", FRESH)


@pytest.fixture
def wire(lines: Any, feeds: FeedServer) -> System:
    """A line with one source, `wire`."""
    made: System = lines(settings({"wire": f"{feeds.url}/wire"}))
    return made


def test_items_are_stored_once_with_what_they_say_about_whom(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE, RULING])
    outcome = wire.poll("wire")
    assert (outcome.new, outcome.revised, outcome.error) == (2, 0, "")
    assert list(outcome.institutions) == ["acme", "globex"]
    found = {(row.institution, row.title, tuple(name for name, _ in row.topics)) for row in wire.rows(FindingRow)}
    assert found == {("acme", OUTAGE.title, ("outage",)), ("globex", RULING.title, ("ruling",))}
    assert {row.observed for row in wire.rows(RevisionRow)} == {START}, "one stamp for one poll"
    before = wire.counts()
    for _ in range(3):
        wire.clock.move(minutes=10)
        assert wire.poll("wire").new == 0
    assert wire.counts() == before


def test_the_same_feed_without_validators_and_with_other_bytes_stores_nothing(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", Page(rss([OUTAGE, RULING]), validators=False))
    wire.poll("wire")
    before = wire.counts()
    body = rss([OUTAGE, RULING]).replace(
        b"<channel>", b"<channel><lastBuildDate>Mon, 02 Mar 2026 10:00:00 GMT</lastBuildDate>"
    )
    feeds.put("wire", Page(body, validators=False))
    wire.clock.move(minutes=10)
    wire.poll("wire")
    assert wire.counts() == before


def test_a_date_rewritten_alone_makes_nothing(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE, RULING])
    wire.poll("wire")
    before = wire.counts()
    later = Entry(**{**vars(OUTAGE), "published": START + timedelta(minutes=5)})
    feeds.put("wire", [later, RULING])
    wire.clock.move(minutes=10)
    outcome = wire.poll("wire")
    assert (outcome.new, outcome.revised) == (0, 0)
    assert wire.counts() == before


def test_an_edit_is_a_new_revision_of_the_same_item(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE, RULING])
    wire.poll("wire")
    feeds.put("wire", [Entry(**{**vars(OUTAGE), "title": "Acme Networks recovers from outage"}), RULING])
    wire.clock.move(minutes=10)
    outcome = wire.poll("wire")
    assert (outcome.new, outcome.revised) == (0, 1)
    assert len(wire.rows(ItemRow)) == 2
    revisions = wire.rows(RevisionRow)
    assert [row.title for row in revisions][-1] == "Acme Networks recovers from outage"
    assert len({row.item for row in revisions}) == 2


def test_an_edit_that_drops_an_institution_is_found_for_it_too(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    wire.poll("wire")
    feeds.put("wire", [Entry(**{**vars(OUTAGE), "title": "Somebody hit by outage"})])
    wire.clock.move(minutes=10)
    assert wire.poll("wire").institutions == ["acme"]
    assert [row.salience for row in wire.rows(FindingRow, institution="acme")] == [1.0, 0.0]


BROKEN = {
    "missing": (Page(b"gone fishing", 404, "text/plain"), "has no such feed"),
    "failing": (Page(b"oops", 500, "text/plain"), "500"),
    "busy": (Page(b"", 503, headers={"Retry-After": "7200"}), "503"),
    "html": (Page(b"<!doctype html><html><body>Please log in</body></html>", content_type="text/html"), "web page"),
    "empty": (Page(b""), "is empty"),
    "huge": (Page(b"<rss>" + b" " * (17 * 1024 * 1024)), "more than 16777216"),
    "cut": (Page(rss([OUTAGE])[:40], promised=100_000), "without sending complete"),
    "binary": (Page(bytes(range(256)) * 8, content_type="application/octet-stream"), "is no feed"),
    "slow": (Page(rss([OUTAGE]), delay=5.0), "silent"),
}


def test_what_a_server_does_wrong_is_on_its_source_and_harms_no_other(
    lines: Any, feeds: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.feeds.fetching.fetch.Limits", functools.partial(Limits, read=2.0))
    for name, (page, _) in BROKEN.items():
        feeds.put(name, page)
    feeds.put("wire", [OUTAGE])
    urls = {name: f"{feeds.url}/{name}" for name in (*BROKEN, "wire")}
    urls["down"] = "http://127.0.0.1:9/feed"
    made: System = lines(settings(urls))
    outcomes = {outcome.source: outcome for outcome in made.run()}
    assert set(outcomes) == set(urls), "every source was polled"
    assert (outcomes["wire"].new, outcomes["wire"].error) == (1, "")
    rows = {row.id: row for row in made.rows(SourceRow)}
    for name in (*BROKEN, "down"):
        says = BROKEN[name][1] if name in BROKEN else "no connection"
        error = rows[name].error
        assert error, name
        assert error == outcomes[name].error
        assert "\n" not in error
        assert says in error, (name, error)
        assert rows[name].error_streak == 1
        assert rows[name].last_success_at is None
        assert rows[name].next_poll_at > made.clock.at
    assert rows["busy"].next_poll_at >= made.clock.at + timedelta(hours=2), "Retry-After is obeyed"
    assert len(made.rows(ItemRow)) == 1


def test_a_truncated_feed_still_gives_what_it_has(wire: System, feeds: FeedServer) -> None:
    whole = rss([OUTAGE, RULING])
    feeds.put("wire", whole[: whole.index(b"</item>") + len("</item>") + 20])
    outcome = wire.poll("wire")
    assert (outcome.new, outcome.error) == (1, "")


def test_a_source_that_works_again_is_healthy_again(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", Page(b"oops", 500))
    for streak in (1, 2, 3):
        wire.clock.move(hours=1)
        wire.poll("wire")
        assert wire.rows(SourceRow)[0].error_streak == streak
    feeds.put("wire", [OUTAGE])
    wire.clock.move(hours=1)
    wire.poll("wire")
    row = wire.rows(SourceRow)[0]
    assert (row.error, row.error_streak, row.last_success_at) == (None, 0, wire.clock.at)


def test_a_hint_that_comes_late_or_twice_does_not_ask_the_server_again(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    wire.clock.move(minutes=2)
    assert steps.poll_sources(wire.runtime, "wire")[0].new == 1
    assert steps.poll_sources(wire.runtime, "wire")[0].skipped
    assert feeds.count("wire") == 1
    wire.clock.move(hours=1)
    assert not steps.poll_sources(wire.runtime, "wire")[0].skipped
    assert feeds.count("wire") == 2


def test_two_pollers_at_once_ask_the_server_once(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", Page(rss([OUTAGE]), delay=0.5))
    wire.clock.move(minutes=2)
    both = threading.Barrier(2)
    outcomes = []

    def poll() -> None:
        both.wait()
        outcomes.append(steps.poll_sources(wire.runtime, "wire")[0])

    threads = [threading.Thread(target=poll) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.skipped for outcome in outcomes) == [False, True]
    assert feeds.count("wire") == 1


def test_who_finds_its_lease_taken_over_stores_nothing(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    wire.clock.move(minutes=2)

    class Overtaken:
        """A clock by which the lease runs out, and is taken by another, while the server answers."""

        calls = 0

        def __call__(self) -> Any:
            self.calls += 1
            if self.calls == 2:
                wire.clock.move(minutes=10)
                with wire.database.write() as session:
                    session.get_one(SourceRow, "wire").lease_token = "another"
            return wire.clock.at

    wire.runtime.clock = Overtaken()
    assert steps.poll_sources(wire.runtime, "wire")[0].skipped
    assert wire.rows(ItemRow) == []


def test_polls_that_never_end_are_failures_of_their_source(wire: System, feeds: FeedServer) -> None:
    """Its worker hangs or dies each time: the first may be bad luck, the second is the source, which has to wait."""
    feeds.put("wire", [OUTAGE])
    wire.clock.move(minutes=2)
    for _ in range(2):
        with wire.database.write() as session:
            assert sources.lease(session, ["wire"], wire.clock.at, seconds=LEASE_SECONDS)
        wire.clock.move(seconds=LEASE_SECONDS + 1)
    outcome = steps.poll_sources(wire.runtime, "wire")[0]
    assert "2 polls in a row did not end" in outcome.error
    assert feeds.requests == []
    (row,) = wire.rows(SourceRow)
    assert (row.error_streak, row.lease_token) == (1, None)
    assert "did not end" in row.state["error_line"]
    assert row.next_poll_at > wire.clock.at
    assert steps.poll_sources(wire.runtime, "wire")[0].skipped, "it waits"

    wire.clock.move(minutes=2)
    with wire.database.write() as session:
        sources.lease(session, ["wire"], wire.clock.at, seconds=LEASE_SECONDS)
    wire.clock.move(seconds=LEASE_SECONDS + 1)
    assert steps.poll_sources(wire.runtime, "wire")[0].error, "from then on one is enough"
    (row,) = wire.rows(SourceRow)
    assert row.error_streak == 2

    wire.clock.move(minutes=5)
    assert steps.poll_sources(wire.runtime, "wire")[0].new == 1
    (row,) = wire.rows(SourceRow)
    assert (row.error_streak, row.lost_leases, row.error) == (0, 0, None)


def test_a_poll_whose_worker_was_killed_is_repeated_at_once(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    wire.clock.move(minutes=2)
    with wire.database.write() as session:
        sources.lease(session, ["wire"], wire.clock.at, seconds=LEASE_SECONDS)
    wire.clock.move(seconds=LEASE_SECONDS + 1)
    assert steps.poll_sources(wire.runtime, "wire")[0].new == 1
    (row,) = wire.rows(SourceRow)
    assert (row.error_streak, row.lost_leases) == (0, 0)


def test_one_host_by_other_names_is_one_host(lines: Any) -> None:
    urls = ["http://127.0.0.1/a", "http://127.0.0.1:80/b", "http://user:pass@127.0.0.1/c"]
    content = settings({f"s{n}": url for n, url in enumerate(urls)})
    for each in content["sources"]:
        each["allow_private"] = False
    made: System = lines(content)
    made.clock.move(minutes=5)
    for n in range(3):
        _poll_without_sleep(made, f"s{n}")
    (host,) = made.rows(HostRow)
    assert host.host == "127.0.0.1"
    assert host.free_at >= made.clock.at + timedelta(seconds=3)


def test_a_crowded_host_gets_a_request_a_second_and_starves_nobody(lines: Any) -> None:
    # The addresses are never reached: the guard refuses private ones, which is an outcome like any other.
    made: System = lines(settings({f"s{n:02}": f"http://127.0.0.1/{n}" for n in range(12)}))
    content = settings({f"s{n:02}": f"http://127.0.0.1/{n}" for n in range(12)})
    for each in content["sources"]:
        each["allow_private"] = False
    made.reconfigure(content)
    asked: dict[str, Any] = {}
    made.clock.move(minutes=1)
    made.runtime.clock = made.clock
    began = made.clock.at
    for _ in range(30):
        for source in made.runtime.configuration.current().settings.sources:
            if source not in asked and not _poll_without_sleep(made, source).skipped:
                asked[source] = made.clock.at
        made.clock.move(seconds=1)
    assert len(asked) == 12
    assert max(asked.values()) - began <= timedelta(seconds=12)
    assert made.rows(HostRow)[0].free_at >= began + timedelta(seconds=12)


def _poll_without_sleep(made: System, source: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alerts.pipeline.poll.time.sleep", lambda _: None)
        return steps.poll_sources(made.runtime, source)[0]


@pytest.mark.parametrize("by_command", [True, False])
def test_a_feed_that_turns_over_is_held_back_reported_and_believed_quietly(
    lines: Any, feeds: FeedServer, by_command: bool
) -> None:
    wire: System = lines(settings({"wire": f"{feeds.url}/wire"}, {"console": "console://"}))
    old = START - timedelta(days=9)
    before = [Entry(f"a{n}", f"Harbour notes {n}", f"No {n}.", f"https://wire.example/{n}", old) for n in range(8)]
    after = [
        Entry(f"b{n}", f"Acme Networks hit by outage {n}", f"Yes {n}.", f"https://other.example/{n}") for n in range(8)
    ]
    feeds.put("wire", before)
    assert wire.poll("wire").new == 8
    wire.clock.move(hours=1)
    feeds.put("wire", after)
    assert wire.poll("wire").new == 0
    with wire.database.read() as session:
        report = health(session, Files.of(wire.config), wire.clock())
    assert report.data["sources"]["held"] == ["wire"]
    assert "1 in quarantine" in dict(report.facts)["sources"]
    if by_command:
        assert release(wire.runtime, "wire") == 8
        assert wire.poll("wire").new == 8
    else:
        found = []
        for _ in range(4):
            wire.clock.move(hours=5)
            found.append(wire.poll("wire").new)
        assert found == [0, 0, 8, 0]
    assert len(wire.rows(ItemRow)) == 16
    assert len(wire.rows(FindingRow)) == 8
    assert wire.counts()["deliveries"] == 0
    with wire.database.read() as session:
        assert health(session, Files.of(wire.config), wire.clock()).data["sources"]["held"] == []

    # What is new from now on is told as ever.
    wire.clock.move(hours=1)
    news = Entry("c", "Acme Networks loses: court ruling of the year", "", "https://wire.example/c", wire.clock())
    feeds.put("wire", [news, *after])
    assert wire.poll("wire").new == 1
    assert wire.counts()["deliveries"] == 1


def test_a_feed_that_answers_and_is_dead_is_said_to_be_stale(lines: Any, feeds: FeedServer) -> None:
    made: System = lines(settings({"acme-news": f"{feeds.url}/dead", "wire": f"{feeds.url}/wire"}))
    feeds.put("dead", [Entry(f"d{n}", f"Old {n}", "", "", START - timedelta(days=200 + n)) for n in range(5)])
    feeds.put("wire", [OUTAGE])
    made.run(minutes=5)
    configured = made.runtime.configuration.current().settings
    with made.database.read() as session:
        report = health(session, Files.of(made.config), made.clock.at)
        covered = coverage(session, configured, configured.institutions["acme"], made.clock.at)
    assert report.data["sources"]["stale"] == ["acme-news"]
    assert "1 stale" in dict(report.facts)["sources"]
    assert (covered.state.value, covered.failing) == ("partial", ("acme-news",))

    feeds.put("dead", [Entry("d9", "Acme Networks opens again", "", "", made.clock.at)])
    made.run(minutes=5)
    with made.database.read() as session:
        assert health(session, Files.of(made.config), made.clock.at).data["sources"]["stale"] == []
        assert coverage(session, configured, configured.institutions["acme"], made.clock.at).state.value == "covered"


def test_sources_that_are_polled_together_are_stored_as_each_by_itself(lines: Any, feeds: FeedServer) -> None:
    names = [f"s{n}" for n in range(6)]
    made: System = lines(settings({name: f"{feeds.url}/{name}" for name in names}))
    for name in names:
        feeds.put(name, [Entry(f"{name}-1", f"Acme Networks and {name}", "", f"https://wire.example/{name}", FRESH)])
    feeds.put("s3", Page(b"<html>", status=500))
    feeds.put("s4", Page(rss([]), delay=0.3))
    made.clock.move(minutes=2)
    outcomes = steps.poll_sources(made.runtime, *names, "unknown")
    assert [outcome.source for outcome in outcomes] == [*names, "unknown"]
    assert [outcome.new for outcome in outcomes] == [1, 1, 1, 0, 0, 1, 0]
    assert [bool(outcome.error) for outcome in outcomes] == [False, False, False, True, False, False, False]
    assert outcomes[-1].skipped
    assert len(made.rows(ItemRow)) == 4
    assert {row.lease_token for row in made.rows(SourceRow)} == {None}
    assert all(outcome.skipped for outcome in steps.poll_sources(made.runtime, *names)), "nothing is due"


def test_unchanged_sources_are_recorded_in_one_transaction(lines: Any, feeds: FeedServer) -> None:
    names = [f"s{n}" for n in range(8)]
    made: System = lines(settings({name: f"{feeds.url}/{name}" for name in names}))
    for name in names:
        feeds.put(name, [])
    made.clock.move(minutes=2)
    with made.database.write() as session:
        leased = sources.lease(session, names, made.clock.at, seconds=60)
    statements: list[bool] = []

    def listen(_connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, many: bool) -> None:
        statements.append(many)

    with made.database.write() as session:
        event.listen(made.database.engine, "before_cursor_execute", listen)
        finished = [sources.Finished(each, each.state, made.clock.at) for each in leased]
        assert sources.finish(session, finished, now=made.clock.at)
        event.remove(made.database.engine, "before_cursor_execute", listen)
    assert len(statements) == 1
    assert all(row.last_poll_at == made.clock.at for row in made.rows(SourceRow))
    with made.database.write() as session:
        assert not sources.finish(session, finished, now=made.clock.at), "they are not ours any more"


def test_a_fault_of_this_program_with_one_source_harms_no_other(lines: Any, feeds: FeedServer) -> None:
    made: System = lines(settings({name: f"{feeds.url}/{name}" for name in ("s0", "s1", "s2")}))
    for name in ("s0", "s1", "s2"):
        feeds.put(name, [Entry(name, f"Acme Networks and {name}", "", f"https://wire.example/{name}", FRESH)])
    made.clock.move(minutes=2)
    known_items = items.known_items

    def broken(session: Any, source: str, wanted: Any) -> Any:
        if source == "s1":
            raise ZeroDivisionError
        return known_items(session, source, wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(items, "known_items", broken)
        with pytest.raises(ZeroDivisionError):
            steps.poll_sources(made.runtime, "s0", "s1", "s2")
    assert {row.source for row in made.rows(ItemRow)} == {"s0", "s2"}


def test_a_fault_with_an_item_of_one_source_harms_no_other(
    lines: Any, feeds: FeedServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are recorded in one transaction, and each by itself where that fails."""
    made: System = lines(settings({name: f"{feeds.url}/{name}" for name in ("s0", "s1", "s2")}))
    for name in ("s0", "s1", "s2"):
        feeds.put(name, [Entry(name, f"Acme Networks and {name}", "", f"https://wire.example/{name}", FRESH)])
    made.clock.move(minutes=2)
    monkeypatch.setattr(poll_step, "GATHER_SECONDS", 10.0)

    def broken(item: Any, known: Any) -> str:
        if item.source == "s1":
            raise ZeroDivisionError
        return publisher_of(item, known)

    monkeypatch.setattr(poll_step, "publisher_of", broken)
    outcomes = steps.poll_sources(made.runtime, "s0", "s1", "s2", raise_faults=False)
    assert [(each.new, each.error) for each in outcomes] == [(1, ""), (0, "internal error: ZeroDivisionError"), (1, "")]
    assert {row.source for row in made.rows(ItemRow)} == {"s0", "s2"}
    logged = [each.fields for each in caplog.records if each.message == "poll.broken"]  # type: ignore[attr-defined]
    assert [each["source"] for each in logged] == ["s1"]


def test_a_batch_with_many_items_is_stored_in_portions(lines: Any, feeds: FeedServer) -> None:
    made: System = lines(settings({name: f"{feeds.url}/{name}" for name in ("s0", "s1", "s2")}))
    for name in ("s0", "s1", "s2"):
        shown = [
            Entry(f"{name}-{n}", f"Acme {name} {n}", "", f"https://wire.example/{name}/{n}", FRESH) for n in range(4)
        ]
        feeds.put(name, shown)
    made.clock.move(minutes=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poll_step, "GATHER_SECONDS", 10.0)
        patch.setattr(poll_step, "MAX_FIRST_CHANGES", 8)
        patch.setattr(poll_step, "MAX_CHANGES", 1)
        steps.poll_sources(made.runtime, "s0", "s1", "s2")
        stamps = {row.first_observed for row in made.rows(ItemRow)}
        assert len(made.rows(ItemRow)) == 12
        assert len(stamps) == 2, "two of them together, and one"
        for name in ("s0", "s1", "s2"):
            feeds.put(name, [Entry(f"{name}-new", f"Acme {name}", "", f"https://wire.example/{name}/new", FRESH)])
        made.clock.move(minutes=2)
        steps.poll_sources(made.runtime, "s0", "s1", "s2", due_only=False)
    stamps = {row.first_observed for row in made.rows(ItemRow)} - stamps
    assert len(made.rows(ItemRow)) == 15
    assert len(stamps) == 3, "news in small portions"


def test_news_waits_for_assessments_before_it_is_matched_but_a_first_poll_does_not(
    wire: System, feeds: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll_step, "HOLD_BACK_SECONDS", 60.0)
    feeds.put("wire", [OUTAGE])
    with wire.runtime.assessing():
        assert steps.poll_sources(wire.runtime, "wire")[0].new == 1
    feeds.put("wire", [OUTAGE, RULING])
    with ThreadPoolExecutor(1) as pool:
        with wire.runtime.assessing():
            polling = pool.submit(steps.poll_sources, wire.runtime, "wire", due_only=False)
            with pytest.raises(TimeoutError):
                polling.result(0.5)
            assert len(wire.rows(ItemRow)) == 1
        assert polling.result(20)[0].new == 1
