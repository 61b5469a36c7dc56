"""The bytes that leave for each service, taken at a local receiver."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from kit.messages import send

from alerts.channels.result import SendReason
from alerts.model.alert import DeliveryState
from alerts.model.secret import Secret
from alerts.rendering.formats import has_threads
from alerts.rendering.render import Renderer

if TYPE_CHECKING:
    from kit.messages import Receiver, Sample

pytestmark = pytest.mark.servers

HOSTILE = (
    "<!channel> <!here> <@U123> <#C1> <@&1> @everyone @here @room <https://evil.example|click> "
    "[click](https://evil.example) **b** _i_ `c` ||s|| &lt;!channel&gt; {{app_title}} :fire: <at>all</at> "
    "<script>alert(1)</script> \u202egnp.exe \x00\x1b[31m \r\nBcc: x@e.example " + "long " * 20_000
)
SLACK = Secret("slack://TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc")
DISCORD = Secret("discord://1234567890/TOKENtoken")
TELEGRAM = Secret("tgram://123456789:abcdefg_hijklmnop/42")
TEAMS = Secret("workflows://host.example/workflow1/signature1")


def _sent(url: Secret, sample: Sample, receiver: Receiver, headline: str = HOSTILE, **of: Any) -> Any:
    result = send(url, Renderer().render(sample.view(headline, **of), url))
    assert (result.reason, result.state) == (SendReason.ACCEPTED, DeliveryState.SENT), result.line
    return receiver.one.json


def test_slack(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    payload = _sent(SLACK, sample, receiver)
    assert hosts == ["https://hooks.slack.com/services/TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc"]
    header, section = payload["attachments"][0]["blocks"]
    assert header["text"]["type"] == "plain_text"
    assert header["text"]["text"].startswith("Acme &amp; Sons: ‹!channel› ‹!here›")
    assert header["text"]["text"].endswith("[policy medium → high]")
    assert not re.search(r"[<>]|@\w", header["text"]["text"])
    assert len(header["text"]["text"]) <= 150
    text = section["text"]["text"]
    assert section["text"]["type"] == "mrkdwn"
    assert len(text) <= 3000
    links = re.findall(r"<[^>]*>?", text)
    assert links
    assert all(re.fullmatch(r"<https://(news|alerts|acme)\.example/[^|<>]*\|[^<>]*>", each) for each in links)
    assert "&lt;!channel&gt; &lt;!here&gt; &lt;@U123&gt;" in text
    assert "&amp;lt;!channel" in text
    assert not re.search("[\u202e\x00\x1b\r]", text)


def test_slack_with_a_bot_token(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    receiver.default.body = b'{"ok": true, "ts": "1"}'
    payload = _sent(Secret("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general"), sample, receiver)
    assert hosts == ["https://slack.com/api/chat.postMessage"]
    assert payload["channel"] == "#general"
    assert "<!channel>" not in receiver.one.body.decode()


BOT = Secret("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general")


def test_what_a_slack_bot_posts_first_is_known_and_what_follows_goes_under_it(
    sample: Sample, receiver: Receiver, hosts: list[str]
) -> None:
    receiver.default.body = b'{"ok": true, "channel": "C1", "ts": "1700.01"}'
    rendered = Renderer().render(sample.view(), BOT)
    assert send(BOT, rendered).posted == "1700.01"
    assert "thread_ts" not in receiver.requests[0].json
    receiver.default.body = b'{"ok": true, "channel": "C1", "ts": "1700.02"}'
    assert send(BOT, rendered, under="1700.01").posted == "", "the thread has its first message"
    assert receiver.requests[1].json["thread_ts"] == "1700.01"
    assert receiver.requests[1].json["channel"] == "#general"


def test_a_lost_thread_is_begun_anew_at_once(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    receiver.answers = [replace(receiver.default, body=b'{"ok": false, "error": "thread_not_found"}')]
    receiver.default.body = b'{"ok": true, "channel": "C1", "ts": "1700.03"}'
    result = send(BOT, Renderer().render(sample.view(), BOT), under="1600.01")
    assert (result.state, result.posted) == (DeliveryState.SENT, "1700.03")
    assert ["thread_ts" in each.json for each in receiver.requests] == [True, False]


def test_a_slack_webhook_has_no_threads(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    receiver.default.body = b"ok"
    assert send(SLACK, Renderer().render(sample.view(), SLACK)).posted == ""
    assert not has_threads(SLACK)
    assert has_threads(BOT)


def test_discord(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    receiver.default.status = 204
    payload = _sent(DISCORD, sample, receiver)
    assert hosts == ["https://discord.com/api/webhooks/1234567890/TOKENtoken"]
    assert payload["allowed_mentions"] == {"parse": []}
    text = payload["content"]
    assert len(text.encode("utf-16-le")) // 2 <= 2000
    assert "embeds" not in payload
    assert "avatar_url" not in payload
    assert not re.search(r"@(everyone|here|room)", text)
    assert not re.search(r"(?<!\\)<[@#!]", text)
    assert r"\[click\](https://evil.example)" in text
    masked = re.findall(r"(?<!\\)\]\(<([^>]*)>\)", text)
    assert masked
    assert all(re.match(r"https://(news|alerts|acme)\.example/", each) for each in masked)


def test_discord_is_not_made_to_fill_in_anything(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    headline = '{{app_title}} {{ app_body }} {{app_id}} "quoted" \\ end'
    text = _sent(DISCORD, sample, receiver, headline)["content"]
    assert '{{app\\_title}} {{ app\\_body }} {{app\\_id}} "quoted" \\\\ end' in text
    assert hosts


def test_telegram(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    payload = _sent(TELEGRAM, sample, receiver)
    assert hosts == ["https://api.telegram.org/bot123456789:abcdefg_hijklmnop/sendMessage"]
    assert payload["parse_mode"] == "HTML"
    text = payload["text"]
    assert len(text.encode("utf-16-le")) // 2 <= 4096
    assert set(re.findall(r"</?(\w+)", text)) == {"b", "a"}
    assert "&lt;script&gt;" in text
    assert all(re.match(r"https://(news|alerts|acme)\.example/", each) for each in re.findall(r'href="([^"]*)"', text))


def test_teams(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    receiver.default.status = 202
    payload = _sent(TEAMS, sample, receiver)
    assert hosts[0].startswith("https://host.example/workflows/workflow1/triggers/manual/paths/invoke?")
    card = payload["attachments"][0]["content"]
    title, body = card["body"]
    assert title["text"].startswith("Acme & Sons: ‹!channel›")
    assert title["text"].endswith("[policy medium → high]")
    assert not re.search(r"[<>]|@\w|\]\(", title["text"])
    assert "entities" not in card["msteams"]
    assert r"\[click\](https://evil.example)" in body["text"]
    assert r"\<at\>all\</at\>" in body["text"]
    assert len(receiver.one.body) <= 28_000


def test_webhook_gets_a_structured_message(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    url = Secret("json://user:pass@hook.example/in/1?signature=k%C3%A9y&+X-Team=desk&:site=home")
    payload = _sent(url, sample, receiver, "Plain headline")
    received = receiver.one
    assert hosts == ["http://hook.example/in/1"]
    assert (payload["schema"], payload["id"], payload["kind"]) == (2, "message-1", "alert")
    (alert,) = payload["alerts"]
    assert (alert["institution"], alert["axis"], alert["from"], alert["to"]) == ("acme", "policy", "medium", "high")
    assert alert["contributions"][0]["story"] == "s1"
    (profile,) = payload["profiles"]
    assert profile["evidence"][0]["url"] == "https://news.example/a?id=1&x=2"
    assert payload["message"].startswith("Acme & Sons: Plain headline")
    assert payload["site"] == "home"
    assert "attachments" not in payload
    assert received.headers["X-Team"] == "desk"
    assert received.headers["Content-Type"] == "application/json"
    digest = hmac.new("kéy".encode(), received.body, hashlib.sha256).hexdigest()
    assert received.headers["X-Alerts-Signature"] == f"sha256={digest}"
    assert "k%C3%A9y" not in received.path


def test_webhook_without_a_secret_is_not_signed(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    _sent(Secret("jsons://hook.example/"), sample, receiver)
    assert "X-Alerts-Signature" not in receiver.one.headers
    assert hosts == ["https://hook.example/"]


@pytest.mark.parametrize("scheme", ["form", "xml"])
def test_other_webhooks_carry_the_id(scheme: str, sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    url = Secret(f"{scheme}://hook.example/")
    assert send(url, Renderer().render(sample.view(), url)).state is DeliveryState.SENT
    assert b"message-1" in receiver.one.body
    assert hosts


def test_a_redirect_is_not_followed(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    receiver.default.status = 302
    receiver.default.headers = {"Location": "http://169.254.169.254/"}
    url = Secret("json://hook.example/")
    result = send(url, Renderer().render(sample.view(), url))
    assert (result.reason, result.state) == (SendReason.REDIRECTED, DeliveryState.DEAD)
    assert hosts == ["http://hook.example/"]


def test_the_console_prints_to_a_stream(sample: Sample) -> None:
    stream = io.StringIO()
    url = Secret("console://")
    result = send(url, Renderer().render(sample.view(HOSTILE), url), stream=stream)
    assert result.state is DeliveryState.SENT
    assert stream.getvalue().startswith("Acme & Sons: ‹!channel›")
    assert "[policy medium → high]\n" in stream.getvalue()
    assert not re.search("[\x00\x1b\r\u202e]", stream.getvalue())


def test_teams_has_buttons_for_the_answers_to_one_alert(sample: Sample, receiver: Receiver, hosts: list[str]) -> None:
    receiver.default.status = 202
    card = _sent(TEAMS, sample, receiver, "Plain headline")["attachments"][0]["content"]
    assert hosts
    address = "https://alerts.example/answer/token1"
    assert [(each["type"], each["url"]) for each in card["actions"]] == [
        ("Action.OpenUrl", f"{address}/{act}") for act in ("acknowledge", "useful", "wrong", "fewer")
    ]
    assert address not in card["body"][1]["text"], "once is enough"


@pytest.mark.parametrize("url", [SLACK, DISCORD, TELEGRAM])
def test_chats_have_links_to_the_answers(sample: Sample, receiver: Receiver, hosts: list[str], url: Secret) -> None:
    receiver.default.body = b'{"ok": true}' if url is not SLACK else b"ok"
    _sent(url, sample, receiver, "Plain headline")
    assert hosts
    body = receiver.one.body.decode()
    for act in ("/acknowledge", "/wrong", ""):
        assert f"https://alerts.example/answer/token1{act}" in body
