"""The operators' page and its actions."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from kit.browsing import OPERATOR, Browser
from kit.system import CONFIG, System
from sqlalchemy import select, update
from starlette.testclient import TestClient

from alerts.config.load import load_entries
from alerts.feeds.state import FeedState
from alerts.model.item import Item
from alerts.model.subscriber import Tier
from alerts.replay.plan import plan, published
from alerts.store import system_state
from alerts.store.repositories.generations import CONTENT_KEPT
from alerts.store.schema import AlertRow, DeliveryRow, SilenceRow, SourceRow
from alerts.web.acts import ACTIONS
from alerts.web.auth import LARGEST_FORM, SESSION_COOKIE


def form_of(client: TestClient) -> str:
    found = re.search(r'name="form" value="([^"]+)"', client.get("/operate/redeliver-dead").text)
    assert found is not None
    return found[1]


def dead(town: System) -> str:
    with town.runtime.database.write() as session:
        delivery = session.scalars(select(DeliveryRow.id).order_by(DeliveryRow.id)).first()
        session.execute(
            update(DeliveryRow).where(DeliveryRow.id == delivery).values(state="dead", reason="gone", due_at=None)
        )
    assert delivery is not None
    return delivery


def state(town: System, delivery: str) -> str:
    with town.runtime.database.read() as session:
        return session.get_one(DeliveryRow, delivery).state


def test_the_page_shows_how_everything_fares(town: System, browser: Browser) -> None:
    dead(town)
    with town.runtime.database.write() as session:
        session.execute(update(SourceRow).where(SourceRow.id == "tribune").values(error="HTTP 500", error_streak=4))
        held = FeedState(held=9, held_since=town.now, held_polls=1)
        session.execute(update(SourceRow).where(SourceRow.id == "coastline").values(state=held.to_json()))
    page = browser(operator=True).get("/operate").text
    for shown in (
        "4× HTTP 500",
        "holds back 9 items",
        "In quarantine: 9 items",
        "Release",
        "Dead letter to",
        "Send again",
        "Queues",
        "subscribers; it is in force as",
        "acme-news",
        "desk",
    ):
        assert shown in page, shown


def test_a_refused_configuration_is_shown_with_its_line(town: System, browser: Browser) -> None:
    file = town.runtime.configuration.directory / "alerts.yaml"
    file.write_text(CONFIG.replace("reliability: C", "reliability: Z"), encoding="utf-8")
    town.reconfigure()
    page = browser(operator=True).get("/operate").text
    assert "Refused configuration" in page
    assert re.search(r"alerts.yaml:5:\d+", page)


def test_a_dead_letter_is_sent_again(town: System, browser: Browser) -> None:
    delivery = dead(town)
    client = browser(operator=True)
    answer = client.post("/operate/redeliver", data={"form": form_of(client), "delivery": delivery})
    assert "It is sent again now." in answer.text
    assert state(town, delivery) == "pending"


def test_all_of_them(town: System, browser: Browser) -> None:
    delivery = dead(town)
    client = browser(operator=True)
    assert "They are sent again now." in client.post("/operate/redeliver-dead", data={"form": form_of(client)}).text
    assert state(town, delivery) == "pending"


def test_a_silence_is_made_and_ended(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    fields = {"form": form_of(client), "institution": "acme", "for": "4h", "reason": "<b>planned</b>", "by": "ops"}
    page = client.post("/operate/silence", data=fields).text
    assert "&lt;b&gt;planned&lt;/b&gt;" in page
    with town.runtime.database.read() as session:
        [silence] = session.scalars(select(SilenceRow.id))
    client.post("/operate/unsilence", data={"form": form_of(client), "silence": silence})
    assert "None in force" in client.get("/operate").text


def test_a_source_is_released(town: System, browser: Browser) -> None:
    with town.runtime.database.write() as session:
        gone = FeedState(stopped="gone for three days", gone=4)
        session.execute(update(SourceRow).where(SourceRow.id == "coastline").values(state=gone.to_json()))
    client = browser(operator=True)
    page = client.post("/operate/release", data={"form": form_of(client), "source": "coastline"}).text
    assert "It is released, and polled now." in page
    assert "gone for three days" not in page


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("redeliver", {"delivery": "nothing"}, "Not done: no delivery"),
        ("silence", {"institution": "nobody", "for": "4h"}, "Not done: no institution"),
        ("silence", {"institution": "acme", "for": "long"}, "is no duration"),
        ("unsilence", {"silence": "nothing"}, "Not done: no silence"),
        ("release", {"source": "acme-news"}, "is not stopped"),
        ("poll", {"source": "nothing"}, "Not done: no source"),
        ("ack", {"subscriber": "desk", "institution": "initech"}, "nothing to acknowledge"),
        ("ack", {"alert": "nothing"}, "Not done: no alert"),
    ],
)
def test_what_cannot_be_done_is_said(browser: Browser, action: str, fields: dict[str, str], said: str) -> None:
    client = browser(operator=True)
    answer = client.post(f"/operate/{action}", data={"form": form_of(client), **fields})
    assert answer.status_code == 200
    assert said in answer.text.replace("&#39;", "'")


def test_what_is_held_back_is_one_list_with_reasons(town: System, browser: Browser) -> None:
    delivery = dead(town)
    with town.runtime.database.write() as session:
        alert = session.scalars(select(AlertRow.id)).first()
        session.execute(update(AlertRow).where(AlertRow.id == alert).values(state="suppressed", reason="silence"))
    page = browser(operator=True).get("/operate").text
    held = page.partition('id="held"')[2].partition("</section>")[0]
    assert f'name="delivery" value="{delivery}"' in held
    assert "A silence covers the institution." in held
    assert f"/alerts/{alert}" in held


def test_a_source_is_polled_now(town: System, browser: Browser) -> None:
    later = town.now + timedelta(hours=5)
    with town.runtime.database.write() as session:
        session.execute(update(SourceRow).where(SourceRow.id == "tribune").values(next_poll_at=later))
    client = browser(operator=True)
    assert "It is polled now." in client.post("/operate/poll", data={"form": form_of(client), "source": "tribune"}).text
    with town.runtime.database.read() as session:
        assert session.get_one(SourceRow, "tribune").next_poll_at <= town.now


def test_an_act_comes_back_to_its_page(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    ask = re.search(r'href="(/operate/silence\?[^"]+)"', client.get("/institutions/acme").text)
    assert ask is not None
    assert 'name="back" value="/institutions/acme"' in client.get(unescape(ask[1])).text
    fields = {"form": form_of(client), "institution": "acme", "for": "4h", "reason": "x", "back": "/institutions/acme"}
    answer = client.post("/operate/silence", data=fields)
    assert answer.url.path == "/institutions/acme"
    assert "The silence holds." in answer.text
    fields = {"form": form_of(client), "institution": "acme", "subscriber": "desk", "back": "/institutions/acme"}
    assert "no reminders until" in client.post("/operate/ack", data=fields).text
    for hostile in (
        "//evil.example",
        "https://evil.example/",
        "/institutions/../..//evil",
        "/enter/x",
        "/operate\r\nx",
    ):
        answer = client.post(
            "/operate/poll", data={**fields, "source": "tribune", "back": hostile}, follow_redirects=False
        )
        assert answer.headers["location"].startswith("/operate?"), hostile


def test_members_have_no_forms_of_operators(browser: Browser) -> None:
    for client in (browser(Tier.LEADERSHIP_ALLIANCE), browser(subscriber="desk")):
        assert "/operate/" not in client.get("/institutions/acme?done=spoofed").text
        assert "spoofed" not in client.get("/institutions/acme?done=spoofed").text
        assert client.get("/operate/audit", follow_redirects=False).status_code == 303


def test_the_audit_lists_acts_by_time(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    fields = {"form": form_of(client), "institution": "acme", "for": "4h", "reason": "<i>launch</i>", "by": "ops"}
    client.post("/operate/silence", data=fields)
    town.later(minutes=5)
    client.post("/operate/ack", data={"form": fields["form"], "institution": "acme", "subscriber": "desk", "by": "ann"})
    page = client.get("/operate/audit").text
    acts = re.findall(r"<tr><td>.*?</td><td>(.*?)</td><td>(.*?)</td>", page)
    assert acts[0] == ("operator ann", "acknowledge")
    assert acts[1][0] == "operator ops"
    assert acts[1][1].endswith("&lt;i&gt;launch&lt;/i&gt;")
    assert any(said.startswith("configuration 1 ") for _, said in acts)


# --- who may -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_else_can_act(town: System, browser: Browser, action: str) -> None:
    delivery = dead(town)
    fields = {"delivery": delivery, "institution": "acme", "for": "4h", "source": "tribune", "form": "x"}
    operator = browser(operator=True)
    stolen = form_of(operator)
    for client in (browser(), browser(Tier.LEADERSHIP_ALLIANCE), browser(subscriber="desk")):
        assert client.post(f"/operate/{action}", data={**fields, "form": stolen}).status_code == 403
        assert client.get(f"/operate/{action}", follow_redirects=False).headers["location"] == "/operate/enter"
    assert state(town, delivery) == "dead"


def test_a_foreign_page_cannot_act_with_an_operator_s_cookie(town: System, browser: Browser) -> None:
    delivery = dead(town)
    client, other = browser(operator=True), browser(operator=True)
    for fields in ({}, {"form": ""}, {"form": form_of(other)}, {"form": client.cookies[SESSION_COOKIE]}):
        answer = client.post("/operate/redeliver", data={"delivery": delivery, **fields})
        assert answer.status_code == 403, fields
    answer = client.post(
        "/operate/redeliver",
        data={"delivery": delivery, "form": form_of(client)},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert state(town, delivery) == "dead"


def test_programs_act_with_the_token_itself(town: System, browser: Browser) -> None:
    delivery = dead(town)
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    answer = browser().post("/operate/redeliver", data={"delivery": delivery}, headers=headers, follow_redirects=False)
    assert answer.status_code == 303
    assert state(town, delivery) == "pending"


def test_a_form_is_bounded(browser: Browser) -> None:
    client = browser(operator=True)
    assert client.post("/operate/ack", content=b"x" * (LARGEST_FORM + 1)).status_code == 413
    assert client.post("/operate/ack", content=b"&a=b" * 300).status_code == 400
    assert client.post("/operate/nothing", data={}).status_code == 404


def test_a_published_plan_is_shown(town: System, browser: Browser, tmp_path: Path) -> None:
    changed = tmp_path / "stricter"
    changed.mkdir()
    (changed / "alerts.yaml").write_text(CONFIG.replace("at_least: medium", "at_least: critical"))
    history = [
        Item(id=f"i{number}", source="acme-news", title=title, observed=town.now + timedelta(hours=number))
        for number, title in enumerate(("Acme hit by an outage", "Acme under a pricing probe"))
    ]
    found = plan(history, town.runtime.configuration.current().settings, load_entries(changed).settings)
    assert found.lost
    with town.runtime.database.write() as session:
        system_state.put(session, system_state.PLAN, town.now, published(found, "<stricter>", 2))
    page = browser(operator=True).get("/operate").text
    assert "&lt;stricter&gt;" in page
    assert f"<b>{len(found.lost)}</b> lost" in page
    assert f"Lost <small>{len(found.lost)}</small>" in page


# --- sources and configurations ------------------------------------------------------------------------------


def test_a_source_has_a_page_and_the_list_is_filtered(town: System, browser: Browser) -> None:
    with town.runtime.database.write() as session:
        session.execute(update(SourceRow).where(SourceRow.id == "tribune").values(error="HTTP 500", error_streak=4))
    client = browser(operator=True)

    def listed(query: str) -> set[str]:
        table = client.get(f"/operate{query}").text.partition('id="source-table"')[2].partition("</table>")[0]
        return set(re.findall(r'href="/operate/sources/([\w-]+)"', table))

    assert listed("") == {"acme-news", "coastline", "tribune"}
    assert listed("?sources=failing") == {"tribune"}
    assert listed("?sources=held") == set()
    assert listed("?q=COAST") == {"coastline"}
    page = client.get("/operate/sources/tribune").text
    assert "4× HTTP 500" in page
    assert "Harbor Tribune, reliability B" in page
    assert "/operate/poll?source=tribune&amp;back=%2Foperate%2Fsources%2Ftribune" in page
    assert client.get("/operate/sources/nothing").status_code == 404
    assert browser().get("/operate/sources/tribune", follow_redirects=False).status_code == 303


def test_what_a_generation_changed_is_shown_without_its_secrets(town: System, browser: Browser) -> None:
    town.reconfigure(
        CONFIG.replace("console://", "json://hook.example/PLANTED").replace("name: Globex", "name: <Globus>")
    )
    client = browser(operator=True)
    page = client.get("/operate/configurations?to=2").text
    assert "<del>-  - {id: globex, name: Globex," in page
    assert "<ins>+  - {id: globex, name: &lt;Globus&gt;," in page
    assert re.search(r"json://\*\*\*\d", page)
    assert "PLANTED" not in page
    assert 'href="/operate/configurations?to=2"' in client.get("/operate/audit").text
    found = client.get("/api/configurations").json()
    assert (found["from"], found["to"], [each["number"] for each in found["generations"]]) == (1, 2, [2, 1])
    assert "PLANTED" not in str(found)
    assert client.get("/operate/configurations?to=x").status_code == 400


def test_one_generation_alone_is_compared_with_nothing(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    page = client.get("/operate/configurations").text
    assert "What differs" not in page
    assert "Show differences" not in page
    assert re.findall(r'<th scope="row" class="num">(\d+)</th>', page) == ["1"]
    found = client.get("/api/configurations").json()
    assert (found["from"], found["to"], found["files"]) == (None, None, [])


def test_a_generation_whose_files_were_not_kept_says_so(town: System, browser: Browser) -> None:
    for number in range(CONTENT_KEPT + 1):
        town.reconfigure(f"{CONFIG}# {number}\n")
    client = browser(operator=True)
    assert "its content was not kept" in client.get("/operate/configurations?from=1&to=3").text
    assert "not kept" not in client.get("/operate/configurations?from=3&to=22").text
