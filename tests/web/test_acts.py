"""Acts of operators: each asks once, is done to one thing or to many, and is in the audit."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from kit.browsing import Browser
from kit.system import System
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from alerts.feeds.state import FeedState
from alerts.model.times import format_time
from alerts.store.repositories import answers
from alerts.store.schema import AlertRow, Base, DeliveryRow, SilenceRow, SourceRow, StoryRow
from alerts.web.acts import ACTIONS, MAX_CHOSEN


def ask(client: TestClient, address: str) -> dict[str, Any]:
    """The fields of the form by which the page at an address asks."""
    page = client.get(address)
    assert page.status_code == 200, page.text
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text):
        found.setdefault(name, []).append(unescape(value))
    return found


def do(client: TestClient, address: str, **fields: Any) -> str:
    """Answers yes; what the page says then."""
    answer = client.post(address.partition("?")[0], data={**ask(client, address), **fields})
    assert answer.status_code == 200, answer.text
    return unescape(re.sub("<[^>]+>", "", answer.text.partition('role="status">')[2].partition("</p>")[0]))


def audit(client: TestClient) -> list[tuple[str, ...]]:
    """Who, what and about, the newest first."""
    rows = re.findall(r"<tr>(.*?)</tr>", client.get("/operate/audit").text, re.DOTALL)
    cells = [re.findall(r"<td>(.*?)</td>", row) for row in rows]
    return [tuple(unescape(re.sub("<[^>]+>", "", each)) for each in row[1:]) for row in cells if row]


def ids(town: System, row: Any, **where: str) -> list[str]:
    with town.runtime.database.read() as session:
        return list(session.scalars(select(row.id).filter_by(**where).order_by(row.id)))


def counts(town: System) -> dict[str, int]:
    with town.runtime.database.read() as session:
        tables = Base.metadata.tables.values()
        return {each.name: session.scalar(select(func.count()).select_from(each)) or 0 for each in tables}


def test_to_ask_changes_nothing(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    do(client, "/operate/silence?institution=acme", **{"for": "4h", "reason": "launch"})
    about = {
        "delivery": ids(town, DeliveryRow)[0],
        "institution": "acme",
        "silence": ids(town, SilenceRow)[0],
        "source": "tribune",
        "alert": ids(town, AlertRow)[0],
    }
    do(client, f"/operate/verdict?alert={about['alert']}", verdict="useful")
    with town.runtime.database.read() as session:
        about["answer"] = answers.find(session)[0].id
    before = counts(town)
    for action, (_, fields, _) in ACTIONS.items():
        for field in fields or ("none",):
            page = client.get(f"/operate/{action}?{field}={about.get(field, '')}&back=/institutions")
            assert page.status_code == 200, action
            assert f'<form method="post" action="/operate/{action}"' in page.text
            assert '<a href="/institutions">Leave it</a>' in page.text
    assert counts(town) == before


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "0 are ticked: go back"),
        ("source=nothing", 404, "no source"),
        ("source=tribune&source=<b>", 404, "&lt;b&gt;"),
        ("&".join(f"source=s{each}" for each in range(MAX_CHOSEN + 1)), 400, "200 at most"),
    ],
)
def test_what_cannot_be_asked(browser: Browser, query: str, status: int, said: str) -> None:
    page = browser(operator=True).get(f"/operate/poll?{query}")
    assert page.status_code == status
    assert said in page.text


def test_many_sources_are_polled_at_once_and_what_is_refused_is_said(town: System, browser: Browser) -> None:
    later = town.now + timedelta(hours=5)
    with town.runtime.database.write() as session:
        session.execute(update(SourceRow).values(next_poll_at=later))
        leased = update(SourceRow).where(SourceRow.id == "coastline")
        session.execute(leased.values(lease_until=later))
    client = browser(operator=True)
    chosen = "source=acme-news&source=coastline&source=tribune&source=tribune"
    said = do(client, f"/operate/poll?{chosen}", by="ann")
    assert said.startswith("2 of 3 done. Not done: source coastline is being polled")
    due = {row.id: row.next_poll_at for row in town.rows(SourceRow)}
    assert due == {"acme-news": town.now, "coastline": later, "tribune": town.now}
    assert set(audit(client)[:2]) == {("operator ann", "polled now", each) for each in ("acme-news", "tribune")}


def test_many_are_released_and_sent_again(town: System, browser: Browser) -> None:
    with town.runtime.database.write() as session:
        held = FeedState(held=9, held_since=town.now, held_polls=1)
        session.execute(update(SourceRow).where(SourceRow.id == "coastline").values(state=held.to_json()))
        stopped = FeedState(stopped="gone")
        session.execute(update(SourceRow).where(SourceRow.id == "tribune").values(state=stopped.to_json()))
        session.execute(update(DeliveryRow).values(state="dead", reason="gone", due_at=None))
    client = browser(operator=True)
    page = client.get("/operate").text
    dead = re.findall(r'form="held-back" name="delivery" value="(\w+)"', page)
    assert sorted(dead) == ids(town, DeliveryRow)
    assert len(dead) > 1
    assert set(re.findall(r'form="held-back" name="source" value="([\w-]+)"', page)) == {"coastline", "tribune"}
    assert do(client, "/operate/release?source=coastline&source=tribune") == "2 of 2 done."
    query = "&".join(f"delivery={each}" for each in dead)
    assert do(client, f"/operate/redeliver?{query}") == f"{len(dead)} of {len(dead)} done."
    assert {row.state for row in town.rows(DeliveryRow)} == {"pending"}
    acts = {(what, about) for _, what, about in audit(client)}
    assert ("released 9 held items", "coastline") in acts
    assert ("resumed a stopped source", "tribune") in acts
    assert sum(what == "sent a message again" for what, _ in acts) == len(dead)


def test_institutions_that_are_ticked_are_silenced_together(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    page = client.get("/institutions").text
    assert set(re.findall(r'form="chosen" name="institution" value="(\w+)"', page)) == {"acme", "globex", "initech"}
    assert 'formaction="/operate/silence"' in page
    said = do(client, "/operate/silence?institution=acme&institution=globex", **{"for": "2h", "reason": "drill"})
    assert said == "The silence holds."
    until, silence = format_time(town.now + timedelta(hours=2)), ids(town, SilenceRow)[0]
    do(client, f"/operate/unsilence?silence={silence}", by="bo")
    assert set(audit(client)[:2]) == {
        ("operator", f"silenced until {until}: drill", f"acme, globex: silence {silence}"),
        ("operator bo", "ended a silence", f"silence {silence}"),
    }
    assert 'name="institution"' not in browser().get("/institutions").text


def test_an_operator_says_that_alerts_were_not_about_them(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    with town.runtime.database.read() as session:
        story = session.scalars(select(StoryRow.id).where(StoryRow.title.contains("outage"))).first()
    alerts = ids(town, AlertRow, institution="acme")
    for page in (f"/stories/{story}", "/institutions/acme"):
        ticked = re.findall(r'form="judge" name="alert" value="(\w+)"', client.get(page).text)
        assert ticked, page
        assert 'formaction="/operate/verdict" name="verdict" value="wrong-not-about"' in client.get(page).text
        assert set(ticked) <= set(alerts)
    one = re.search(r'href="(/operate/verdict\?[^"]+wrong-not-about[^"]*)"', client.get(f"/alerts/{alerts[0]}").text)
    assert one is not None
    assert 'value="wrong-not-about" required checked' in client.get(unescape(one[1])).text
    query = "&".join(f"alert={each}" for each in ticked)
    said = do(client, f"/operate/verdict?{query}&back=/stories/{story}", verdict="wrong-not-about", by="ann")
    assert said in {"The verdict is recorded.", f"{len(ticked)} of {len(ticked)} done."}
    page = client.get("/feedback").text
    assert "<dt>Judged</dt><dd><b>0</b>" not in page
    assert "wrong: not about" in page
    assert "by operator ann" in page
    assert ("operator ann", "wrong: not about", "acme, for desk") in audit(client)
    said = do(client, f"/operate/verdict?alert={alerts[0]}", verdict="fine")
    assert said.startswith("Not done: a verdict is one of useful, wrong-not-about")


def test_a_delivery_is_acknowledged_with_all_its_alerts(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    with town.runtime.database.read() as session:
        delivery = session.scalars(select(DeliveryRow.id).where(DeliveryRow.channel == "console")).first()
    assert "no reminders" in do(client, f"/operate/ack?delivery={delivery}")
    with town.runtime.database.read() as session:
        assert {each.kind for each in answers.find(session)} == {"acknowledge"}
