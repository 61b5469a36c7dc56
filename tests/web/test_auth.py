"""Who gets in, how, and for how long."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.browsing import OPERATOR, SIGNER, Browser, link
from kit.world import CONFIG, World

from alerts.access.links import token_of, unsubscribe_token
from alerts.access.signing import Purpose, Signer
from alerts.model.subscriber import Tier
from alerts.store.repositories import links


def tier_of(page: str) -> str:
    found = re.search(r'class="tier-name">([^<]+)<', page)
    assert found is not None
    return found[1]


# --- members -------------------------------------------------------------------------------------------------


def test_a_link_lets_its_bearer_in_and_is_remembered(town: World, browser: Browser) -> None:
    client = browser()
    assert tier_of(client.get("/").text) == "open"
    answer = client.get(f"/enter/{link(town, Tier.STRATEGIC_CIRCLE)[1]}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=2592000" in cookie
    assert "secure" not in cookie
    assert tier_of(client.get("/").text) == "strategic circle"


def test_cookies_are_for_https_where_the_pages_are(browser: Browser, town: World) -> None:
    client = browser(base_url="https://alerts.example.org")
    answer = client.get(f"/enter/{link(town, Tier.OPEN)[1]}", follow_redirects=False)
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "max-age" in answer.headers["strict-transport-security"]


def test_an_expired_or_revoked_link_is_worth_nothing(town: World, browser: Browser) -> None:
    made, token = link(town, Tier.LEADERSHIP_ALLIANCE, days=1)
    client = browser()
    client.get(f"/enter/{token}")
    assert tier_of(client.get("/").text) == "leadership alliance"
    town.later(days=1)
    assert tier_of(client.get("/").text) == "open"
    assert client.get(f"/enter/{token}").status_code == 403
    town.later(days=-1)
    assert tier_of(client.get("/").text) == "leadership alliance"
    with town.runtime.database.write() as session:
        assert links.revoke(session, made.id, town.now)
        assert not links.revoke(session, "none", town.now)
    assert tier_of(client.get("/").text) == "open"
    assert client.get("/api/institutions", params={"key": token}).status_code == 403


def test_a_key_or_a_bearer_token_opens_the_interface(town: World, browser: Browser) -> None:
    _, token = link(town, Tier.STRATEGIC_CIRCLE)
    client = browser()
    path = "/api/institutions/acme/stories"
    assert client.get(path).status_code == 403
    assert client.get(path, params={"key": token}).status_code == 200
    assert client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert client.get(path, headers={"Authorization": "Bearer nonsense"}).status_code == 403


def test_a_subscriber_s_link_follows_the_configuration(town: World, browser: Browser) -> None:
    client = browser(subscriber="board")
    assert tier_of(client.get("/").text) == "leadership alliance"
    file = town.runtime.configuration.directory / "alerts.yaml"
    file.write_text(CONFIG.replace("leadership-alliance", "open"), encoding="utf-8")
    town.reconfigure()
    assert tier_of(client.get("/").text) == "open"


def test_leaving_forgets_the_link(browser: Browser) -> None:
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    assert client.get("/leave").status_code == 405
    assert tier_of(client.post("/leave").text) == "open"
    assert tier_of(client.get("/").text) == "open"


@given(st.text(max_size=200))
def test_no_made_up_token_is_read(token: str) -> None:
    assert SIGNER.read(Purpose.LINK, token) is None


@given(st.lists(st.text(max_size=20), max_size=4), st.integers(0, 40), st.sampled_from(list(Purpose)))
def test_a_token_is_for_one_purpose_of_one_installation(
    parts: list[str], place: int, purpose: Purpose
) -> None:
    token = SIGNER.sign(purpose, *parts)
    assert SIGNER.read(purpose, token) == tuple(parts)
    assert Signer(b"another key").read(purpose, token) is None
    assert all(SIGNER.read(other, token) is None for other in Purpose if other is not purpose)
    changed = token[:place] + ("A" if token[place : place + 1] != "A" else "B") + token[place + 1 :]
    assert SIGNER.read(purpose, changed) in {None, tuple(parts)}  # the last bits of base64 may be padding
    assert re.fullmatch(r"[\w.-]+", token)


def test_a_link_nobody_recorded_is_refused(town: World, browser: Browser) -> None:
    made, _ = link(town, Tier.LEADERSHIP_ALLIANCE)
    with town.runtime.database.write() as session:
        session.execute(links.LinkRow.__table__.delete())  # type: ignore[attr-defined]
    assert browser().get(f"/enter/{token_of(SIGNER, made)}").status_code == 403


# --- operators -----------------------------------------------------------------------------------------------


def test_operators_show_their_token(browser: Browser) -> None:
    client = browser()
    assert client.get("/operate", follow_redirects=False).headers["location"] == "/operate/enter"
    wrong = client.post("/operate/enter", data={"token": "wrong"})
    assert wrong.status_code == 403
    assert OPERATOR not in wrong.text
    entered = client.post("/operate/enter", data={"token": OPERATOR}, follow_redirects=False)
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert OPERATOR not in entered.headers["set-cookie"]
    assert "Operations" in client.get("/operate").text


def test_a_session_ends(town: World, browser: Browser) -> None:
    client = browser(operator=True)
    assert tier_of(client.get("/").text) == "operator"
    town.later(hours=12)
    assert tier_of(client.get("/").text) == "open"


def test_the_token_itself_opens_the_interface(browser: Browser) -> None:
    client = browser()
    assert client.get("/api/status").status_code == 403
    answer = client.get("/api/status", headers={"Authorization": f"Bearer {OPERATOR}"})
    assert answer.status_code == 200
    assert answer.json()["kind"] == "status"


@pytest.mark.parametrize("token", ["", "ä", "\x00", "x" * 5000, OPERATOR[:-1], OPERATOR + " x"])
def test_no_other_token_does(browser: Browser, token: str) -> None:
    assert browser().post("/operate/enter", data={"token": token}).status_code == 403


def test_nobody_asks_for_the_time_where_all_requests_would_wait(town: World, browser: Browser) -> None:
    """It is the database's time: while that does not answer, what needs no database goes on."""
    town.runtime.clock = lambda: off_the_loop(town.now)
    client = browser()
    unsubscribe = f"/unsubscribe/{unsubscribe_token(SIGNER, 'desk', 'console')}"
    for method, address, form in (
        ("GET", "/", None),
        ("GET", "/operate/enter", None),
        ("POST", "/operate/enter", {"token": "wrong"}),
        ("POST", "/operate/enter", {"token": OPERATOR}),
        ("POST", "/operate/redeliver", {"delivery": "none"}),
        ("GET", unsubscribe, None),
        ("POST", unsubscribe, {}),
        ("POST", f"{unsubscribe}/undo", {}),
        ("GET", "/nowhere", None),
    ):
        assert client.request(method, address, data=form).status_code < 500, address


def off_the_loop(now: datetime) -> datetime:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return now
    raise AssertionError("on the loop")
