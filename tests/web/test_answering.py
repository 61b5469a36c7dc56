"""Answering an alert from its message, over HTTP, on both databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from kit.browsing import SIGNER, opened
from kit.system import System
from sqlalchemy import select
from starlette.testclient import TestClient

from alerts.access.links import Pages
from alerts.model.answer import Answer
from alerts.model.subscriber import Tier
from alerts.store.database import Database
from alerts.store.repositories import answers
from alerts.store.schema import AlertRow
from alerts.web.answering import ACTS


def an_outage(database: Database, config: Path) -> System:
    made = System(database, config)
    made.observe("acme-news", "Rocketeer is down: we have an outage")
    made.settle()
    return made


@pytest.fixture
def town(played: Callable[..., System]) -> System:
    return played(an_outage)


@pytest.fixture
def client(town: System) -> Iterator[TestClient]:
    with opened(town) as made:
        yield made


def alert(town: System, institution: str = "acme", channel: str = "console") -> AlertRow:
    with town.runtime.database.read() as session:
        query = select(AlertRow).filter_by(institution=institution, channel=channel).order_by(AlertRow.at)
        row = session.scalars(query).first()
    assert row is not None
    return row


def link(town: System, channel: str = "console", of: Callable[[System], AlertRow] = alert) -> str:
    return Pages("", SIGNER).answer(of(town).id, channel, town.now)


def given(town: System) -> list[Answer]:
    with town.runtime.database.read() as session:
        return answers.find(session)


def undo_of(page: str) -> dict[str, str]:
    found = re.search(r'name="answer" value="(\w+)"', page)
    assert found is not None
    return {"answer": found[1]}


def test_following_a_link_changes_nothing(town: System, client: TestClient) -> None:
    """Mail scanners follow links."""
    for name in ("", "/wrong", "/fewer", *(f"/{act}" for act in ACTS)):
        for ask in (client.get, client.head):
            assert ask(link(town) + name).status_code == 200
    assert given(town) == []


@pytest.mark.parametrize("act", ACTS)
def test_each_answer_is_said_done_once_and_undone(town: System, client: TestClient, act: str) -> None:
    address = link(town)
    asked = client.get(f"{address}/{act}").text
    assert "Do this?" in asked
    done = client.post(f"{address}/{act}")
    assert done.status_code == 200
    assert "Done:" in done.text
    assert "Done:" in client.post(f"{address}/{act}").text
    [answer] = given(town)
    assert (answer.kind, answer.reason, answer.days) == (ACTS[act].kind, ACTS[act].reason, ACTS[act].days)
    assert (answer.alert, answer.subscriber, answer.channel) == (alert(town).id, "desk", "console")
    assert answer.who == "a reader of console", "a channel may have many readers"
    assert client.get(f"{address}/undo").status_code == 404
    back = client.post(f"{address}/undo", data=undo_of(done.text))
    assert "Taken back" in back.text
    assert client.post(f"{address}/undo", data=undo_of(done.text)).status_code == 200
    [answer] = given(town)
    assert answer.undone_at is not None
    assert answer.undone_by == "a reader of console"
    assert "What holds now" not in client.get(address).text


def test_forged_and_cut_links(town: System, client: TestClient) -> None:
    good = link(town)
    token = good.rpartition("/")[2]
    forged = f"{token.partition('.')[0]}.{'A' * 27}"
    for wrong in (token[:-3], "x", forged):
        for ask in (client.get, client.post):
            answer = ask(f"/answer/{wrong}/useful")
            assert answer.status_code == 403
            assert "not complete" in answer.text
    assert given(town) == []
    for _ in range(10):
        last = client.post(f"/answer/{forged}/useful")
    assert last.status_code == 429, "guessing is slowed down as for every token"
    assert client.post(f"{good}/useful").status_code == 200, "a good link always works"


def test_a_link_of_another_purpose_is_none(town: System, client: TestClient) -> None:
    pages = Pages("", SIGNER)
    token = pages.unsubscribe("desk", "console").rpartition("/")[2]
    assert client.get(f"/answer/{token}").status_code == 403
    assert client.get(f"/unsubscribe/{link(town).rpartition('/')[2]}").status_code == 403


def test_an_expired_link_says_so(town: System, client: TestClient) -> None:
    address = link(town)
    town.later(days=29, hours=23)
    assert client.get(address).status_code == 200
    town.later(hours=2)
    for ask in (client.get, client.post):
        answer = ask(f"{address}/useful")
        assert answer.status_code == 410
        assert "expired" in answer.text
    assert given(town) == []


def test_an_unknown_answer_and_an_unknown_alert(town: System, client: TestClient) -> None:
    assert client.get(f"{link(town)}/applaud").status_code == 404
    assert client.post(f"{link(town)}/wrong").status_code == 404, "it asks which"
    gone = Pages("", SIGNER).answer("gone", "console", town.now)
    assert client.get(gone).status_code == 410
    assert client.post(f"{link(town)}/undo", data={"answer": "nothing"}).status_code == 404


def test_who_answered_is_known_where_it_can_be(town: System) -> None:
    with opened(town, subscriber="desk") as member, opened(town, operator=True) as operator:
        member.post(f"{link(town)}/useful")
        operator.post(f"{link(town)}/wrong-old")
    assert {each.who for each in given(town)} == {"member desk", "operator"}
    standing = [each for each in given(town) if each.undone_at is None]
    assert [each.verdict for each in standing] == ["old news"], "the last verdict counts"


def test_a_muted_institution_is_held_back_in_that_channel_alone(town: System, client: TestClient) -> None:
    client.post(f"{link(town)}/mute-7")
    town.later(hours=1)
    town.observe("tribune", "Acme: investigation into outage, probe opened")
    states = {(each.state, each.reason) for each in _alerts(town, "acme")[1:]}
    assert states == {("suppressed", "muted")}
    town.later(days=8)
    town.observe("tribune", "Acme shut down by probe after investigation")
    assert _alerts(town, "acme")[-1].reason != "muted"


def _alerts(town: System, institution: str) -> list[AlertRow]:
    with town.runtime.database.read() as session:
        return list(session.scalars(select(AlertRow).filter_by(institution=institution).order_by(AlertRow.at)))


def test_no_tier_leaves_a_trace(town: System, client: TestClient) -> None:
    """The page of a subscriber of the lowest and of the highest tier is the same."""

    def shown(tier: str) -> str:
        file = town.runtime.configuration.directory / "alerts.yaml"
        text = re.sub(r"tier: [\w-]+", f"tier: {tier}", file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
        town.reconfigure()
        return str(client.get(link(town)).text)

    pages = {shown(each.value) for each in Tier}
    assert len(pages) == 1
    assert "strategic" not in pages.pop()


def test_what_was_withdrawn_can_still_be_judged(town: System, client: TestClient) -> None:
    address = link(town)
    town.later(minutes=10)
    town.observe("acme-news", "Rocketeer is down: we have an outage", id="acme-news-1", withdrawn=True)
    town.settle()
    page = client.get(address)
    assert page.status_code == 200
    assert "taken back" in page.text
    assert "Done" in client.post(f"{address}/wrong-not-about").text
    assert len(given(town)) == 1


def test_answers_show_on_the_pages_of_those_who_may_see_them(town: System, client: TestClient) -> None:
    client.post(f"{link(town)}/mute-30")
    with opened(town, operator=True) as operator, opened(town, Tier.LEADERSHIP_ALLIANCE) as other:
        for address in (f"/alerts/{alert(town).id}", "/institutions/acme"):
            page = operator.get(address).text
            assert "mute acme for 30 days" in page
            assert "a reader of console" in page
            assert "mute acme" not in other.get(address).text, "it is of another subscriber"
        ask = re.search(r'href="(/operate/undo[^"]+)"', page)
        assert ask is not None
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', operator.get(unescape(ask[1])).text))
        assert operator.post("/operate/undo", data=fields).url.path == "/institutions/acme"
    assert given(town)[0].undone_by == "operator"


@pytest.mark.slow
def test_a_thousand_clicks_are_one_answer(town: System, client: TestClient) -> None:
    address = link(town)
    for _ in range(100):
        assert client.post(f"{address}/acknowledge").status_code == 200
    assert len(given(town)) == 1


def test_a_subscriber_that_is_gone(town: System, client: TestClient) -> None:
    address = link(town)
    file = town.runtime.configuration.directory / "alerts.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("id: desk", "id: office"), encoding="utf-8")
    town.reconfigure()
    answer = client.post(f"{address}/useful")
    assert answer.status_code == 410
    assert "no longer configured" in answer.text
