"""People for whom a reverse proxy vouches in a header, and programs with tokens that have scopes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from kit.browsing import OPERATOR, SIGNER, Browser, reached_from
from kit.system import CONFIG, System
from starlette.testclient import TestClient

from alerts.access.links import Scope, token_of
from alerts.access.sign_on import sign_on
from alerts.model.subscriber import Tier
from alerts.store.repositories import links
from alerts.store.repositories.links import invite
from alerts.web.app import create_app

ACCESS = """
access:
  operators: [admins]
  tiers: {everybody: strategic-circle, partners: leadership-alliance, visitors: open}
  subscribers: {policy: desk, owners: board}
"""
PROXY = "10.0.0.5"
Reach = Callable[..., TestClient]


def configure(town: System, content: str) -> None:
    (town.runtime.configuration.directory / "alerts.yaml").write_text(content, encoding="utf-8")
    town.reconfigure()


@pytest.fixture
def reach(town: System) -> Iterator[Reach]:
    """The pages behind a proxy that names people, over a connection from an address."""
    configure(town, CONFIG + ACCESS)
    trusted = sign_on(
        {"ALERTS_TRUSTED_HEADER": "X-Forwarded-User", "ALERTS_TRUSTED_PROXIES": f"{PROXY}, 172.16.0.0/12"}
    )
    with ExitStack() as stack:

        def connect(peer: str = PROXY, person: str = "ann@example.org", groups: str = "") -> TestClient:
            headers = {"X-Forwarded-User": person, "X-Forwarded-Groups": groups}
            app = reached_from(peer, create_app(town.runtime, SIGNER, OPERATOR, sign_on=trusted))
            return stack.enter_context(TestClient(app, headers=headers))

        yield connect


def who(client: TestClient) -> tuple[str, ...]:
    """What the head of a page says about the visitor: the person, where there is one, and the role."""
    found = re.search(r'<div class="who">(.*?)<(?:form|a|/div)', client.get("/").text, re.DOTALL)
    assert found is not None
    return tuple(re.findall(r"<span[^>]*>([^<]*)</span>", found[1]))


def test_groups_decide_what_somebody_sees(reach: Reach) -> None:
    for groups, role in (
        ("", "open"),
        ("strangers, visitors", "open"),
        ("everybody", "strategic circle"),
        ("everybody,partners", "leadership alliance"),
        ("policy", "strategic circle"),
        ("policy,partners", "leadership alliance"),
        ("everybody, admins", "operator"),
        ("Admins,admin,admins ext", "open"),
    ):
        assert who(reach(groups=groups)) == ("ann@example.org", role), groups


def test_a_proxy_is_an_address_or_in_a_network(reach: Reach) -> None:
    for peer in ("10.0.0.5", "::ffff:10.0.0.5", "172.31.255.255"):
        assert who(reach(peer, groups="admins"))[1] == "operator", peer


def test_a_subscriber_s_group_opens_its_alerts_and_no_others(reach: Reach) -> None:
    client = reach(groups="policy")
    assert client.get("/me").status_code == 200
    assert client.get("/api/subscribers/desk/alerts").status_code == 200
    assert client.get("/api/subscribers/board/alerts").status_code == 403
    assert client.get("/api/status").status_code == 403
    assert reach(groups="everybody").get("/me").status_code == 403


def test_leaving_is_the_proxy_s_affair(reach: Reach) -> None:
    assert 'action="/leave"' not in reach(groups="admins").get("/").text


def test_an_edit_of_the_configuration_holds_at_once(town: System, reach: Reach) -> None:
    client = reach(groups="admins")
    assert who(client)[1] == "operator"
    configure(town, CONFIG + ACCESS.replace("[admins]", "[others]"))
    assert who(client)[1] == "open"


def test_a_header_from_elsewhere_is_ignored_and_logged(reach: Reach, caplog: pytest.LogCaptureFixture) -> None:
    forwarded = {"X-Forwarded-For": PROXY, "Forwarded": f"for={PROXY}", "X-Real-IP": PROXY}
    for peer in ("", "10.0.0.6", "127.0.0.1", "::1", "172.32.0.1", "fe80::1"):
        client = reach(peer, groups="admins")
        caplog.clear()
        assert who(client) == ("open",), peer
        assert "header.ignored" in caplog.text
        assert client.get("/api/status", headers=forwarded).status_code == 403


def test_who_sends_the_header_twice_or_empty_is_nobody(reach: Reach) -> None:
    assert who(reach(person="", groups="admins")) == ("open",)
    client = reach(person="ann", groups="admins")
    answer = client.get("/api/status", headers=[("X-Forwarded-User", "eve"), ("X-Forwarded-User", "ann")])
    assert answer.status_code == 403


def test_a_name_is_cleaned_and_bounded(reach: Reach) -> None:
    assert who(reach(person="<b>x</b>"))[0] == "&lt;b&gt;x&lt;/b&gt;"
    assert len(who(reach(person="x" * 5000))[0]) == 80


def test_an_operator_acts_by_a_form_of_ours_alone_and_is_named_in_the_audit(town: System, reach: Reach) -> None:
    """The browser brings the proxy's cookie along to whatever page asks it to, so the form must carry a token."""
    client = reach(groups="admins")
    page = client.get("/operate/silence?institution=acme").text
    assert 'name="by"' not in page
    found = re.search(r'name="form" value="([^"]+)"', page)
    other = re.search(
        r'name="form" value="([^"]+)"', reach(person="ben", groups="admins").get("/operate/redeliver-dead").text
    )
    assert found is not None
    assert other is not None
    fields = {"institution": "acme", "for": "4h", "reason": "planned", "by": "somebody else"}
    for wrong in ({}, {"form": ""}, {"form": other[1]}):
        assert client.post("/operate/silence", data=fields | wrong).status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/operate/silence", data=fields | {"form": found[1]}, headers=foreign).status_code == 403
    assert client.post("/operate/silence", data=fields | {"form": found[1]}).status_code == 200
    audit = client.get("/operate/audit").text
    assert "<td>operator ann@example.org</td>" in audit
    assert "somebody else" not in audit
    town.later(days=1)
    assert client.post("/operate/silence", data=fields | {"form": found[1]}).status_code == 403


# --- tokens for programs -------------------------------------------------------------------------------------


def token(town: System, *scopes: Scope, tier: Tier = Tier.STRATEGIC_CIRCLE, subscriber: str = "") -> str:
    lasting = timedelta(days=1)
    with town.runtime.database.write() as session:
        made = invite(
            session, tier=tier, now=town.now, lasting=lasting, name="ci", subscriber=subscriber, scopes=scopes
        )
    return token_of(SIGNER, made)


ASKED = {
    Scope.READ: ("GET", "/api/institutions/acme/stories"),
    Scope.SUBSCRIBER: ("GET", "/api/subscribers/desk/alerts"),
    Scope.OPERATE: ("GET", "/api/status"),
    Scope.METRICS: ("GET", "/metrics"),
}


def test_a_token_does_what_its_scopes_say_and_names_the_one_that_is_missing(town: System) -> None:
    with TestClient(create_app(town.runtime, SIGNER, OPERATOR, metrics_token="of the metrics")) as client:
        for scope in Scope:
            bearer = {"Authorization": f"Bearer {token(town, scope, subscriber='desk')}"}
            for needed, (method, address) in ASKED.items():
                answer = client.request(method, address, headers=bearer)
                assert answer.status_code == (200 if needed is scope else 403), (needed, answer.text)
                assert needed is scope or f"lacks the scope “{needed}”" in answer.text
            poll = client.post("/operate/poll", data={"source": "tribune"}, headers=bearer, follow_redirects=False)
            assert poll.status_code == (303 if scope is Scope.OPERATE else 403)


def test_a_reading_token_that_may_operate_reads_as_its_tier_does(town: System, browser: Browser) -> None:
    bearer = {"Authorization": f"Bearer {token(town, Scope.READ, Scope.OPERATE, tier=Tier.OPEN)}"}
    client = browser()
    assert client.get("/api/institutions/acme/stories", headers=bearer).status_code == 403
    assert client.post("/operate/silence", headers=bearer, data={"institution": "acme", "for": "1h"}).status_code == 200
    audit = client.get("/operate/audit", headers={"Authorization": f"Bearer {OPERATOR}"}).text
    assert "<td>operator token ci</td>" in audit


def test_a_token_is_no_link(town: System, browser: Browser) -> None:
    """So it is in no address, and so in no history and no log of a proxy."""
    made = token(town, Scope.READ)
    client = browser()
    assert client.get(f"/enter/{made}").status_code == 403
    assert client.get("/api/institutions", params={"key": made}).status_code == 403
    client.cookies.set("alerts_member", made)
    assert client.get("/api/institutions/acme/stories").status_code == 403


def test_a_token_expires_and_is_revoked(town: System, browser: Browser) -> None:
    bearer = {"Authorization": f"Bearer {token(town, Scope.READ)}"}
    client = browser()
    address = ASKED[Scope.READ][1]
    assert client.get(address, headers=bearer).status_code == 200
    town.later(days=1)
    assert client.get(address, headers=bearer).status_code == 403
    town.later(days=-1)
    with town.runtime.database.write() as session:
        [made] = links.all_links(session)
        assert made.scopes == ("read",)
        links.revoke(session, made.id, town.now)
    assert client.get(address, headers=bearer).status_code == 403


def test_a_link_opens_what_it_opened(town: System, browser: Browser) -> None:
    """Links have no scopes and are not refused for lack of one."""
    client = browser(subscriber="desk")
    for address in ("/api/institutions/acme/stories", "/api/subscribers/desk/alerts"):
        assert client.get(address).status_code == 200
    assert json.loads(client.get("/api/status").text)["error"] == "This is for operators."
