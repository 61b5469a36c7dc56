"""No part of a channel's URL shows up anywhere but on the wire."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from kit.messages import send

from alerts.model.alert import DeliveryState
from alerts.model.secret import Secret
from alerts.rendering.render import Renderer

if TYPE_CHECKING:
    from kit.messages import Answer, Receiver, Sample

pytestmark = pytest.mark.servers

GOOD = [
    "slack://TPLANTEDA/BPLANTEDB/PLANTEDaaaaaaaaaaaaaaaaa",
    "slack://xoxb-1234-1234-PLANTEDaaaaaaaaaaaaaaaaa/#general",
    "discord://PLANTEDbbb/PLANTEDccc",
    "tgram://123456789:PLANTEDaaaaaaaaaaaaaaaaa/42",
    "workflows://host.example/PLANTEDbbb/PLANTEDccc",
    "json://user:PLANTEDbbb@host.example/hook/PLANTEDccc?signature=PLANTEDaaaaaaaaaaaaaaaaa&+Authorization=PLANTEDbbb",
    "mmost://host.example/PLANTEDaaaaaaaaaaaaaaaaa",
    "ntfy://PLANTEDbbb:PLANTEDccc@host.example/topic",
    "https://hooks.slack.com/services/TPLANTEDA/BPLANTEDB/PLANTEDaaaaaaaaaaaaaaaaa",
]
BAD = [
    "slack://PLANTEDbbb/PLANTEDccc",
    "slack://PLANTEDbbb/PLANTEDccc/bad$token$PLANTEDaaaaaaaaaaaaaaaaa",
    "discord://PLANTEDbbb",
    "tgram://PLANTEDbbb:PLANTEDccc",
    "tgram://123456789:PLANTEDaaaaaaaaaaaaaaaaa/42/43",
    "mailto://PLANTEDbbb:PLANTEDccc@",
    "mailtos://PLANTEDbbb:PLANTEDccc@127.0.0.1:9?from=a@e.example&to=b@e.example",
    "syslog://PLANTEDbbb",
    "file:///PLANTEDbbb",
    "PLANTEDbbb",
    "sns://PLANTEDbbb/PLANTEDccc",
    "json://:PLANTEDbbb@[::/PLANTEDccc",
    "twilio://PLANTEDbbb:PLANTEDccc@15551234567",
    "pover://PLANTEDbbb@PLANTEDccc",
    "https://example.com/PLANTEDbbb",
]


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500, 0])
@pytest.mark.parametrize("url", GOOD)
def test_a_send_shows_no_secret(
    url: str,
    status: int,
    sample: Sample,
    receiver: Receiver,
    hosts: list[str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    answer: Answer = receiver.default
    answer.status, answer.cut = status or 200, not status
    answer.body = f"no: {url}, {unquote(url)}, {' '.join(url.split('/'))}".encode()
    result = send(Secret(url), Renderer().render(sample.view(), Secret(url)))
    assert hosts
    assert not _planted(repr(result), caplog.text, *capfd.readouterr())


@pytest.mark.parametrize("url", BAD)
def test_a_bad_channel_shows_no_secret_and_raises_nothing(
    url: str,
    sample: Sample,
    receiver: Receiver,
    hosts: list[str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    receiver.default.status = 400
    caplog.set_level(logging.DEBUG)
    result = send(Secret(url), Renderer().render(sample.view(), Secret(url)))
    assert result.state in {DeliveryState.DEAD, DeliveryState.FAILED}
    assert result.line
    assert not _planted(repr(result), caplog.text, *capfd.readouterr())
    assert len(hosts) == len(receiver.requests)


def _planted(*texts: str) -> list[str]:
    return [text for text in texts if "PLANTED" in text]
