from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.laws import examples

from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.times import parse_time
from alerts.stories.cluster import Clusterer, Event, Joined, Merged, surviving
from alerts.stories.features import Features, features

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE = Path(__file__).parent


TRACKED = ["Zapwire", "Silver Falcon", "Veltano Brixa", "Aurora Bank"]


def matcher(*names: str) -> Matcher:
    return Matcher([Institution(name.lower().replace(" ", "-"), name) for name in names], [], {})


KNOWN = matcher(*TRACKED)


def item(
    name: str, title: str, hours: float = 0, publisher: str = "", tracked: Matcher = KNOWN, **fields: str
) -> Features:
    at = NOON + timedelta(hours=hours)
    reported = Item(id=name, title=title, observed=at, **fields)  # type: ignore[arg-type]
    return features(reported, publisher or f"Paper {name}", tracked.match(reported).mentions)


def run(clusterer: Clusterer, members: list[Features]) -> dict[str, str]:
    """The final story of each item, added instant by instant."""
    story_of: dict[str, str] = {}
    members = sorted(members, key=lambda each: each.observed)
    for _, batch in groupby(members, key=lambda each: each.observed):
        apply(story_of, clusterer.add(list(batch)))
    return story_of


def apply(story_of: dict[str, str], events: list[Event]) -> None:
    for event in events:
        if isinstance(event, Joined):
            story_of[event.item] = event.story
        else:
            story_of.update({name: event.into for name, story in story_of.items() if story == event.story_from})


def stories(*titles: str, gap: float = 1, partition: str = "zapwire") -> int:
    """How many stories these headlines about one institution make, one report every `gap` hours."""
    members = [item(str(number), title, number * gap) for number, title in enumerate(titles)]
    return len(set(run(Clusterer(partition), members).values()))


# --- what is one story --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "titles",
    [
        ("Zapwire fined £30m by Payments Authority", "Payments Authority fines Zapwire 30 million pounds"),
        ("Zapwire denies merger talks with Coinharbor", "Zapwire in merger talks with Coinharbor"),
        ("Zapwire CEO Mara Holt resigns after losses", "Mara Holt steps down as chief executive of Zapwire"),
        (
            "LIVE: Zapwire outage in Frankfurt",
            "Zapwire suffers outage in Frankfurt",
            "Frankfurt outage at Zapwire over",
        ),
        ("Zapwire lays off 900 in Oslo", "Zapwire to cut 900 Oslo jobs"),
        ("Zapwire sued by authors over books", "Authors' lawsuit accuses Zapwire of copying books"),
        ("Zapwire to cut 3,900 jobs in Germany", "Zapwire va supprimer 3\u202f900 postes en Allemagne"),
        ("Zapwire raises $1.8 billion in China", "Zapwire sammelt in China 1,8 Milliarden Dollar ein"),
        ("Zapwire raises $1.8 billion with Coinharbor", "Zapwire与Coinharbor融资18亿美元"),
    ],
)
def test_reports_of_one_event_are_one_story(titles: tuple[str, ...]) -> None:
    assert stories(*titles) == 1


@pytest.mark.parametrize(
    ("titles", "gap"),
    [
        (("Zapwire releases wallet app", "Zapwire sued by shareholders"), 1),
        (("Zapwire sued by authors over books", "Zapwire sued by musicians over lyrics"), 1),
        (("Zapwire outage hits card payments", "Zapwire outage hits card payments again"), 24 * 7),
        (("Zapwire Q1 profit beats estimates", "Zapwire Q2 profit beats estimates"), 24 * 8),
        (("Oslo regulator investigates Zapwire", "Lisbon court fines Zapwire"), 1),
        (("Zapwire to cut 3,900 jobs", "Zapwire supprime 1 200 postes"), 1),
        (("Zapwire opens office in Germany", "Zapwire : enquête en Allemagne"), 1),
        (("What to know today", "What to know today"), 24),
    ],
)
def test_different_events_of_one_institution_stay_apart(titles: tuple[str, ...], gap: float) -> None:
    assert stories(*titles, gap=gap) == len(titles)


def test_a_story_that_became_another_that_became_another_is_the_last() -> None:
    merged = {"first": "second", "second": "third", "other": "fourth"}
    assert [surviving(each, merged) for each in ("first", "third", "fourth")] == ["third", "third", "fourth"]


def test_a_series_of_one_publisher_is_no_story() -> None:
    titles = [
        f"{n} best {what} of 2026, tested and reviewed"
        for n, what in ((9, "keyboards"), (7, "diffusers"), (5, "bassinets"))
    ]
    members = [item(str(n), title, n * 24, publisher="Gazette") for n, title in enumerate(titles)]
    assert len(set(run(Clusterer(), members).values())) == 3


def test_a_link_to_the_same_page_by_another_publisher_joins() -> None:
    original = item("1", "Zapwire wallet flaw exposes keys", url="https://zapwire.example/blog/flaw")
    repost = item("2", "Oh dear", 1, url="https://www.zapwire.example/blog/flaw?utm_source=x")
    front = item("3", "Look at this", 2, url="https://zapwire.example/")
    own = item("4", "Second thoughts on design", 3, publisher="Paper 1", url="https://zapwire.example/blog/flaw")
    story_of = run(Clusterer(), [original, repost, front, own])
    assert story_of["2"] == story_of["1"]
    assert story_of["3"] != story_of["1"]
    assert story_of["4"] == story_of["1"]  # the repost by Paper 2 is what it links to
    assert run(Clusterer(), [original, own])["4"] != run(Clusterer(), [original, own])["1"]


def test_what_the_text_says_brings_headlines_together() -> None:
    text = "The Frankfurt region of Zapwire lost its storage cluster on Monday, halting SEPA transfers of German banks."
    one = item("1", "Zapwire storage trouble in Frankfurt", summary=text)
    assert stories("Zapwire storage trouble in Frankfurt", "Transfers halted at German banks") == 2
    other = item("2", "Transfers halted at German banks", 1, summary=text)
    assert len(set(run(Clusterer("zapwire"), [one, other]).values())) == 1


def test_names_of_the_partition_tell_nothing() -> None:
    titles = [f"Silver Falcon {word}" for word in ("wallet", "tariffs", "Oslo", "glitches", "pilots", "solstice")]
    members = [item(str(number), title, number) for number, title in enumerate(titles)]
    assert len(set(run(Clusterer("silver-falcon"), members).values())) == len(titles)
    assert len(set(run(Clusterer("x"), members).values())) < len(titles)


def test_rare_words_of_the_partitions_names_tell_nothing_where_the_name_was_not_found() -> None:
    titles = [f"Veltano {word}" for word in ("wallet", "tariffs", "Oslo", "glitches", "pilots", "solstice")]
    members = [item(str(number), title, number) for number, title in enumerate(titles)]
    assert len(set(run(Clusterer("x", names=["Veltano Ltd"]), members).values())) == len(titles)


def test_two_languages_meet_by_a_tracked_name() -> None:
    commission = Institution("eu", "European Commission", ("EU-Kommission", "Commission européenne"))
    both = Matcher([commission, Institution("zapwire", "Zapwire")], [], {})
    titles = [
        "European Commission investigates Zapwire",
        "EU-Kommission prüft Zapwire",
        "Commission européenne : Zapwire visé",
    ]
    for order in permutations(titles):
        known = [item(str(n), title, n, tracked=both) for n, title in enumerate(order)]
        assert len(set(run(Clusterer("zapwire"), known).values())) == 1
        plain = [item(str(n), title, n) for n, title in enumerate(order)]
        assert len(set(run(Clusterer("zapwire"), plain).values())) > 1


LISTED = matcher(
    "Apple", "Samsung", "Huawei", "Siemens", "BASF", "Bayer", "Ryanair", "Lufthansa", "KLM", "Pfizer", "Moderna",
    "Novavax", "Netflix", "Disney", "Warner", "Intesa", "UniCredit", "BNP",
)  # fmt: skip


@pytest.mark.parametrize(
    ("partition", "count", "titles"),
    [
        ("huawei", 2, ("Apple, Samsung and Huawei report record sales", "Court: Apple, Samsung and Huawei must pay")),
        ("basf", 2, ("Berlin lädt Siemens, BASF und Bayer zum Gipfel", "Siemens, BASF und Bayer streichen Stellen")),
        ("klm", 2, ("Ryanair, Lufthansa and KLM cancel flights", "Brussels fines Ryanair, Lufthansa and KLM")),
        ("novavax", 2, ("Novavax joins Pfizer and Moderna in talks", "Novavax falls as Pfizer and Moderna cut")),
        ("unicredit", 2, ("Intesa, UniCredit e BNP alzano i tassi", "Sciopero a Intesa, UniCredit e BNP")),
        ("klm", 1, ("Ryanair, Lufthansa, KLM cancel flights", "Flights of Ryanair, Lufthansa and KLM cancelled")),
        ("disney", 1, ("Netflix, Disney and Warner pay writers", "Netflix, Disney, Warner to pay writers")),
        ("novavax", 1, ("Novavax sues Pfizer", "Pfizer sued by Novavax over vaccine")),
        (
            "klm",
            1,
            (
                "Brussels fines Ryanair, Lufthansa and KLM 40 million euros",
                "Bruxelles inflige 40 millions d'euros à Ryanair, Lufthansa et KLM",
            ),
        ),
    ],
)
def test_a_list_of_tracked_names_is_no_event(partition: str, count: int, titles: tuple[str, ...]) -> None:
    """Written after the rule that they test."""
    for order in permutations(titles):
        members = [item(str(number), title, 2 * number, tracked=LISTED) for number, title in enumerate(order)]
        assert len(set(run(Clusterer(partition, [partition]), members).values())) == count, order


def test_no_story_swallows_a_stream_that_shares_a_name() -> None:
    def largest(name: str, partition: str) -> int:
        members = [item(str(n), f"{name} alpha{n} beta{n} gamma{n}", n * 2) for n in range(200)]
        return max(Counter(run(Clusterer(partition), members).values()).values())

    assert largest("Veltano Brixa", "veltano-brixa") == 1
    assert largest("Veltano", "") == 1
    assert largest("Veltano Brixa", "") <= 50  # for its first days a name of two words is taken for an event


def test_two_stories_become_one_when_a_report_joins_them() -> None:
    members = [
        item("1", "Zapwire halts withdrawals", 0),
        item("2", "Customers queue in Oslo for their money", 1),
        item("3", "Zapwire withdrawals halted", 2),
        item("4", "Oslo customers queue for money", 3),
        item("5", "Zapwire halts withdrawals, customers queue in Oslo for money", 4),
        item("6", "Customers queue in Oslo as Zapwire halts withdrawals of money", 5),
    ]
    clusterer = Clusterer()
    events = [event for each in members for event in clusterer.add([each])]
    merged = [event for event in events if isinstance(event, Merged)]
    first, second = (clusterer.story_of(name) for name in ("1", "2"))
    assert [event.into for event in merged] == [first]
    assert first == second
    joined = {event.item: event.story for event in events if isinstance(event, Joined)}
    assert joined["1"] == merged[0].into  # the elder one's id stays
    assert joined["2"] == merged[0].story_from


ARRIVALS = {
    "en-1": "Zapwire to cut 3,900 jobs in Germany",
    "en-2": "Zapwire plans 3,900 job cuts",
    "fr": "Zapwire va supprimer 3.900 postes en Allemagne",
    "de": "Zapwire streicht 3.900 Stellen in Deutschland",
}


@pytest.mark.parametrize("order", list(permutations(ARRIVALS)))
def test_the_order_of_arrival_does_not_decide(order: tuple[str, ...]) -> None:
    members = [item(name, ARRIVALS[name], hours) for hours, name in enumerate(order)]
    assert len(set(run(Clusterer("zapwire"), members).values())) == 1


def test_reports_that_arrive_hours_apart_make_the_same_stories() -> None:
    """Not a law, as items are taken one by one, but next to all items must be in the same company."""
    order = random.Random(1)
    same, total = 0, 0
    sections = list(headlines("headlines_adversarial.txt").items())
    for institution, lines in sections * 10:
        members: list[Features] = []
        delayed: list[Features] = []
        own = matcher(institution.replace("-", " ").title())
        for number, (day, title, _) in enumerate(lines):
            at = NOON + timedelta(days=day)
            late = at + timedelta(hours=order.uniform(0, 6))
            for observed, into in ((at, members), (late, delayed)):
                reported = Item(str(number), title, observed, published=at)
                into.append(features(reported, f"Paper {number}", own.match(reported).mentions))
        one, other = (parts(run(Clusterer(institution), each)) for each in (members, delayed))
        same += sum(map(len, one & other))
        total += len(lines)
    assert same >= 0.97 * total, same / total


def parts(story_of: dict[str, str]) -> set[frozenset[str]]:
    """The stories as sets of items, whatever their ids."""
    found: dict[str, set[str]] = {}
    for name, story in story_of.items():
        found.setdefault(story, set()).add(name)
    return {frozenset(members) for members in found.values()}


def test_a_rare_name_carries_the_story_of_a_launch() -> None:
    titles = [
        "Veltano arrives on consoles tonight",
        "Veltano arrives tonight with online servers",
        "Hands on with Veltano on launch night, online servers hold",
        "Veltano review",
        "Which edition of Veltano is right for you?",
        "Players praise robots of Veltano",
        "Why Veltano matters",
    ]
    members = [item(str(number), title, number / 4) for number, title in enumerate(titles)]
    assert len(set(run(Clusterer(), members).values())) == 1
    assert len(set(run(Clusterer(), members[3:]).values())) > 1  # no burst yet that the name leads


def test_a_name_that_leads_two_stories_carries_neither() -> None:
    titles = [
        *(
            f"Veltano and Coinharbor settle Oslo dispute, {word}"
            for word in ("court told", "lawyers say", "it is over")
        ),
        *(f"Veltano sinks Brixa ferry near Lisbon, {word}" for word in ("rescuers", "coastguard", "divers say")),
        "Veltano solstice party",
    ]
    members = [item(str(number), title, number / 4) for number, title in enumerate(titles)]
    story_of = run(Clusterer(), members)
    assert len(set(story_of.values())) == 3
    assert list(story_of.values()).count(story_of["6"]) == 1


def test_a_join_says_what_it_rests_on() -> None:
    clusterer = Clusterer("zapwire")
    clusterer.add([item("1", ARRIVALS["en-1"])])
    (joined,) = clusterer.add([item("2", ARRIVALS["de"], 1)])
    assert isinstance(joined, Joined)
    assert joined.why == "shares the amounts 3900; the words german"


# --- revisions ----------------------------------------------------------------------------------------


def test_a_revision_keeps_its_story_unless_it_is_about_something_else() -> None:
    clusterer = Clusterer("zapwire")
    story = run(clusterer, [item("1", "Zapwire fined in Oslo"), item("2", "Oslo court fines Zapwire", 1)])["1"]
    corrected = clusterer.add([item("2", "Oslo court fines Zapwire 3 million", 2)])
    assert corrected == [Joined("2", story, 1.0, "revision")]
    (rewritten,) = clusterer.add([item("2", "Coinharbor names new treasurer", 3)])
    assert isinstance(rewritten, Joined)
    assert rewritten.story != story
    assert clusterer.story_of("1") == story
    alone = clusterer.add([item("2", "Nothing that it was before", 4)])
    assert alone == [Joined("2", rewritten.story, 1.0, "revision")]


# --- laws ---------------------------------------------------------------------------------------------

WORDS = ["Zapwire", "Coinharbor", "Oslo", "fined", "sued", "outage", "authors", "profit", "bank", "30", "Q1", "wallet"]
titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
reports = st.lists(
    st.tuples(st.integers(0, 25), titles, st.integers(0, 400), st.integers(0, 30), st.sampled_from("AB"), titles),
    min_size=1,
    max_size=40,
)


def reported(todo: list[tuple[int, str, int, int, str, str]]) -> list[list[Features]]:
    """Batches in order of time; some items come again as revisions, some are old when they are observed."""
    by_instant: dict[int, dict[str, Features]] = {}
    for name, title, hours, age, publisher, summary in todo:
        at = NOON + timedelta(hours=hours // 5 * 5)
        each = Item(
            id=str(name),
            title=title,
            observed=at,
            published=at - timedelta(hours=age),
            summary=summary if name % 3 else "",
            url=f"https://example.com/{name % 5}" if name % 2 else "",
        )
        by_instant.setdefault(hours // 5, {})[each.id] = features(each, publisher)
    return [list(by_instant[instant].values()) for instant in sorted(by_instant)]


@given(reports, st.randoms(use_true_random=False))
def test_order_within_an_instant_has_no_influence(
    todo: list[tuple[int, str, int, int, str, str]], order: random.Random
) -> None:
    one, other = Clusterer("p"), Clusterer("p")
    for batch in reported(todo):
        shuffled = list(batch)
        order.shuffle(shuffled)
        assert one.add(batch) == other.add(shuffled)


@settings(max_examples=examples(200))
@given(reports, st.integers(0, 40), st.randoms(use_true_random=False))
def test_a_restored_clusterer_goes_on_identically(
    todo: list[tuple[int, str, int, int, str, str]], cut: int, order: random.Random
) -> None:
    batches = reported(todo)
    lived = Clusterer("p")
    story_of: dict[str, str] = {}
    newest: dict[str, Features] = {}
    for batch in batches[:cut]:
        apply(story_of, lived.add(batch))
        newest.update({each.item: each for each in batch})
    kept = [(each, story_of[name]) for name, each in newest.items()]
    if batches[cut:]:
        horizon = batches[cut][0].observed - Clusterer.HORIZON
        kept = [(each, story) for each, story in kept if each.observed > horizon]
    order.shuffle(kept)
    restored = Clusterer("p", members=kept)
    for batch in batches[cut:]:
        assert restored.add(batch) == lived.add(batch)


@given(reports, st.sampled_from(["p", "zapwire", ""]))
def test_of_two_reports_the_order_of_arrival_has_no_influence(
    todo: list[tuple[int, str, int, int, str, str]], partition: str
) -> None:
    members = [each for batch in reported(todo) for each in batch][:2]
    first, second = (replace(each, item=str(n)) for n, each in enumerate((*members, *members)[:2]))
    found = []
    for order in ((first, second), (second, first)):
        arrived = [replace(each, observed=NOON + timedelta(days=1, hours=hours)) for hours, each in enumerate(order)]
        found.append(parts(run(Clusterer(partition), arrived)))
    assert found[0] == found[1]


EVENTS = [
    ["Kestrel", "dam", "Lodz", "breach", "engineers", "#7,400", "Vistula"],
    ["Zorander", "vaccine", "trial", "Porto", "halted", "#312", "nurses"],
    ["Quillfeather", "ferry", "Malmo", "strike", "captains", "#58", "harbour"],
]


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6)), min_size=2, max_size=9), st.randoms(use_true_random=False)
)
def test_reports_that_share_all_but_a_word_make_one_story_in_whatever_order_they_come(
    todo: list[tuple[int, int]], order: random.Random
) -> None:
    expected: dict[str, str] = {}
    order.shuffle(todo)
    members = []
    for number, (event, missing) in enumerate(todo):
        words = [word for place, word in enumerate(EVENTS[event]) if place != missing]
        order.shuffle(words)
        members.append(item(str(number), " ".join(words), number / 4))
        expected[str(number)] = str(event)
    assert parts(run(Clusterer(), members)) == parts(expected)


@given(reports)
def test_every_item_is_in_one_story_and_events_say_which(todo: list[tuple[int, str, int, int, str, str]]) -> None:
    clusterer = Clusterer("p")
    story_of: dict[str, str] = {}
    for batch in reported(todo):
        apply(story_of, clusterer.add(batch))
        for each in batch:
            assert clusterer.story_of(each.item) == story_of[each.item]


def test_ids_are_of_partition_and_first_item() -> None:
    first = item("1", "Zapwire fined")
    assert Clusterer("p").add([first]) == [Joined("1", "se353c1e01166", 0.0, "first report")]
    assert Clusterer("q").add([first]) != Clusterer("p").add([first])


def test_reports_of_other_years_are_other_stories() -> None:
    old = Item("1", "Zapwire fined in Oslo", NOON, published=NOON.replace(year=1998))
    new = features(Item("2", "Zapwire fined in Oslo", NOON), "Paper 2")
    assert len(set(run(Clusterer(), [features(old, "Paper 1"), new]).values())) == 2


def test_what_is_older_than_the_horizon_is_forgotten() -> None:
    clusterer = Clusterer()
    for day in range(40):
        clusterer.add([item(f"{day}", f"Zapwire matter of day{day}", day * 24)])
    days = Clusterer.HORIZON // timedelta(days=1)
    assert [day for day in range(40) if clusterer.story_of(str(day))] == list(range(40 - days, 40))
    assert clusterer.add([]) == []


# --- headlines ----------------------------------------------------------------------------------------


def headlines(name: str) -> dict[str, list[tuple[float, str, str]]]:
    """By institution: day, headline and story of each line of a file of headlines."""
    found: dict[str, list[tuple[float, str, str]]] = {}
    for number, paragraph in enumerate((HERE / name).read_text(encoding="utf-8").split("\n\n")):
        for line in paragraph.splitlines():
            if line.startswith("["):
                institution = found.setdefault(line.strip("[]"), [])
            elif line and not line.startswith("#"):
                day, _, title = line.partition(" ")
                institution.append((float(day), title, f"story {number}"))
    return found


def b_cubed(expected: dict[str, str], found: dict[str, str]) -> tuple[float, float]:
    """Precision and recall (Bagga and Baldwin 1998): the mean, over items, of the purity of an item's story."""
    both = Counter((expected[name], found[name]) for name in expected)
    expected_sizes, found_sizes = Counter(expected.values()), Counter(found[name] for name in expected)
    precision = sum(n * n / found_sizes[story] for (_, story), n in both.items())
    recall = sum(n * n / expected_sizes[story] for (story, _), n in both.items())
    return precision / len(expected), recall / len(expected)


@pytest.mark.parametrize(("name", "recall"), [("headlines.txt", 0.78), ("headlines_heldout.txt", 0.90)])
def test_headlines_of_one_institution(name: str, recall: float) -> None:
    expected: dict[str, str] = {}
    found: dict[str, str] = {}
    for institution, lines in headlines(name).items():
        members = []
        own = matcher(institution.replace("-", " ").title())
        for number, (day, title, story) in enumerate(lines):
            expected[f"{institution} {number}"] = institution + story
            members.append(item(f"{institution} {number}", title, day * 24, tracked=own))
        found.update(run(Clusterer(institution), members))
    precision, achieved = b_cubed(expected, found)
    assert precision >= 0.98
    assert achieved >= recall


def test_headlines_that_mislead() -> None:
    expected: dict[str, str] = {}
    found: dict[str, str] = {}
    for institution, lines in headlines("headlines_adversarial.txt").items():
        members = []
        own = matcher(institution.replace("-", " ").title())
        for number, (day, title, story) in enumerate(lines):
            expected[f"{institution} {number}"] = institution + story
            members.append(item(f"{institution} {number}", title, day * 24, tracked=own))
        found.update(run(Clusterer(institution), members))
    precision, recall = b_cubed(expected, found)
    assert precision >= 0.90
    assert recall >= 0.86


def test_headlines_of_the_news_aggregator(data: Path) -> None:
    expected: dict[str, str] = {}
    members = []
    for line in (data / "gold" / "stories_uci_a.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        expected[record["id"]] = record["story"]
        at = parse_time(record["published"])
        members.append(features(Item(record["id"], record["title"], at, url=record["url"]), record["publisher"]))
    precision, recall = b_cubed(expected, run(Clusterer(), members))
    assert precision >= 0.90
    assert 2 * precision * recall / (precision + recall) >= 0.87
