"""What is new: the ways in which feeds lie about identity, one by one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.diff import HELD_FOR, HELD_POLLS, Decision, KnownItem, KnownItems, Wanted, decide, wanted
from alerts.feeds.feed import Entry, ParsedFeed
from alerts.feeds.state import FeedState
from alerts.model.source import Source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = Source(id="a", url="https://a.example/feed.xml", publisher="A")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Reader:
    """A source's items as a store would keep them, and its polls."""

    def __init__(self) -> None:
        self.known: dict[str, KnownItem] = {}
        self.state = FeedState(url=SOURCE.url)
        self.now = NOW

    def look_up(self, asked: Wanted) -> KnownItems:
        found = [
            item
            for item in self.known.values()
            if item.id in asked.ids or item.link_key in asked.link_keys or item.title_key in asked.title_keys
        ]
        return KnownItems({each.id: each for each in found}, len(self.known))

    def poll(self, *entries: Entry, after: timedelta = HOUR, updated: datetime | None = None) -> Decision:
        self.now += after
        parsed = ParsedFeed(entries=entries, link="https://a.example/news", updated=updated)
        decision = decide(SOURCE, parsed, self.look_up(wanted(SOURCE, parsed)), self.state, self.now)
        for change in (*decision.new, *decision.revised, *decision.withdrawn):
            assert change.item.id == change.known.id
            self.known[change.known.id] = change.known
        self.state = replace(
            self.state,
            last_success=self.now,
            feed_updated=updated or self.state.feed_updated,
            held=decision.held,
            held_since=(self.state.held_since or self.now) if decision.held else None,
            held_polls=self.state.held_polls + 1 if decision.held else 0,
        )
        return decision


def entry(number: int, **changes: object) -> Entry:
    made = Entry(
        guid=f"g{number}",
        link=f"https://a.example/news/{number}",
        title=f"Story number {number} of this feed",
        summary=f"What happened in story number {number}, at some length so that it can be told from others.",
        published=NOW + timedelta(minutes=number),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def many(count: int) -> list[Entry]:
    return [entry(number) for number in range(count)]


def counts(decision: Decision) -> tuple[int, int, int]:
    return len(decision.new), len(decision.revised), decision.unchanged


def test_a_second_look_brings_nothing() -> None:
    reader = Reader()
    assert counts(reader.poll(*many(5))) == (5, 0, 0)
    assert counts(reader.poll(*many(5))) == (0, 0, 5)


def test_the_order_of_a_feed_means_nothing() -> None:
    reader = Reader()
    reader.poll(*many(9))
    assert counts(reader.poll(*reversed(many(9)))) == (0, 0, 9)


def test_regenerated_ids() -> None:
    reader = Reader()
    reader.poll(*many(20))
    for build in range(3):
        fresh = [replace(e, guid=f"build{build}-{e.guid}") for e in many(20)]
        assert counts(reader.poll(*fresh)) == (0, 0, 20)
    assert len(reader.known) == 20


def test_regenerated_ids_and_dates() -> None:
    reader = Reader()
    reader.poll(*many(20))
    fresh = [replace(e, guid="x" + e.guid, published=NOW + DAY) for e in many(20)]
    assert counts(reader.poll(*fresh)) == (0, 0, 20)


def test_regenerated_ids_with_an_edited_title() -> None:
    reader = Reader()
    reader.poll(*many(5))
    edited = entry(0, guid="other", title="Story number 0 of this feed, corrected")
    decision = reader.poll(edited, *many(5)[1:])
    assert counts(decision) == (0, 1, 4)
    assert len(reader.known) == 5


def test_an_edit_is_a_revision() -> None:
    reader = Reader()
    first = reader.poll(entry(1))
    decision = reader.poll(entry(1, title="Story number 1 of this feed is not what it was"))
    assert counts(decision) == (0, 1, 0)
    assert decision.revised[0].item.id == first.new[0].item.id
    assert decision.revised[0].item.title.endswith("not what it was")


@pytest.mark.parametrize(
    ("changes", "revised"),
    [
        ({"title": "  Story  number 1\nof this feed "}, 0),  # spacing
        ({"title": "STORY NUMBER 1 OF THIS FEED"}, 1),  # names are matched by their casing
        ({"published": NOW - DAY}, 0),  # a date rewritten alone makes nothing
        ({"updated": NOW + DAY}, 0),
        ({"author": "Somebody"}, 0),
        ({"summary": "Something else"}, 1),
        ({"content": "More"}, 1),
        ({"link": "https://a.example/news/1?utm_source=feed"}, 0),
        ({"link": "https://a.example/news/elsewhere"}, 1),
    ],
)
def test_what_makes_a_revision(changes: dict[str, object], revised: int) -> None:
    reader = Reader()
    reader.poll(entry(1), entry(2))
    assert counts(reader.poll(entry(1, **changes), entry(2))) == (0, revised, 2 - revised)


def test_an_edit_that_is_taken_back_is_a_revision_again() -> None:
    reader = Reader()
    reader.poll(entry(1))
    reader.poll(entry(1, summary="other"))
    assert counts(reader.poll(entry(1))) == (0, 1, 0)


def test_a_reused_id_is_a_new_item() -> None:
    reader = Reader()
    reader.poll(entry(1))
    other = entry(2, guid="g1")
    assert counts(reader.poll(other)) == (1, 0, 0)
    assert counts(reader.poll(other)) == (0, 0, 1)
    assert counts(reader.poll(entry(1))) == (0, 0, 1)  # the first article is back, and still itself
    assert len(reader.known) == 2


def test_an_edit_of_title_and_address_at_once_is_an_edit() -> None:
    """A headline that is part of the address: the same id and date, and much the same words."""
    reader = Reader()
    reader.poll(entry(1))
    decision = reader.poll(entry(1, title="Story number 1 of that feed", link="https://a.example/news/1-that"))
    assert counts(decision) == (0, 1, 0)


def test_one_id_for_three_articles_at_once() -> None:
    reader = Reader()
    trio = [entry(number, guid="same", published=NOW) for number in range(3)]
    assert counts(reader.poll(*trio)) == (3, 0, 0)
    for order in (trio, trio[::-1], [trio[1], trio[0], trio[2]]):
        assert counts(reader.poll(*order)) == (0, 0, 3)
    assert counts(reader.poll(trio[2])) == (0, 0, 1)
    assert counts(reader.poll(trio[0], replace(trio[1], summary="edited"), trio[2])) == (0, 1, 2)


def test_one_article_twice_in_a_feed() -> None:
    reader = Reader()
    decision = reader.poll(entry(1), entry(1), entry(2))
    assert (len(decision.new), decision.duplicates) == (2, 1)
    decision = reader.poll(entry(1), entry(1), entry(2))
    assert (len(decision.new), decision.duplicates) == (0, 1)


def test_without_ids_the_link_names_an_entry_and_without_links_the_title() -> None:
    reader = Reader()
    bare = [entry(1, guid=""), entry(2, guid="", link=""), entry(3, guid="", title="")]
    assert counts(reader.poll(*bare)) == (3, 0, 0)
    assert counts(reader.poll(*bare)) == (0, 0, 3)
    assert counts(reader.poll(entry(1, guid="", title="Other words for story 1"))) == (0, 1, 0)


def test_entries_that_all_link_to_the_feeds_own_page() -> None:
    reader = Reader()
    home = [entry(number, guid="", link="https://a.example/news/") for number in range(3)]
    assert counts(reader.poll(*home[:1])) == (1, 0, 0)
    assert counts(reader.poll(*home[1:2])) == (1, 0, 0)
    assert counts(reader.poll(*home)) == (1, 0, 2)


def test_an_entry_with_nothing_to_name_it_is_left_out() -> None:
    assert Reader().poll(Entry(published=NOW)).duplicates == 1


def test_an_article_that_moved_keeps_its_identity() -> None:
    reader = Reader()
    reader.poll(entry(1, guid=""))
    assert counts(reader.poll(entry(1, guid="", link="https://a.example/2026/story-1"))) == (0, 1, 0)


def test_the_same_text_published_again_is_the_same_item() -> None:
    reader = Reader()
    reader.poll(entry(1))
    again = entry(1, guid="again", link="https://a.example/news/again", published=NOW + timedelta(days=8))
    assert counts(reader.poll(again, after=timedelta(days=8))) == (0, 1, 0)  # only its address is other
    late = replace(again, guid="late", link="https://a.example/news/late", published=NOW + timedelta(days=90))
    assert counts(reader.poll(late, after=timedelta(days=82))) == (1, 0, 0)


def test_notices_with_the_same_words_are_not_one() -> None:
    """A status page: the same title for each incident, both in the feed."""
    reader = Reader()
    one = Entry(guid="1", link="https://s.example/i/1", title="Elevated errors", published=NOW)
    two = Entry(guid="2", link="https://s.example/i/2", title="Elevated errors", published=NOW + HOUR)
    reader.poll(one)
    assert counts(reader.poll(two, one)) == (1, 0, 1)


def test_a_feed_that_flaps_between_full_and_empty() -> None:
    reader = Reader()
    reader.poll(*many(30))
    for _ in range(5):
        assert counts(reader.poll()) == (0, 0, 0)
        assert counts(reader.poll(*many(30))) == (0, 0, 30)
        assert counts(reader.poll(entry(29))) == (0, 0, 1)
    assert not reader.state.held


def test_an_older_version_of_the_feed_edits_nothing() -> None:
    reader = Reader()
    reader.poll(entry(1), updated=NOW)
    reader.poll(entry(1, summary="corrected"), updated=NOW + HOUR)
    rolled_back = reader.poll(entry(1), updated=NOW)
    assert counts(rolled_back) == (0, 0, 1)
    reader.state = replace(reader.state, feed_updated=NOW + HOUR)
    assert counts(reader.poll(entry(1, summary="corrected"), updated=NOW + HOUR)) == (0, 0, 1)


def test_a_clock_that_was_wrong_does_not_stop_revisions_for_ever() -> None:
    reader = Reader()
    reader.poll(entry(1), updated=NOW + timedelta(days=400))
    assert counts(reader.poll(entry(1, summary="corrected"), updated=NOW + HOUR)) == (0, 1, 0)


def test_withdrawn_entries() -> None:
    reader = Reader()
    first = reader.poll(entry(1), entry(2))
    gone = Entry(guid="g1", withdrawn=True)
    decision = reader.poll(gone, entry(2))
    assert [change.item.id for change in decision.withdrawn] == [first.new[0].item.id]
    assert decision.withdrawn[0].item.withdrawn
    assert decision.withdrawn[0].item.title == entry(1).title
    assert not reader.poll(gone, entry(2)).withdrawn  # once
    assert not reader.poll(Entry(guid="never seen", withdrawn=True)).withdrawn
    assert len(reader.poll(entry(1), entry(2)).revised) == 1  # and back


def test_an_entry_that_leaves_the_feed_is_not_withdrawn() -> None:
    reader = Reader()
    reader.poll(*many(3))
    assert not reader.poll(entry(2)).withdrawn


def test_the_first_poll_tells_news_from_background() -> None:
    old, fresh = entry(1, published=NOW - 3 * DAY), entry(2, published=NOW)
    undated, touched = entry(3, published=None), entry(4, published=None, updated=NOW)
    decision = Reader().poll(old, fresh, undated, touched)
    assert {v.item.title: v.backfill for v in decision.new} == {
        old.title: True,
        fresh.title: False,
        undated.title: True,
        touched.title: False,
    }


def test_a_later_poll_believes_old_dates() -> None:
    reader = Reader()
    reader.poll(*many(9))
    (late,) = reader.poll(entry(20, published=NOW - 30 * DAY), *many(9)).new
    assert not late.backfill


def test_an_item_of_a_first_version_keeps_its_date() -> None:
    reader = Reader()
    reader.poll(entry(1, published=None, updated=NOW))
    (revised,) = reader.poll(entry(1, published=None, updated=NOW + DAY, summary="edited")).revised
    assert revised.item.published == NOW


def test_an_entry_without_title_gets_the_beginning_of_its_text() -> None:
    (new,) = Reader().poll(entry(1, title="", summary="word " * 60 + "\nnext line")).new
    assert new.item.title.startswith("word word")
    assert len(new.item.title) <= 125


def turned_over(count: int, published: datetime | None, seed: str = "x") -> list[Entry]:
    return [
        Entry(guid=f"{seed}{n}", link=f"https://a.example/{seed}/{n}", title=f"{seed} {n}", published=published)
        for n in range(count)
    ]


@pytest.mark.parametrize("published", [None, NOW - 9 * DAY, NOW + HOUR])
def test_a_feed_that_turns_over_is_quarantined(published: datetime | None) -> None:
    reader = Reader()
    reader.poll(*many(20))
    decision = reader.poll(*turned_over(20, published))
    assert (len(decision.new), decision.held) == (0, 20)
    assert "20 of 20 entries" in decision.quarantine


def test_a_quarantine_ends_when_the_feed_is_back() -> None:
    reader = Reader()
    reader.poll(*many(20))
    reader.poll(*turned_over(20, None))
    decision = reader.poll(*many(20))
    assert (counts(decision), decision.held) == ((0, 0, 20), 0)


def test_a_quarantine_that_stays_is_taken_in_quietly() -> None:
    reader = Reader()
    reader.poll(*many(20))
    started = reader.now
    polls = 0
    while not (decision := reader.poll(*turned_over(20, None), after=2 * HOUR)).new:
        polls += 1
    assert polls >= HELD_POLLS
    assert reader.now - started >= HELD_FOR
    assert decision.released
    assert all(change.backfill for change in decision.new)
    assert counts(reader.poll(*turned_over(20, None))) == (0, 0, 20)


def test_a_quarantine_does_not_end_for_part_of_it() -> None:
    reader = Reader()
    reader.poll(*many(20))
    reader.poll(*turned_over(20, None))
    decision = reader.poll(*many(20), *turned_over(3, None))
    assert (len(decision.new), decision.held) == (0, 3)


def test_a_rebuilt_feed_that_dates_only_its_touch_is_quarantined() -> None:
    reader = Reader()
    reader.poll(*many(20))
    rebuilt = [replace(each, updated=NOW + HOUR) for each in turned_over(20, None)]
    assert reader.poll(*rebuilt).held == 20


def test_news_is_told_during_a_quarantine() -> None:
    reader = Reader()
    reader.poll(*many(20))
    reader.poll(*turned_over(20, None))
    news = entry(99, published=reader.now + timedelta(minutes=30))
    decision = reader.poll(news, *turned_over(20, None))
    assert [change.item.title for change in decision.new] == [news.title]
    assert not decision.new[0].backfill
    assert decision.held == 20


def test_a_busy_feed_after_a_long_pause_is_not_quarantined() -> None:
    reader = Reader()
    reader.poll(*many(20))
    later = [entry(n, published=NOW + DAY + timedelta(minutes=n)) for n in range(100, 120)]
    assert counts(reader.poll(*later, after=3 * DAY)) == (20, 0, 0)


def test_a_feed_that_shows_a_longer_past_is_quarantined() -> None:
    reader = Reader()
    reader.poll(*many(10))
    past = [entry(n, published=NOW - n * DAY) for n in range(100, 190)]
    assert reader.poll(*many(10), *past).held == 90


def test_a_few_new_entries_are_an_ordinary_poll() -> None:
    reader = Reader()
    reader.poll(*many(3))
    assert len(reader.poll(*turned_over(4, None)).new) == 4


@given(st.lists(st.lists(st.integers(0, 12), max_size=8), max_size=6), st.randoms())
def test_no_history_of_polls_makes_an_item_twice(history: list[list[int]], random: object) -> None:
    """Whatever comes, goes and comes back in whatever order: each article is new at most once."""
    reader = Reader()
    titles: list[str] = []
    for numbers in history:
        decision = reader.poll(*[entry(number) for number in numbers])
        titles += [change.item.title for change in decision.new]
        assert not decision.revised
        assert len(decision.new) + decision.unchanged + decision.duplicates + decision.held == len(numbers)
    assert len(titles) == len(set(titles))


def test_a_decision_depends_on_nothing_but_its_arguments() -> None:
    parsed = ParsedFeed(entries=tuple(many(5)))
    assert decide(SOURCE, parsed, KnownItems(), FeedState(), NOW) == decide(
        SOURCE, parsed, KnownItems(), FeedState(), NOW
    )
