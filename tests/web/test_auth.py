"""Who gets in, how, and for how long."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.browsing import OPERATOR, SIGNER, Browser, link
from kit.system import CONFIG, System
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.testclient import TestClient

from alerts.access.links import Pages, token_of
from alerts.access.signing import Purpose, Signer
from alerts.model.subscriber import Tier
from alerts.store.repositories import links
from alerts.web.app import create_app
from alerts.web.auth import MAX_ADDRESSES, MAX_WRONG, SESSION_COOKIE, WINDOW, Attempts
from alerts.web.middleware import known_hosts


def tier_of(page: str) -> str:
    found = re.search(r'class="tier-name">([^<]+)<', page)
    assert found is not None
    return found[1]


# --- members -------------------------------------------------------------------------------------------------


def test_a_link_lets_its_bearer_in_and_is_remembered(town: System, browser: Browser) -> None:
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


def test_cookies_are_for_https_where_the_pages_are(browser: Browser, town: System) -> None:
    client = browser(base_url="https://alerts.example.org")
    answer = client.get(f"/enter/{link(town, Tier.OPEN)[1]}", follow_redirects=False)
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "max-age" in answer.headers["strict-transport-security"]


def test_an_expired_or_revoked_link_is_worth_nothing(town: System, browser: Browser) -> None:
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


def test_a_key_or_a_bearer_token_opens_the_interface(town: System, browser: Browser) -> None:
    _, token = link(town, Tier.STRATEGIC_CIRCLE)
    client = browser()
    path = "/api/institutions/acme/stories"
    assert client.get(path).status_code == 403
    assert client.get(path, params={"key": token}).status_code == 200
    assert client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert client.get(path, headers={"Authorization": "Bearer nonsense"}).status_code == 403


def test_a_subscriber_s_link_follows_the_configuration(town: System, browser: Browser) -> None:
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
def test_a_token_is_for_one_purpose_of_one_installation(parts: list[str], place: int, purpose: Purpose) -> None:
    token = SIGNER.sign(purpose, *parts)
    assert SIGNER.read(purpose, token) == tuple(parts)
    assert Signer(b"another key").read(purpose, token) is None
    assert all(SIGNER.read(other, token) is None for other in Purpose if other is not purpose)
    changed = token[:place] + ("A" if token[place : place + 1] != "A" else "B") + token[place + 1 :]
    assert SIGNER.read(purpose, changed) in {None, tuple(parts)}  # the last bits of base64 may be padding
    assert re.fullmatch(r"[\w.-]+", token)


def test_a_link_nobody_recorded_is_refused(town: System, browser: Browser) -> None:
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


def test_a_session_ends(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    assert tier_of(client.get("/").text) == "operator"
    town.later(hours=12)
    assert tier_of(client.get("/").text) == "open"


def test_a_session_ends_unused_and_is_kept_by_use(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    for _ in range(3):
        town.later(minutes=119)
        assert tier_of(client.get("/").text) == "operator"
    town.later(minutes=120)
    assert tier_of(client.get("/").text) == "open"


def test_signing_in_begins_a_session_of_its_own(browser: Browser) -> None:
    """What a stranger put into the browser before (session fixation), or had from it, is worth nothing after."""
    client, stranger = browser(), browser(operator=True)
    before = stranger.cookies[SESSION_COOKIE]
    client.cookies.set(SESSION_COOKIE, before)
    client.post("/operate/enter", data={"token": OPERATOR})
    assert client.cookies.get(SESSION_COOKIE, domain="pages.example.local") != before
    assert tier_of(stranger.get("/").text) == "open"


@pytest.mark.parametrize(
    ("signer", "token"), [(SIGNER, "another-operator-token"), (Signer(b"another secret"), OPERATOR)]
)
def test_another_token_or_secret_ends_all_sessions(town: System, browser: Browser, signer: Signer, token: str) -> None:
    cookie = browser(operator=True).cookies[SESSION_COOKIE]
    for now, expected in (((SIGNER, OPERATOR), "operator"), ((signer, token), "open")):
        with TestClient(create_app(town.runtime, *now), cookies={SESSION_COOKIE: cookie}) as client:
            assert tier_of(client.get("/").text) == expected


def test_the_token_itself_opens_the_interface(browser: Browser) -> None:
    client = browser()
    assert client.get("/api/status").status_code == 403
    answer = client.get("/api/status", headers={"Authorization": f"Bearer {OPERATOR}"})
    assert answer.status_code == 200
    assert answer.json()["kind"] == "status"


@pytest.mark.parametrize("token", ["", "ä", "\x00", "x" * 5000, OPERATOR[:-1], OPERATOR + " x"])
def test_no_other_token_does(browser: Browser, token: str) -> None:
    assert browser().post("/operate/enter", data={"token": token}).status_code == 403


def test_nobody_asks_for_the_time_where_all_requests_would_wait(town: System, browser: Browser) -> None:
    """It is the database's time: while that does not answer, what needs no database goes on."""
    town.runtime.clock = lambda: off_the_loop(town.now)
    client = browser()
    unsubscribe = Pages("", SIGNER).unsubscribe("desk", "console")
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


# --- what a wrong token costs, and what leaving ends ---------------------------------------------------------


def test_an_address_that_gave_too_many_wrong_tokens_has_to_wait_with_the_right_one_too(
    town: System, browser: Browser
) -> None:
    client = browser()
    for number in range(MAX_WRONG):
        answer = client.get("/", headers={"Authorization": f"Bearer wrong-{number}"})
        assert answer.status_code == 403
    for refused in (
        client.get("/", headers={"Authorization": f"Bearer {OPERATOR}"}),
        client.get("/?key=anything"),
        client.get(f"/enter/{link(town)[1]}"),
        client.post("/operate/enter", data={"token": OPERATOR}),
    ):
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= WINDOW.total_seconds()
    assert client.get("/").status_code == 200, "who shows no token is let in as ever"
    town.later(seconds=WINDOW.total_seconds())
    assert client.post("/operate/enter", data={"token": OPERATOR}).status_code == 200


def test_wrong_tokens_of_one_address_cost_no_other(town: System) -> None:
    attempts = Attempts()

    def of(address: str) -> Request:
        return Request({"type": "http", "client": (address, 0)})

    for _ in range(MAX_WRONG):
        attempts.was_wrong(of("192.0.2.1"), town.now)
        attempts.was_wrong(of("2001:db8::1"), town.now)
    for same_client in ("192.0.2.1", "2001:db8::2"):  # a /64 is one client
        with pytest.raises(HTTPException) as refused:
            attempts.check(of(same_client), town.now)
        assert (refused.value.headers or {})["Retry-After"] == f"{WINDOW.total_seconds():.0f}"
    attempts.check(of("192.0.2.2"), town.now)
    attempts.check(of("2001:db8:0:1::1"), town.now)
    for number in range(MAX_ADDRESSES):
        attempts.was_wrong(of(f"address-{number}"), town.now)
    attempts.check(of("192.0.2.1"), town.now)  # what is remembered is bounded


def test_a_session_that_was_left_is_worth_nothing_to_whoever_kept_its_cookie(browser: Browser) -> None:
    client, thief = browser(operator=True), browser()
    stolen = client.cookies[SESSION_COOKIE]
    thief.cookies.set(SESSION_COOKIE, stolen)
    assert thief.get("/operate").url.path == "/operate"
    client.post("/leave")
    assert SESSION_COOKIE not in client.cookies
    assert thief.get("/operate").url.path == "/operate/enter"


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("alerts.example.org", True),
        ("ALERTS.example.org:8443", True),
        ("other.example", True),
        ("127.0.0.1:8321", True),
        ("[::1]:8321", True),
        ("localhost:8321", True),
        ("web", True),
        ("", True),
        ("rebound.example", False),
        ("alerts.example.org.rebound.example", False),
        ("rebound.example:8321", False),
    ],
)
def test_the_pages_answer_to_their_own_names_alone(town: System, host: str, allowed: bool) -> None:
    hosts = known_hosts("https://alerts.example.org", {"ALERTS_HOSTS": "other.example, "})
    app = create_app(town.runtime, SIGNER, OPERATOR, hosts=hosts)
    with TestClient(app) as client:
        answer = client.get("/healthz", headers={"Host": host})
    assert answer.status_code == (200 if allowed else 421)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_metrics_can_be_for_those_alone_who_bear_their_token(town: System) -> None:
    app = create_app(town.runtime, SIGNER, OPERATOR, metrics_token="token of the metrics")
    with TestClient(app) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
        for token in ("token of the metrics", OPERATOR):
            answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200
            assert "alerts_config_generation 1.0" in answer.text
    with TestClient(create_app(town.runtime, SIGNER, OPERATOR)) as client:
        assert client.get("/metrics").status_code == 200
