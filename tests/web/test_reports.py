"""The pages of the weekly briefing and of feedback."""

from __future__ import annotations

import pytest
from kit.browsing import Browser
from kit.system import System
from sqlalchemy import select

from alerts.model.answer import Answer, AnswerKind, WrongReason
from alerts.model.subscriber import Tier
from alerts.model.week import Week
from alerts.store.repositories import answers
from alerts.store.schema import AlertRow

WEEK = "2026-W10"


def test_the_newest_edition_is_the_last_whole_week(town: System, browser: Browser) -> None:
    town.later(days=7)
    town.settle()
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    answer = client.get("/briefing")
    assert answer.url.path == f"/briefing/{WEEK}"
    assert "Rocketeer is down" in answer.text
    assert f'href="/briefing/{Week.parse(WEEK).moved(1)}"' in answer.text
    assert f'href="/briefing/{Week.parse(WEEK).moved(-1)}"' not in answer.text, "the record begins in this week"
    assert client.get(f"/briefing/{WEEK}").text == answer.text.replace(f"?{answer.url.query.decode()}", "")


def test_a_member_sees_what_the_subscriber_watches_and_an_operator_chooses(town: System, browser: Browser) -> None:
    board = browser(Tier.LEADERSHIP_ALLIANCE, subscriber="board").get(f"/briefing/{WEEK}").text
    assert "what board watches" in board
    assert "Rocketeer is down" not in board
    operator = browser(operator=True)
    assert "Rocketeer is down" in operator.get(f"/briefing/{WEEK}").text
    assert "what board watches" in operator.get(f"/briefing/{WEEK}?subscriber=board").text
    assert "what board watches" not in browser().get(f"/briefing/{WEEK}?subscriber=board").text


def test_open_visitors_see_levels_and_one_headline_and_nothing_of_what_is_over(town: System, browser: Browser) -> None:
    text = browser().get(f"/briefing/{WEEK}").text
    assert "Ministry opens pricing probe into Acme" in text
    assert "Rocketeer is down" not in text
    assert "https://tribune.example" not in text
    town.later(days=20)
    town.settle()
    assert browser().get(f"/briefing/{WEEK}").status_code == 403
    assert browser(Tier.LEADERSHIP_ALLIANCE).get(f"/briefing/{WEEK}").status_code == 200


@pytest.mark.parametrize(
    ("address", "status"), [("/briefing/2026-W60", 400), ("/briefing/x", 400), ("/briefing/2026-W20", 404)]
)
def test_a_week_that_is_none_or_not_on_record_is_a_clear_page(browser: Browser, address: str, status: int) -> None:
    answer = browser(Tier.LEADERSHIP_ALLIANCE).get(address)
    assert answer.status_code == status
    assert "is no week" in answer.text or "There is no edition" in answer.text


def test_an_unknown_subscriber_is_not_found(browser: Browser) -> None:
    assert browser(operator=True).get(f"/briefing/{WEEK}?subscriber=nobody").status_code == 404


# --- feedback ------------------------------------------------------------------------------------------------


def judge(town: System) -> None:
    with town.runtime.database.write() as session:
        for row in session.scalars(select(AlertRow).where(AlertRow.state == "sent", AlertRow.subscriber == "desk")):
            kind = AnswerKind.USEFUL if row.institution == "acme" else AnswerKind.WRONG
            reason = None if kind is AnswerKind.USEFUL else WrongReason.OLD
            made = Answer(f"a-{row.id}", row.id, "desk", row.channel, kind, row.institution, town.now, reason)
            answers.add(session, [made])


def test_feedback_is_for_operators_and_for_subscribers_about_themselves(town: System, browser: Browser) -> None:
    judge(town)
    assert browser().get("/feedback").status_code == 403
    assert browser(Tier.LEADERSHIP_ALLIANCE).get("/feedback").status_code == 403
    desk = browser(Tier.STRATEGIC_CIRCLE, subscriber="desk").get("/feedback?subscriber=board").text
    assert "What readers said of alerts to desk" in desk
    assert "By topic" in desk
    assert "100 %" in desk
    operator = browser(operator=True)
    assert "acme" in operator.get("/feedback").text
    assert "alerts to board" in operator.get("/feedback?subscriber=board").text
    assert operator.get("/feedback?subscriber=nobody").status_code == 404
