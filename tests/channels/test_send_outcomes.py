"""What a send says of itself, against a server that does everything wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
import requests
from kit.messages import send

from alerts.channels.http_capture import Exchange, observe
from alerts.channels.result import SendReason, SendResult, of_status
from alerts.model.alert import DeliveryState
from alerts.model.channels import ALLOWED_SCHEMES
from alerts.model.secret import Secret
from alerts.rendering.view import Format, Rendered

if TYPE_CHECKING:
    from kit.messages import Receiver

pytestmark = pytest.mark.servers

MESSAGE = Rendered("message-1", "Title", "Body", Format.TEXT, payload={"id": "message-1"})
DISCORD = Secret("discord://1234567890/TOKENtoken")


def _to(receiver: Receiver, more: str = "") -> Secret:
    return Secret(f"json://127.0.0.1:{receiver.port}/hook{more}")


@pytest.mark.parametrize(
    ("status", "reason", "state"),
    [
        (200, SendReason.ACCEPTED, DeliveryState.SENT),
        (204, SendReason.ACCEPTED, DeliveryState.SENT),
        (400, SendReason.REJECTED, DeliveryState.DEAD),
        (401, SendReason.NOT_AUTHORISED, DeliveryState.DEAD),
        (403, SendReason.NOT_AUTHORISED, DeliveryState.DEAD),
        (404, SendReason.GONE, DeliveryState.DEAD),
        (408, SendReason.SERVICE_ERROR, DeliveryState.FAILED),
        (410, SendReason.GONE, DeliveryState.DEAD),
        (413, SendReason.REJECTED, DeliveryState.DEAD),
        (429, SendReason.RATE_LIMITED, DeliveryState.FAILED),
        (500, SendReason.SERVICE_ERROR, DeliveryState.FAILED),
        (503, SendReason.SERVICE_ERROR, DeliveryState.FAILED),
    ],
)
def test_the_status_decides(status: int, reason: SendReason, state: DeliveryState, receiver: Receiver) -> None:
    receiver.default.status = status
    receiver.default.body = b"" if status == 204 else b"the service says why"
    result = send(_to(receiver), MESSAGE)
    assert (result.reason, result.state) == (reason, state)
    assert len(receiver.requests) == 1
    if status >= 300:
        assert f"status {status}, the service says why" in result.line


def test_every_reason_has_a_state_and_a_meaning() -> None:
    for reason in SendReason:
        assert SendResult(reason).state in DeliveryState
        assert reason.meaning
    for status in range(100, 600):
        assert of_status(status) is not SendReason.ACCEPTED


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (429, {"Retry-After": "120"}, b"", 120.0),
        (503, {"Retry-After": "7"}, b"", 7.0),
        (429, {"Retry-After": "0.25"}, b"", 0.25),
        (429, {}, b'{"message": "limited", "retry_after": 1.5}', 1.5),
        (429, {}, b'{"ok": false, "parameters": {"retry_after": 31}}', 31.0),
        (429, {"Retry-After": "soon"}, b"not json", None),
        (429, {}, b"[" * 60_000, None),
        (429, {}, b'{"retry_after": {}, "parameters": 7}', None),
        (429, {"Retry-After": "-5"}, b"", 0.0),
        (429, {"Retry-After": "1" + "0" * 300}, b"", 1e9),
        (429, {"Retry-After": "inf"}, b"", 1e9),
        (429, {"Retry-After": "nan"}, b"", None),
        (429, {}, b'{"retry_after": Infinity}', 1e9),
        (429, {}, b'{"retry_after": 1' + b"0" * 400 + b"}", None),
        (500, {"Retry-After": "120"}, b"", None),
    ],
)
def test_the_service_says_when_to_come_back(
    status: int, headers: dict[str, str], body: bytes, seconds: float | None, receiver: Receiver
) -> None:
    receiver.default.status, receiver.default.headers, receiver.default.body = status, headers, body
    assert send(_to(receiver), MESSAGE).retry_after == seconds


def test_the_service_may_say_it_as_a_date(receiver: Receiver) -> None:
    receiver.default.status = 429
    receiver.default.headers = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)}
    wait = send(_to(receiver), MESSAGE).retry_after
    assert wait is not None
    assert 7000 < wait <= 7200


def test_discord_is_not_asked_again_at_once(receiver: Receiver, hosts: list[str]) -> None:
    receiver.default.status = 429
    receiver.default.headers = {"Retry-After": "30"}
    result = send(DISCORD, MESSAGE)
    assert (result.reason, result.retry_after) == (SendReason.RATE_LIMITED, 30.0)
    assert len(receiver.requests) == len(hosts) == 1


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'{"ok": true}', DeliveryState.SENT),
        (b'{"ok": false, "error": "channel_not_found"}', DeliveryState.DEAD),
        (b'{"ok": false, "error": "internal_error"}', DeliveryState.FAILED),
        (b"<html>captive portal</html>", DeliveryState.FAILED),
        (b'{"ok": false, "error": ["odd"]}', DeliveryState.FAILED),
        (b'["odd"]', DeliveryState.FAILED),
        (b"[" * 60_000, DeliveryState.FAILED),
    ],
)
def test_a_slack_bot_is_told_in_the_body(
    body: bytes, state: DeliveryState, receiver: Receiver, hosts: list[str]
) -> None:
    receiver.default.body = body
    result = send(Secret("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general"), MESSAGE)
    assert result.state is state
    assert hosts


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = send(Secret(f"json://127.0.0.1:{port}/"), MESSAGE)
    assert (result.reason, result.state) == (SendReason.UNREACHABLE, DeliveryState.FAILED)
    assert result.line == "no connection to the service; nothing was sent"


def test_an_unknown_host_means_that_nothing_was_sent() -> None:
    result = send(Secret("json://nowhere.invalid/"), MESSAGE)
    assert (result.reason, result.state) == (SendReason.UNREACHABLE, DeliveryState.FAILED)


def test_a_server_without_tls_means_that_nothing_was_sent(receiver: Receiver) -> None:
    result = send(Secret(f"jsons://127.0.0.1:{receiver.port}/"), MESSAGE)
    assert (result.reason, result.state) == (SendReason.UNREACHABLE, DeliveryState.FAILED)


def test_no_answer_in_time_leaves_it_unknown(receiver: Receiver) -> None:
    receiver.default.delay = 30.0
    result = send(_to(receiver, "?rto=0.3"), MESSAGE)
    assert (result.reason, result.state) == (SendReason.TIMEOUT, DeliveryState.UNKNOWN)
    assert len(receiver.requests) == 1


def test_a_connection_cut_after_the_request_leaves_it_unknown(receiver: Receiver) -> None:
    receiver.default.cut = True
    result = send(_to(receiver), MESSAGE)
    assert (result.reason, result.state) == (SendReason.CUT, DeliveryState.UNKNOWN)
    assert len(receiver.requests) == 1


def test_an_answer_that_drips_cannot_hold_the_sender(receiver: Receiver) -> None:
    receiver.default.drip = True
    result = send(_to(receiver), MESSAGE, deadline=0.5)
    assert (result.reason, result.state) == (SendReason.TIMEOUT, DeliveryState.UNKNOWN)
    assert len(receiver.requests) == 1


def test_what_never_started_within_the_deadline_was_not_sent() -> None:
    exchange = Exchange()
    exchange.abandon()
    with observe(exchange), pytest.raises(requests.ConnectionError):
        requests.post("http://127.0.0.1:9/", timeout=1)
    assert not exchange.started


def test_a_process_does_not_wait_for_an_abandoned_send(receiver: Receiver) -> None:
    receiver.default.drip = True
    program = (
        "from alerts.channels.send import *; from alerts.rendering.view import *; from alerts.model.secret import *;"
        f"url = Secret('json://127.0.0.1:{receiver.port}/'); message = Rendered('1', 't', 'b', Format.TEXT);"
        "print(Sender().send(url, message, deadline=2).state)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "unknown"
    assert not done.stderr


def test_a_huge_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    receiver.default.body = b"x" * 5_000_000
    result = send(_to(receiver), MESSAGE)
    assert result.state is DeliveryState.SENT


@pytest.mark.parametrize("url", ["syslog://", "file:///etc/passwd", "dbus://", "https://example.com/", "", "x"])
def test_a_scheme_that_is_not_allowed_is_not_tried(url: str, hosts: list[str]) -> None:
    result = send(Secret(url), MESSAGE)
    assert (result.reason, result.state) == (SendReason.BAD_CHANNEL, DeliveryState.DEAD)
    assert not hosts


def test_two_targets_in_one_url_are_refused(hosts: list[str]) -> None:
    result = send(Secret("tgram://123456789:abcdefg_hijklmnop/42/43"), MESSAGE)
    assert (result.reason, result.state) == (SendReason.BAD_CHANNEL, DeliveryState.DEAD)
    assert "2 targets" in result.line
    assert not hosts


def test_options_of_the_url_cannot_undo_ours(receiver: Receiver) -> None:
    receiver.default.status = 500
    send(_to(receiver, "?retry=3&wait=0&overflow=split&optional=yes&redirect=yes"), MESSAGE)
    assert len(receiver.requests) == 1
    assert send(_to(receiver, "?optional=yes"), MESSAGE).state is DeliveryState.FAILED


def test_sends_side_by_side_do_not_mix(receiver: Receiver) -> None:
    statuses = [200, 404, 429, 500] * 6
    receiver.default.status = 200
    results: dict[int, SendResult] = {}
    paths: dict[str, int] = {f"/s{place}": status for place, status in enumerate(statuses)}
    receiver.by_path = paths

    def one(place: int) -> None:
        results[place] = send(Secret(f"json://127.0.0.1:{receiver.port}/s{place}"), MESSAGE)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(statuses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {
        200: SendReason.ACCEPTED,
        404: SendReason.GONE,
        429: SendReason.RATE_LIMITED,
        500: SendReason.SERVICE_ERROR,
    }
    assert {place: each.reason for place, each in results.items()} == {
        place: expected[status] for place, status in enumerate(statuses)
    }


def test_requests_of_others_go_on_as_before(
    receiver: Receiver, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    """While a send is under way, another thread's use of the HTTP library is not observed."""
    receiver.by_path = {"/other": 429}
    receiver.default.delay = 0.3
    exchange = Exchange()
    answers: list[int] = []

    def other() -> None:
        url = f"http://127.0.0.1:{receiver.port}/other"
        answers.extend(requests.post(url, timeout=10).status_code for _ in range(2))

    with observe(exchange):
        thread = threading.Thread(target=other)
        thread.start()
        assert requests.post(f"http://127.0.0.1:{receiver.port}/mine", timeout=10).status_code == 200
        thread.join()
    assert answers == [429, 429]
    assert exchange.status == 200
    eventually(lambda: len(receiver.requests) == 3)


def test_every_allowed_scheme_is_known_to_the_library() -> None:
    from apprise.plugins import N_MGR

    unknown = {scheme for scheme in ALLOWED_SCHEMES if scheme != "console" and scheme not in N_MGR}
    assert unknown <= {"msteams"}


def test_our_limits_are_within_those_of_the_library() -> None:
    from apprise.plugins import N_MGR

    from alerts.rendering.formats import service_of

    # Its limit for Teams is its own choice, and far below that of the service.
    for scheme in sorted(ALLOWED_SCHEMES - {"console", "msteams", "workflow", "workflows"}):
        plugin, service = N_MGR[scheme], service_of(f"{scheme}://x")
        if isinstance(plugin.body_maxlen, int):
            assert service.limit <= plugin.body_maxlen, scheme
        if isinstance(plugin.title_maxlen, int):
            assert service.title_limit <= plugin.title_maxlen or not plugin.title_maxlen, scheme
            assert plugin.title_maxlen or not service.title_limit, scheme


def test_nothing_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys; import alerts.channels.send, alerts.rendering.render;"
        "sys.exit(any(name.split('.')[0] in ('apprise', 'requests') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
