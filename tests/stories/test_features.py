from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.source import Source
from alerts.stories.features import Features, features

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
texts = st.text(max_size=400)
times = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
items = st.builds(
    Item,
    id=texts,
    title=texts,
    observed=times,
    published=st.none() | times,
    summary=texts,
    content=texts,
    url=texts,
    origin=texts,
    author=texts,
)


@given(items, texts)
def test_dump_and_load_give_the_same_value(item: Item, publisher: str) -> None:
    reduced = features(item, publisher)
    again = Features.load(reduced.dump())
    assert again == reduced
    assert again.dump() == reduced.dump()


FINED = Item(
    id="7",
    title="Meridian Bank fined $75M",
    observed=NOON,
    summary="A regulator fined the bank for failures.",
    url="https://www.example.com/a?utm_medium=x",
)


def test_the_dumped_form_is_fixed() -> None:
    assert features(FINED, "Daily Planet").dump() == (
        b'[5,"7","daily planet","example.com/a",1772452800000000,1772452800000000,'
        b'"meridian bank fin #7.5e+07","regulator failur",252144154216615,"dW6f03Wze9x7VCjaj7eeNA==","","",""]'
    )


def test_the_form_of_version_0_1_0_is_read() -> None:
    written = (
        b'[2,"7","Daily Planet","daily planet","example.com/a",1772452800000000,1772452800000000,'
        b'"meridian bank fin #7.5e+07","regulator failur",252144154216615,"dW6f03Wze9x7VCjaj7eeNA==","","",""]'
    )
    assert Features.load(written) == features(FINED, "Daily Planet")


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown version"):
        Features.load(b"[99]")
    with pytest.raises(ValueError, match="unknown version"):
        Features.load(b"{}")


def test_the_report_is_never_later_than_its_observation() -> None:
    late = Item(id="1", title="x", observed=NOON, published=NOON + timedelta(days=1))
    assert features(late, "").reported == NOON


def test_the_publisher_at_the_end_of_a_title_is_cut() -> None:
    plain = features(Item(id="1", title="Bank fined", observed=NOON), "Daily Planet")
    for mark in ("-", "|", "–"):
        marked = features(Item(id="1", title=f"Bank fined {mark} Daily Planet", observed=NOON), "Daily Planet")
        assert marked == plain


def test_an_item_without_a_title_is_known_by_its_text() -> None:
    untitled = features(Item(id="1", title="", observed=NOON, content="Zapwire fined by the regulator"), "")
    assert "zapwir" in untitled.terms


def test_terms_of_the_text_are_those_the_title_lacks() -> None:
    item = Item(id="1", title="Zapwire fined", observed=NOON, summary="Zapwire must pay the Oslo tribunal.")
    assert features(item, "").body == ("pay", "oslo", "tribunal")


def test_a_tracked_name_is_one_term_however_it_is_written() -> None:
    lab, chip = Institution("moonshot-ai", "Moonshot AI", products=("Kimi",)), Institution("hartmann", "Hartmann Werke")
    desk = Source("desk", "https://desk.example/feed", "Desk", speaks_for=frozenset({"desk"}))
    matcher = Matcher([lab, chip, Institution("desk", "Desk Holding")], [], {"desk": desk})
    item = Item(
        id="1",
        title="CORRECTED: Moonshot AI's Kimi buys AI chips of Hartmann Werke - Desk",
        observed=NOON,
        summary="Hartmann Werke said that Moonshot AI had ordered AI chips in Oslo.",
        source="desk",
    )
    reduced = features(item, "Desk", matcher.match(item).mentions)
    assert reduced.terms == ("@moonshot-ai", "kimi", "buy", "ai", "chip", "@hartmann")
    assert reduced.body == ("@desk", "order", "oslo")
    assert "@" not in " ".join(features(replace(item, title="@moonshot-ai buys @hartmann"), "Desk").terms)


def test_the_agency_comes_from_publisher_origin_byline_or_dateline() -> None:
    def agency(publisher: str = "", **fields: str) -> str:
        return features(Item(id="1", title="x", observed=NOON, **fields), publisher).agency  # type: ignore[arg-type]

    assert agency("Reuters") == agency(origin="Reuters") == "reuters"
    assert agency("Daily Planet", author="Associated Press") == "ap"
    assert agency("Daily Planet", summary="Short.", content="PARIS (AFP) — Long text.") == "afp"
    assert agency("Daily Planet", summary="PARIS — Long text.") == ""


def test_huge_texts_are_cut() -> None:
    huge = Item(id="1", title="word " * 100_000, observed=NOON, content="another word " * 200_000)
    reduced = features(huge, "p" * 100_000)
    assert len(reduced.dump()) < 2_000
