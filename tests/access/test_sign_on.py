"""What the environment says about who vouches for people."""

from __future__ import annotations

import pytest

from alerts.access.sign_on import NOBODY, sign_on
from alerts.model.errors import UsageError


def test_without_settings_nobody_vouches() -> None:
    found = sign_on({"ALERTS_TRUSTED_PROXIES": " "})
    assert (found.header, found.proxies) == (NOBODY.header, ()) == ("", ())


def test_a_proxy_is_an_address_or_a_network() -> None:
    found = sign_on(
        {"ALERTS_TRUSTED_HEADER": "Remote-User", "ALERTS_TRUSTED_PROXIES": "10.0.0.5, 172.16.0.0/12,fd00::/8"}
    )
    assert found.groups_header == "X-Forwarded-Groups"
    assert [str(each) for each in found.proxies] == ["10.0.0.5/32", "172.16.0.0/12", "fd00::/8"]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ALERTS_TRUSTED_HEADER": "Remote-User"}, "set that, too"),
        ({"ALERTS_TRUSTED_HEADER": "Remote-User", "ALERTS_TRUSTED_PROXIES": "proxy"}, "'proxy' does not appear to be"),
        ({"ALERTS_OIDC_ISSUER": "https://id.example"}, "ALERTS_OIDC_CLIENT_ID is not set"),
        ({"ALERTS_OIDC_ISSUER": "http://id.example", "ALERTS_OIDC_CLIENT_ID": "x"}, "must be an https address"),
        ({"ALERTS_OIDC_ISSUER": "id.example", "ALERTS_OIDC_CLIENT_ID": "x"}, "must be an https address"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(environment: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        sign_on(environment)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("issuer", ["https://id.example/realms/a/", "http://127.0.0.1:8080", "http://localhost:8080"])
def test_a_provider(issuer: str) -> None:
    given = {"ALERTS_OIDC_ISSUER": issuer, "ALERTS_OIDC_CLIENT_ID": "alerts", "ALERTS_OIDC_CLIENT_SECRET": "hidden"}
    found = sign_on(given)
    assert (found.issuer, found.client_id, found.scope) == (issuer, "alerts", "openid profile email")
    assert "hidden" not in repr(found)
