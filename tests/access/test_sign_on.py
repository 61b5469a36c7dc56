"""What the environment says about who vouches for people."""

from __future__ import annotations

import pytest

from alerts.access.sign_on import NOBODY, sign_on
from alerts.model.errors import UsageError


def test_without_settings_nobody_vouches() -> None:
    found = sign_on({"ALERTS_TRUSTED_PROXIES": " "})
    assert (found.header, found.proxies) == (NOBODY.header, ()) == ("", ())
    assert not found.trusts("127.0.0.1")


def test_a_proxy_is_an_address_or_a_network() -> None:
    found = sign_on(
        {"ALERTS_TRUSTED_HEADER": "Remote-User", "ALERTS_TRUSTED_PROXIES": "10.0.0.5, 172.16.0.0/12,fd00::/8"}
    )
    assert found.groups_header == "X-Forwarded-Groups"
    for peer in ("10.0.0.5", "::ffff:10.0.0.5", "172.31.255.255", "fd00::1"):
        assert found.trusts(peer), peer
    for peer in ("", "10.0.0.6", "127.0.0.1", "172.32.0.1", "fe80::1"):
        assert not found.trusts(peer), peer


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ALERTS_TRUSTED_HEADER": "Remote-User"}, "set that to their addresses"),
        ({"ALERTS_TRUSTED_HEADER": "Remote-User", "ALERTS_TRUSTED_PROXIES": "proxy"}, "'proxy' does not appear to be"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(environment: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        sign_on(environment)
    assert "\n" not in str(refused.value)
