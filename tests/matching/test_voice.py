"""Whether an institution only speaks of others."""

from datetime import UTC, datetime

import pytest

from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.mention import Mention

WHEN = datetime(2026, 2, 24, tzinfo=UTC)


def mention(title: str) -> Mention:
    (found,) = Matcher([Institution("acme", "Acme Rowe")], [], {}).match(Item("1", title, WHEN)).mentions
    return found


@pytest.mark.parametrize(
    "title",
    [
        "Acme Rowe analysts see oil at $90",
        "Acme Rowe's economists see a recession",
        "Oil may rise, says an analyst at Acme Rowe",
        "“A good year”, wrote analyst Jane Roe of the Acme Rowe",
        "Half of voters are unsure, Acme Rowe poll finds",
        "Oil to reach $90, according to Acme Rowe",
        "LONDON (Acme Rowe) - Oil rose on Monday",
        "The minister told Acme Rowe on Monday",
        "“We are ready”, she told Acme Rowe.",
        "Acme Rowe-backed Globex raises $78M",
        "Laut Acme Rowe steigt der Ölpreis",
        "Finanzminister Hans Muster (Acme Rowe) wartet",
        "Das Gehalt steigt, wie sie im Interview mit der Acme Rowe sagt",
        "Les analystes de Acme Rowe attendent une hausse",
        "Selon Acme Rowe, le pétrole va monter",
        "El petróleo subirá, según Acme Rowe",
        "Lo sabemos, declaró a Acme Rowe el ministro",
        "Volgens Acme Rowe stijgt de olieprijs",
        "Il petrolio sale, secondo Acme Rowe",
    ],
)
def test_the_source_of_a_statement_is_a_voice(title: str) -> None:
    found = mention(title)
    assert found.voice
    assert found.salience == 0.3


@pytest.mark.parametrize(
    "title",
    [
        "Acme Rowe fined over oil trades",
        "Acme Rowe sees sales falling",
        "Acme Rowe cuts its forecast",
        "Regulators told Acme Rowe to stop",
        "Analysts cut their estimates of Acme Rowe",
        "According to Acme Rowe's filing, it lost a million",
        "Der Verband der Bauern (Acme Rowe) klagt",
    ],
)
def test_what_happens_to_an_institution_is_no_voice(title: str) -> None:
    found = mention(title)
    assert not found.voice
    assert found.salience == 1.0


@pytest.mark.parametrize(
    ("title", "summary", "voices"),
    [
        ("Oil rises on Monday (Acme Rowe)", "Acme Rowe - Oil rose on Monday.", [True, True]),
        ("Oil rises", "SEPTEMBER 13, 2026 (ACME ROWE NEWS SERVICE) - Oil rose.", [True]),
        ("Oil rises", "LONDON (Acme Rowe/dpa) -- Oil rose.", [True]),
        ("A leak at a refinery (Acme Rowe)", "The firm said it was small.", [False]),
        ("Oil rises", "Acme Rowe - Incident with payments", [False]),
    ],
)
def test_the_credit_of_a_report_is_a_voice(title: str, summary: str, voices: list[bool]) -> None:
    matcher = Matcher([Institution("acme", "Acme Rowe")], [], {})
    found = matcher.match(Item("1", title, WHEN, summary=summary)).mentions
    assert [each.voice for each in found] == voices
