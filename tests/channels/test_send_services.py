"""Each service is given our text as it is: the library converts, escapes and cuts nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus
from xml.sax.saxutils import unescape

import pytest
from kit.messages import send

from alerts.channels.result import SendReason
from alerts.model.alert import DeliveryState
from alerts.model.level import Level
from alerts.model.secret import Secret
from alerts.rendering.render import Renderer
from alerts.rendering.view import Tone
from alerts.routing.alerts import Kind

if TYPE_CHECKING:
    from kit.messages import Receiver, Sample

pytestmark = pytest.mark.servers

TRICKY = "5 < 6 & *x* <!channel> @everyone _y_ `z` [a](b) :fire: # 1. > \\ <b>"
SERVICES = [
    "slack://TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc",
    "discord://1234567890/TOKENtoken",
    "guilded://1234567890/TOKENtoken",
    "tgram://123456789:abcdefg_hijklmnop/42",
    "workflows://host.example/workflow1/signature1",
    "gchat://workspace/key/token",
    "mmost://host.example/token",
    "rocket://webhook1/web2@host.example",
    "zulip://bot@org/" + "a" * 32 + "/general",
    "webex://" + "a" * 80,
    "matrix://user:pass@h.example/#room",
    "nctalk://user:pass@h.example/room",
    "signal://h.example/15551234567/15557654321",
    "zoom://webhookid/token",
    "feishu://" + "a" * 16,
    "dingtalk://token",
    "wecombot://botkey",
    "line://token/user",
    "groupme://botid",
    "whatsapp://token@12345678/15551234567",
    "ntfys://topic",
    "gotify://h.example/token",
    "hassio://h.example/token",
    "pover://" + "u" * 30 + "@" + "t" * 30,
    "prowl://" + "a" * 40,
    "pbul://accesstoken",
    "opsgenie://apikey",
    "pagerduty://integ@apikey",
    "splunk://rkey@apikey",
    "ilert://" + "a" * 40,
    "incidentio://apikey/sourceid",
    "squadcast://abc123",
    "betterstack://token",
    "twilio://AC" + "a" * 32 + ":" + "b" * 32 + "@15551234567/15557654321",
    "postmark://apikey:from@e.example/to@e.example",
    "sendgrid://apikey:from@e.example/to@e.example",
    "json://h.example",
    "form://h.example",
    "xml://h.example",
]
ANSWER = json.dumps(
    {
        "ok": True,
        "access_token": "t",
        "id": "1",
        "user_id": "@u:h",
        "home_server": "h",
        "room_id": "!r:h",
        "requestId": "1",
    }
).encode()


@pytest.mark.parametrize("tone", [Kind.ALERT, Kind.DIGEST, Kind.ALL_CLEAR])
@pytest.mark.parametrize("service", SERVICES, ids=lambda url: url.split(":")[0])
def test_the_text_arrives_as_rendered(
    service: str, tone: Kind, sample: Sample, receiver: Receiver, hosts: list[str]
) -> None:
    receiver.default.body = b"ok" if service.startswith("slack") else ANSWER
    url = Secret(service)
    message = Renderer().render(sample.view(TRICKY, kind=tone), url)
    result = send(url, message)
    assert result.state is DeliveryState.SENT, result.line
    assert hosts
    assert any(message.body in text for request in receiver.requests for text in _readings(request.body))


def _readings(body: bytes) -> list[str]:
    """The ways in which a body may carry a text: JSON, a form, XML, as it is."""
    text = body.decode("utf-8", "replace")
    readings = [text, unquote_plus(text), unescape(text)]
    if text.startswith(("{", "[")):
        readings += _strings(json.loads(text))
    return readings


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [each for one in value.values() for each in _strings(one)]
    if isinstance(value, list):
        return [each for one in value for each in _strings(one)]
    return [value] if isinstance(value, str) else []


def test_taken_but_not_sent_is_not_sent(sample: Sample, hosts: list[str]) -> None:
    """Told to close what is information, this plugin says that all went well and sends nothing."""
    url = Secret("opsgenie://apikey?:info=close")
    result = send(url, Renderer().render(sample.view(kind=Kind.DIGEST), url))
    assert (result.reason, result.state) == (SendReason.BAD_CHANNEL, DeliveryState.DEAD)
    assert not hosts


@pytest.mark.parametrize(
    ("kind", "to", "tone"),
    [
        (Kind.ALERT, Level.HIGH, Tone.WARNING),
        (Kind.ALERT, Level.CRITICAL, Tone.FAILURE),
        (Kind.GROUP, Level.CRITICAL, Tone.FAILURE),
        (Kind.ALERT, Level.LOW, Tone.INFO),
        (Kind.ALL_CLEAR, Level.LOW, Tone.INFO),
        (Kind.DIGEST, Level.CRITICAL, Tone.INFO),
    ],
)
def test_a_rise_is_shown_as_urgent(kind: Kind, to: Level, tone: Tone, sample: Sample) -> None:
    alert = sample.alert(transition=sample.transition(to=to))
    view = sample.view(kind=kind, entries=(sample.entry(alert=alert),))
    assert Renderer().render(view, Secret("console://")).tone is tone
