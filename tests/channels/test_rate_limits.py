"""How fast messages follow each other in a channel, and which channels share a service."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.channels.pacing import gap, lane
from alerts.model.secret import Secret
from alerts.model.subscriber import RateLimit


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("slack://T1/B1/x/#news", 1),
        ("https://hooks.slack.com/services/T1/B1/x", 1),
        ("discord://1/token", 2),
        ("https://discord.com/api/webhooks/1/token", 2),
        ("tgram://1:token/-100", 1),
        ("json://127.0.0.1:8/hook", 0),
        ("mailto://user:pass@mail.example", 0),
        ("console://", 0),
    ],
)
def test_what_a_service_asks_for_unless_configured(url: str, seconds: float) -> None:
    assert gap(Secret(url), None) == timedelta(seconds=seconds)
    assert gap(Secret(url), RateLimit(30, timedelta(minutes=1))) == timedelta(seconds=2)


def test_channels_of_one_service_share_a_lane() -> None:
    assert lane(Secret("slack://T1/B1/x")) == lane(Secret("slack://T2/B2/y"))
    assert lane(Secret("mailto://me:a@mail.example")) == lane(Secret("mailto://you:b@mail.example?to=x"))
    assert lane(Secret("json://one.example/a")) != lane(Secret("json://two.example/a"))
    assert lane(Secret("json://[broken")) == "json"


def test_no_secret_is_in_the_name_of_a_lane() -> None:
    for url in ("slack://T1/SECRET/x", "mailto://me:SECRET@mail.example", "json://h.example/SECRET?a=SECRET"):
        assert "SECRET" not in lane(Secret(url))
