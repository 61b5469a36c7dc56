"""E-mail as a real SMTP server gets it."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from kit.messages import send

from alerts.channels.result import SendReason, SendResult
from alerts.model.alert import DeliveryState
from alerts.model.secret import Secret
from alerts.rendering.render import Renderer

if TYPE_CHECKING:
    from kit.messages import Postbox, Sample

pytestmark = pytest.mark.servers


def _url(postbox: Postbox, more: str = "&to=desk@example.com") -> Secret:
    return Secret(f"mailto://127.0.0.1:{postbox.port}?from=alerts@example.org{more}")


def _send(url: Secret, sample: Sample, **of: Any) -> SendResult:
    return send(url, Renderer().render(sample.view(**of), url))


def _read(postbox: Postbox) -> EmailMessage:
    return email.message_from_bytes(postbox.one.content, policy=email.policy.default)


def test_it_carries_text_and_html_of_ours(postbox: Postbox, sample: Sample) -> None:
    assert _send(_url(postbox), sample).state is DeliveryState.SENT
    message = _read(postbox)
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    expected = Renderer().render(sample.view(), _url(postbox))
    assert text.get_content_type() == "text/plain"
    assert text.get_content().replace("\r\n", "\n").strip() == expected.body
    assert html.get_content_type() == "text/html"
    assert html.get_content().replace("\r\n", "\n").strip() == expected.html
    assert message["Subject"] == "Acme & Sons: Chip maker told to stop exports [policy medium → high]"
    assert message["From"].addresses[0].addr_spec == "alerts@example.org"
    assert all(len(line) <= 998 for line in postbox.one.content.split(b"\r\n"))
    postbox.one.content.decode("ascii")


def test_its_headers_identify_thread_and_unsubscribe(postbox: Postbox, sample: Sample) -> None:
    _send(_url(postbox), sample)
    message = _read(postbox)
    assert re.fullmatch(r"<m\.[0-9a-f]{32}@example\.org>", message["Message-ID"])
    assert re.fullmatch(r"<t\.[0-9a-f]{32}@example\.org>", message["References"])
    assert message["In-Reply-To"] == message["References"]
    assert message["List-Unsubscribe"] == "<https://alerts.example/unsubscribe/token>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    for name in ("Message-ID", "Subject", "From", "To", "Date", "References"):
        assert len(message.get_all(name, [])) == 1


def test_the_bytes_of_headers_that_clients_read_are_whole(postbox: Postbox, sample: Sample) -> None:
    """A folded one-word header becomes RFC 2047 words, which no client takes for a link or an id."""
    token = "eyJ" + "a" * 180
    _send(_url(postbox), sample, unsubscribe=f"https://alerts.example/unsubscribe/{token}")
    lines = postbox.one.content.split(b"\r\n")
    assert f"List-Unsubscribe: <https://alerts.example/unsubscribe/{token}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    for name in (b"Message-ID", b"In-Reply-To", b"References"):
        (line,) = [each for each in lines if each.startswith(name + b": ")]
        assert re.fullmatch(rb"<[mt]\.[0-9a-f]{32}@example\.org>", line.partition(b": ")[2])
    head = postbox.one.content.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))


def test_a_long_subject_in_any_script_survives_the_wire(postbox: Postbox, sample: Sample) -> None:
    headline = "Börsenaufsicht verhängt Geldbuße — 监管机构对银行处以罚款 " * 3
    _send(_url(postbox), sample, headline=headline)
    head = postbox.one.content.partition(b"\r\n\r\n")[0]
    subject = re.search(rb"^Subject: (.*(?:\r\n[ \t].*)*)", head, re.MULTILINE)
    assert subject is not None
    words = re.split(rb"\s+", subject.group(1).strip())
    assert all(len(word) <= 75 for word in words if word.startswith(b"=?")), "RFC 2047: 75 characters a word"
    expected = Renderer().render(sample.view(headline=headline), _url(postbox)).title
    assert _read(postbox)["Subject"] == expected


def test_a_second_copy_has_the_same_message_id(postbox: Postbox, sample: Sample) -> None:
    _send(_url(postbox), sample)
    _send(_url(postbox), sample, copy=True)
    ids = {email.message_from_bytes(each.content)["Message-ID"] for each in postbox.mails}
    assert len(postbox.mails) == 2
    assert len(ids) == 1


def test_nothing_can_be_smuggled_into_the_headers(postbox: Postbox, sample: Sample) -> None:
    evil = "x\r\nBcc: victim@example.net\r\n\r\nbody"
    url = _url(postbox, "&to=desk@example.com&+X-Team=a%0d%0aBcc:%20victim@example.net&name=Al%0d%0aBcc:%20v@e.net")
    assert _send(url, sample, id=evil, unsubscribe="https://e.example/\r\nBcc: v@e.net").state is DeliveryState.SENT
    message = _read(postbox)
    assert postbox.one.recipients == ["desk@example.com"]
    assert message["Bcc"] is None
    assert message["List-Unsubscribe"] is None
    assert "\n" not in message["X-Team"]


def test_one_message_goes_to_all_recipients_in_one_transaction(postbox: Postbox, sample: Sample) -> None:
    url = _url(postbox, "&to=a@example.com,b@example.com&cc=c@example.com&bcc=d@example.com")
    assert _send(url, sample).state is DeliveryState.SENT
    assert sorted(postbox.one.recipients) == ["a@example.com", "b@example.com", "c@example.com", "d@example.com"]
    assert b"d@example.com" not in postbox.one.content


def test_a_refused_recipient_does_not_keep_it_from_the_others(postbox: Postbox, sample: Sample) -> None:
    postbox.refused = {"a@example.com": "550 no such user"}
    result = _send(_url(postbox, "&to=a@example.com,b@example.com"), sample)
    assert result.state is DeliveryState.SENT
    assert "refused 1 of 2 recipients" in result.line
    assert postbox.one.recipients == ["b@example.com"]


@pytest.mark.parametrize(
    ("command", "answer", "reason", "state"),
    [
        ("MAIL", "421 try later", SendReason.SERVICE_ERROR, DeliveryState.FAILED),
        ("MAIL", "550 go away", SendReason.REJECTED, DeliveryState.DEAD),
        ("DATA", "451 greylisted", SendReason.SERVICE_ERROR, DeliveryState.FAILED),
        ("DATA", "554 spam", SendReason.REJECTED, DeliveryState.DEAD),
    ],
)
def test_what_the_server_answers_decides(
    command: str, answer: str, reason: SendReason, state: DeliveryState, postbox: Postbox, sample: Sample
) -> None:
    postbox.answers = {command: answer}
    result = _send(_url(postbox), sample)
    assert (result.reason, result.state) == (reason, state)
    assert answer in result.line


@pytest.mark.parametrize(
    ("answer", "state"), [("450 mailbox busy", DeliveryState.FAILED), ("550 no such user", DeliveryState.DEAD)]
)
def test_all_recipients_refused(answer: str, state: DeliveryState, postbox: Postbox, sample: Sample) -> None:
    postbox.refused = {"desk@example.com": answer}
    assert _send(_url(postbox), sample).state is state
    assert not postbox.mails


def test_no_server_means_nothing_was_sent(sample: Sample) -> None:
    result = _send(Secret("mailto://127.0.0.1:9?from=alerts@example.org"), sample)
    assert (result.reason, result.state) == (SendReason.UNREACHABLE, DeliveryState.FAILED)


def test_a_connection_cut_after_the_message_leaves_it_unknown(postbox: Postbox, sample: Sample) -> None:
    postbox.hang_up = True
    result = _send(_url(postbox), sample)
    assert (result.reason, result.state) == (SendReason.CUT, DeliveryState.UNKNOWN)


def test_no_answer_after_the_message_leaves_it_unknown(postbox: Postbox, sample: Sample) -> None:
    postbox.delay = 30.0
    result = _send(_url(postbox, "&rto=0.2"), sample)
    assert (result.reason, result.state) == (SendReason.TIMEOUT, DeliveryState.UNKNOWN)


def test_a_server_that_takes_no_login_is_a_mistake_in_the_channel(postbox: Postbox, sample: Sample) -> None:
    url = Secret(f"mailto://user:S3CRETpass@127.0.0.1:{postbox.port}?from=alerts@example.org")
    result = _send(url, sample)
    assert (result.reason, result.state) == (SendReason.BAD_CHANNEL, DeliveryState.DEAD)
    assert "S3CRETpass" not in result.line


def test_a_server_without_starttls_gets_no_password(postbox: Postbox, sample: Sample) -> None:
    url = Secret(f"mailtos://user:pass@127.0.0.1:{postbox.port}?from=alerts@example.org")
    assert _send(url, sample).state is DeliveryState.DEAD
    assert not postbox.mails


def test_pgp_is_refused_and_not_silently_left_out(postbox: Postbox, sample: Sample) -> None:
    result = _send(_url(postbox, "&pgp=encrypt"), sample)
    assert result.state is DeliveryState.DEAD
    assert not postbox.mails
