"""Signing in by OpenID Connect, with a provider that runs, and one that lies."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from kit.browsing import OPERATOR, SIGNER
from kit.provider import CLIENT_SECRET, Claims, Provider, by_secret, unsigned
from kit.system import CONFIG, System
from starlette.testclient import TestClient

from alerts.access.sign_on import sign_on
from alerts.web import sign_in
from alerts.web.app import create_app
from alerts.web.auth import SESSION_COOKIE
from alerts.web.sign_in import PENDING_COOKIE

pytestmark = pytest.mark.servers

ACCESS = """
access:
  operators: [admins]
  tiers: {staff: strategic-circle}
  subscribers: {owners: board}
"""
HERE = "https://alerts.example.org"


@pytest.fixture
def provider(town: System) -> Iterator[Provider]:
    (town.runtime.configuration.directory / "alerts.yaml").write_text(CONFIG + ACCESS, encoding="utf-8")
    town.reconfigure()
    with Provider(lambda: town.clock().timestamp()) as made:
        yield made


@pytest.fixture
def client(town: System, provider: Provider) -> Iterator[TestClient]:
    """A browser that does not know the pages yet."""
    app = create_app(town.runtime, SIGNER, OPERATOR, base_url=HERE, sign_on=sign_on(provider.environment()))
    with TestClient(app, base_url=HERE, follow_redirects=False) as made:
        yield made


def returned(client: TestClient, page: str = "/institutions") -> str:
    """Goes to the provider and signs in there; where that sends the browser."""
    asked = client.get("/sign-in", params={"next": page})
    assert asked.status_code == 303, asked.text
    answer = httpx.get(asked.headers["location"])
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{HERE}/sign-in/callback?")
    return answer.headers["location"]


def role(client: TestClient) -> str:
    found = re.search(r'class="tier-name">([^<]+)<', client.get("/institutions").text)
    assert found is not None
    return found[1]


def test_a_person_signs_in_and_leaves(client: TestClient, provider: Provider) -> None:
    assert 'href="/sign-in?next=/institutions"' in client.get("/institutions").text
    answer = client.get(returned(client))
    assert (answer.status_code, answer.headers["location"]) == (303, "/institutions")
    cookies = answer.headers.get_list("set-cookie")
    [session] = [each.lower() for each in cookies if each.startswith(SESSION_COOKIE)]
    assert "httponly" in session
    assert "secure" in session
    assert "samesite=lax" in session
    assert PENDING_COOKIE not in client.cookies
    assert role(client) == "strategic circle"
    assert "ann@example.org" in client.get("/").text
    client.post("/leave")
    assert role(client) == "open"


def test_what_the_browser_is_sent_with(client: TestClient, provider: Provider) -> None:
    asked = parse_qs(urlsplit(client.get("/sign-in").headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{HERE}/sign-in/callback"]
    assert asked["scope"] == ["openid profile email"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43
    again = parse_qs(urlsplit(client.get("/sign-in").headers["location"]).query)
    assert all(again[name] != asked[name] for name in ("state", "nonce", "code_challenge"))
    assert CLIENT_SECRET not in str(asked)


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"groups": ["admins", "staff"]}, "operator"),
        ({"groups": "staff"}, "strategic circle"),
        ({"groups": ["owners"]}, "leadership alliance"),
    ],
)
def test_groups_decide_what_somebody_sees(
    client: TestClient, provider: Provider, person: Claims, expected: str
) -> None:
    provider.person |= person
    client.get(returned(client))
    assert role(client) == expected


def test_an_edit_of_the_configuration_ends_what_a_group_was_given(
    client: TestClient, provider: Provider, town: System
) -> None:
    client.get(returned(client))
    file = town.runtime.configuration.directory / "alerts.yaml"
    file.write_text(CONFIG + ACCESS.replace("staff:", "crew:"), encoding="utf-8")
    town.reconfigure()
    assert role(client) == "open"


def test_groups_may_come_from_the_user_info(client: TestClient, provider: Provider) -> None:
    del provider.person["groups"]
    provider.user_info = {"groups": ["admins"], "email": "somebody.else@example.org"}
    client.get(returned(client))
    assert role(client) == "operator"
    assert "ann@example.org" in client.get("/").text


def test_the_user_info_of_another_person_counts_for_nothing(client: TestClient, provider: Provider) -> None:
    del provider.person["groups"]
    provider.user_info = {"groups": ["admins"], "sub": "another"}
    assert client.get(returned(client)).status_code == 403
    assert role(client) == "open"


@pytest.mark.parametrize("groups", [[], ["strangers"], None, [["admins"]], {"admins": True}])
def test_who_is_in_no_group_is_told_so(client: TestClient, provider: Provider, groups: object) -> None:
    provider.person["groups"] = groups
    answer = client.get(returned(client))
    assert answer.status_code == 403
    assert "You are ann@example.org, but no group" in answer.text
    assert SESSION_COOKIE not in client.cookies


def test_an_address_that_nobody_verified_is_no_name(client: TestClient, provider: Provider, town: System) -> None:
    provider.person |= {"email_verified": False, "preferred_username": "ann"}
    client.get(returned(client))
    assert "ann@example.org" not in client.get("/").text
    file = town.runtime.configuration.directory / "alerts.yaml"
    by_address = "access: {claim: email, operators: [ann@example.org]}"
    file.write_text(f"{CONFIG}\n{by_address}", encoding="utf-8")
    town.reconfigure()
    assert client.get(returned(client)).status_code == 403
    provider.person["email_verified"] = True
    assert client.get(returned(client)).status_code == 303
    assert role(client) == "operator"


LIES: dict[str, Callable[[Claims], Claims]] = {
    "another nonce": lambda claims: {**claims, "nonce": "another"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "for another client": lambda claims: {**claims, "aud": "another"},
    "for another client by us": lambda claims: {**claims, "aud": ["another"], "azp": "alerts"},
    "for several, by another": lambda claims: {**claims, "aud": ["alerts", "another"], "azp": "another"},
    "by another issuer": lambda claims: {**claims, "iss": "https://another.example"},
    "expired": lambda claims: {**claims, "exp": claims["iat"] - 61},
    "never expires": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "of nobody": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "with another access token": lambda claims: {**claims, "at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_says_what_is_not_so_is_refused(
    client: TestClient, provider: Provider, lie: str, caplog: pytest.LogCaptureFixture
) -> None:
    provider.forge = LIES[lie]
    with caplog.at_level(logging.WARNING):
        answer = client.get(returned(client))
    assert answer.status_code == 502
    assert "cannot be verified" in answer.text
    assert "sign_in.failed" in caplog.text
    assert CLIENT_SECRET not in caplog.text
    assert SESSION_COOKIE not in client.cookies


@pytest.mark.parametrize(
    "sign",
    [
        by_secret,
        unsigned,
        lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048, {"kid": "one"})),
        lambda claims: "no token",
    ],
    ids=["by the secret", "alg none", "by another key", "none at all"],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(
    client: TestClient, provider: Provider, sign: Callable[[Claims], str]
) -> None:
    provider.sign = sign
    assert client.get(returned(client)).status_code == 502
    assert role(client) == "open"


def test_a_new_key_of_the_provider_is_known_at_once(client: TestClient, provider: Provider) -> None:
    client.get(returned(client))
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert client.get(returned(client)).status_code == 303


def test_an_answer_is_for_the_browser_that_asked_and_once(client: TestClient, provider: Provider, town: System) -> None:
    address = returned(client)
    with TestClient(client.app, base_url=HERE, follow_redirects=False) as other:
        assert other.get(address).status_code == 403, "begun in another browser (login CSRF)"
        returned(other)
        assert other.get(address).status_code == 403, "the state of another request"
    assert client.get(address.replace("state=", "state=x")).status_code == 403
    assert client.get(address).status_code == 303
    assert client.get(address).status_code == 403, "the cookie of the request is gone"


def test_a_request_is_answered_once(client: TestClient, provider: Provider) -> None:
    """Even by who kept the cookie of the request, and lets the provider answer it twice."""
    asked = client.get("/sign-in").headers["location"]
    kept = client.cookies[PENDING_COOKIE]
    first, second = (httpx.get(asked).headers["location"] for _ in range(2))
    assert client.get(first).status_code == 303
    client.cookies.set(PENDING_COOKIE, kept)
    answer = client.get(second)
    assert answer.status_code == 403
    assert "used before" in answer.text


def test_a_request_is_answered_in_time(client: TestClient, provider: Provider, town: System) -> None:
    address = returned(client)
    town.later(minutes=10)
    assert client.get(address).status_code == 403


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "evil",
        "/" + "a" * 600,
        "javascript:alert(1)",
        "",
    ],
)
def test_signing_in_leads_to_a_page_of_ours(client: TestClient, provider: Provider, page: str) -> None:
    assert client.get(returned(client, page)).headers["location"] == "/"


def test_a_refusal_of_the_provider_is_said(client: TestClient, provider: Provider) -> None:
    state = parse_qs(urlsplit(returned(client)).query)["state"][0]
    answer = client.get(
        "/sign-in/callback", params={"state": state, "error": "access_denied", "error_description": "<b>No</b>"}
    )
    assert answer.status_code == 403
    assert "did not sign you in: &lt;b&gt;No&lt;/b&gt;" in answer.text


def test_what_keeps_somebody_from_signing_in(town: System, provider: Provider) -> None:
    given = sign_on(provider.environment())
    with TestClient(
        create_app(town.runtime, SIGNER, OPERATOR, sign_on=given), base_url="http://pages.example"
    ) as client:
        answer = client.get("/sign-in")
        assert answer.status_code == 403
        assert "needs https" in answer.text
    with TestClient(create_app(town.runtime, SIGNER, OPERATOR), base_url=HERE) as client:
        assert client.get("/sign-in").status_code == 404
    away = sign_on(provider.environment() | {"ALERTS_OIDC_ISSUER": "http://127.0.0.1:9/realms/test"})
    with TestClient(create_app(town.runtime, SIGNER, OPERATOR, sign_on=away), base_url=HERE) as client:
        assert client.get("/sign-in").status_code == 502
        for _ in range(8):
            sign_in.SIGNING_IN.acquire()
        try:
            assert client.get("/sign-in").status_code == 503
        finally:
            for _ in range(8):
                sign_in.SIGNING_IN.release()


def test_sessions_of_another_provider_end(client: TestClient, provider: Provider, town: System) -> None:
    client.get(returned(client))
    other = sign_on(provider.environment() | {"ALERTS_OIDC_ISSUER": "https://another.example"})
    cookies = {SESSION_COOKIE: client.cookies[SESSION_COOKIE]}
    with TestClient(create_app(town.runtime, SIGNER, OPERATOR, sign_on=other), base_url=HERE, cookies=cookies) as later:
        assert role(later) == "open"
