import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from alerts.pipeline import websub

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC, CALLBACK = "https://a.example/feed", "https://us.example/push/1"


def test_a_request_to_subscribe() -> None:
    assert websub.subscribe(TOPIC, CALLBACK, "s3cret") == {
        "hub.callback": "https://us.example/push/1",
        "hub.mode": "subscribe",
        "hub.topic": "https://a.example/feed",
        "hub.lease_seconds": "864000",
        "hub.secret": "s3cret",
    }


def question(**changes: str) -> dict[str, str]:
    asked = {"mode": "subscribe", "topic": TOPIC, "challenge": "abc", "lease_seconds": "3600"} | changes
    return {f"hub.{name}": value for name, value in asked.items()}


def test_our_own_intent_is_confirmed() -> None:
    assert websub.verify(question(), TOPIC) == websub.Verification(200, "abc", lease=timedelta(hours=1))


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "https://a.example/other"},
        {"mode": "unsubscribe"},
        {"mode": "publish"},
        {"challenge": ""},
        {"lease_seconds": "soon"},
        {"lease_seconds": "0"},
        {"lease_seconds": "-1"},
    ],
)
def test_what_we_did_not_ask_for_is_not_confirmed(changes: dict[str, str]) -> None:
    assert websub.verify(question(**changes), TOPIC).status == 404
    assert websub.verify(question(), None).status == 404


def test_a_hub_that_refuses() -> None:
    verification = websub.verify(question(mode="denied", reason="no\nroom"), TOPIC)
    assert (verification.status, verification.denied) == (200, "no room")


def test_leases_have_an_end() -> None:
    verification = websub.verify(question(lease_seconds="999999999999"), TOPIC)
    assert verification.lease == timedelta(days=365)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512", "SHA256"])
def test_signatures(method: str) -> None:
    signature = hmac.new(b"s3cret", b"body", getattr(hashlib, method.lower())).hexdigest()
    assert websub.signed(b"body", f"{method}={signature}", "s3cret")
    assert not websub.signed(b"Body", f"{method}={signature}", "s3cret")
    assert not websub.signed(b"body", f"{method}={signature}", "other")
    assert not websub.signed(b"body", f"{method}={signature[:-1]}", "s3cret")


@pytest.mark.parametrize("signature", ["", "md5=abc", "sha256", "sha256=", "sha256=é", "=", "none=x"])
def test_signatures_that_are_none(signature: str) -> None:
    assert not websub.signed(b"body", signature, "s3cret")
    assert not websub.signed(b"body", signature, "")
