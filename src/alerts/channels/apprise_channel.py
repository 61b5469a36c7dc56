"""The sending library, asked for one message to one target. Imported by the sender alone: it is large."""

import hashlib
import hmac
import importlib.resources
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from apprise import Apprise, AppriseAsset
from apprise.plugins import url_to_dict

from alerts.channels.email import EmailPlugin
from alerts.channels.http_capture import Exchange, observe
from alerts.channels.result import SendReason, SendResult, of_status
from alerts.model.channels import CONSOLE_SCHEME, scheme_of
from alerts.model.secret import Secret
from alerts.rendering import escape
from alerts.rendering.formats import has_threads, service_of
from alerts.rendering.view import Format, Rendered

CONNECT_S = 5.0
READ_S = 15.0  # seconds for a connection, and between two reads: a service slower than that leaves the outcome unknown
SIGNATURE_HEADER = "X-Alerts-Signature"

COMMON: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("json", "jsons"), ("custom_json", "NotifyJSON")),
    **dict.fromkeys(("mailto", "mailtos"), ("email", "NotifyEmail")),
    **dict.fromkeys(("ntfy", "ntfys"), ("ntfy", "NotifyNtfy")),
    "slack": ("slack", "NotifySlack"),
    "discord": ("discord", "NotifyDiscord"),
    "tgram": ("telegram", "NotifyTelegram"),
    "workflows": ("workflows", "NotifyWorkflows"),
}
"""Module and class of the services that most people use. Any other makes the library load all of its 130 modules, which
takes 17 MB and half a second."""

_ASSET: Final = AppriseAsset(
    app_id="institution-alerts",
    app_desc="Institution alerts",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    storage_mode="memory",
    http_redirects=False,
)
"""No files, no pictures from elsewhere, no redirects."""

# It writes tokens into its log, into warnings too: nothing of it is let out. Exchanges say what happened.
logging.getLogger("apprise").disabled = True

_THREAD_LOST: Final = frozenset(
    {"thread_not_found", "invalid_thread_ts", "message_not_found", "cannot_reply_to_message", "thread_locked"}
    | {"restricted_action_thread_locked", "message_limit_exceeded"}
)
"""What Slack answers where nothing can go under a message any more: the next one begins a thread of its own."""

_NO_SUCCESS_YET = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "request_timeout"})


def deliver(url: str, message: Rendered, exchange: Exchange, *, under: str = "") -> SendResult:
    """Sends once, to exactly one target; says what came of it and never raises.

    Where the thread that it should go under is lost, the message begins one of its own."""
    result = _deliver(url, message, exchange, under)
    if under and result.reason is SendReason.REJECTED and _answer(exchange.body).get("error") in _THREAD_LOST:
        result = _deliver(url, message, exchange, "")
    return result


def is_usable(url: str) -> bool:
    """Whether the URL is complete and of its service's form, for one target. Sends nothing."""
    checked = Rendered("check", "", "", Format.TEXT)
    return scheme_of(url) == CONSOLE_SCHEME or not isinstance(_plugin(url, checked, Exchange(), ""), SendResult)


def _deliver(url: str, message: Rendered, exchange: Exchange, under: str) -> SendResult:
    service = service_of(url)
    plugin = _plugin(url, message, exchange, under)
    if isinstance(plugin, SendResult):
        return plugin
    try:
        # Not through `Apprise`, whose report of a send holds the payload, written as an address.
        with observe(exchange):
            accepted = plugin.notify(
                body=message.body,
                title=message.title,
                notify_type=message.tone.value,
                body_format=service.source_format.value if service.source_format else None,
            )
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises, it has not taken the message
        accepted, exchange.detail = False, type(error).__name__
    result = _judge(bool(accepted), exchange, url)
    if result.reason is SendReason.ACCEPTED and not under and has_threads(Secret(url)):
        posted = _answer(exchange.body).get("ts")
        return replace(result, posted=posted if isinstance(posted, str) else "", thread=message.thread)
    return result


def _plugin(url: str, message: Rendered, exchange: Exchange, under: str) -> Any:
    """The library's plugin for the URL, which names one target; else why none can be made."""
    try:
        plugin = _made(url, message, exchange, under)
    except Exception:  # noqa: BLE001 - whatever a plugin raises for a URL, its text may hold the secret
        plugin = None
    if plugin is None:
        return SendResult.of(SendReason.BAD_CHANNEL)
    if isinstance(plugin, EmailPlugin) or len(plugin) == 1:
        return plugin
    said = f"the channel's URL names {len(plugin)} targets; give each a channel of its own"
    return SendResult(SendReason.BAD_CHANNEL, said)


def _made(url: str, message: Rendered, exchange: Exchange, under: str) -> Any:
    """The library's plugin for the URL, or None. Our options go over the URL's where they must not differ."""
    common = COMMON.get(scheme_of(url))
    kind: Any = getattr(importlib.import_module(f"apprise.plugins.{common[0]}"), common[1]) if common else None
    # The library reads any other URL by its scheme, or by the form that its service gives it.
    arguments: Any = url_to_dict(url) if kind is None else kind.parse_url(url.replace("/#", "/%23"))  # type: ignore[no-untyped-call]
    if not arguments:
        return None
    arguments.setdefault("cto", CONNECT_S)
    arguments.setdefault("rto", READ_S)
    arguments.update(dict(service_of(url).options), retry=0, wait=0, optional=False, overflow="upstream")
    arguments.update(redirect=False, asset=_ASSET)
    schema = arguments["schema"]
    if schema in {"mailto", "mailtos"}:
        plugin = EmailPlugin(**arguments)  # type: ignore[no-untyped-call]
        plugin.prepare(message, exchange)
        return plugin
    if under and len(arguments["targets"]) == 1 and ":" not in arguments["targets"][0]:
        arguments["targets"] = [f"{arguments['targets'][0]}:{under}"]
    if schema == "discord" and not arguments.get("template"):
        arguments["template"] = _template("discord")
    if schema in {"workflow", "workflows"} and message.answer and not arguments.get("template"):
        arguments |= {"template": _template("teams"), "tokens": {"answer": message.answer}}
    if schema == "opsgenie":  # left to itself it sends nothing for what is information
        arguments["mapping"] = {"info": "new", **(arguments.get("mapping") or {})}
    if schema in {"json", "jsons"} and message.payload is not None:
        arguments["payload"] = {"attachments": "", **message.payload, **(arguments.get("payload") or {})}
        exchange.sign = _signer(url)
    elif schema in {"form", "forms", "xml", "xmls"}:
        arguments["payload"] = {"id": message.id, **(arguments.get("payload") or {})}
    if kind is not None:
        return kind(**arguments)
    return Apprise.instantiate(arguments, asset=_ASSET, suppress_exceptions=False)


def _template(name: str) -> str:
    """A payload of ours, for what the library has no words for: that nobody may be called, and buttons."""
    return str(importlib.resources.files("alerts.channels").joinpath("templates", f"{name}.json"))


def _signer(url: str) -> Callable[[bytes], Mapping[str, str]] | None:
    """For `?signature=SECRET`: the header with the HMAC-SHA256 of the body under the secret."""
    secret = (parse_qs(urlsplit(url).query).get("signature") or [""])[0].encode()
    if not secret:
        return None

    def sign(body: bytes) -> Mapping[str, str]:
        return {SIGNATURE_HEADER: "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}

    return sign


def _judge(accepted: bool, exchange: Exchange, url: str) -> SendResult:
    if accepted and exchange.started:
        return SendResult.of(SendReason.ACCEPTED, exchange.detail)
    detail = redact(exchange.detail, url)
    if exchange.problem is not None:
        return SendResult.of(exchange.problem, detail)
    if exchange.status is None:
        return SendResult.of(SendReason.BAD_CHANNEL, detail)
    answer = redact(exchange.body.decode("utf-8", "replace"), url)
    reason = of_status(exchange.status) if exchange.status >= 300 else _refused_in_body(exchange.body)
    said = f"status {exchange.status}, {answer}" if answer else f"status {exchange.status}"
    return SendResult.of(reason, said, exchange.retry_after)


def _refused_in_body(body: bytes) -> SendReason:
    """Slack's bots answer 200 with `{"ok": false, "error": …}`."""
    content = _answer(body)
    error = content.get("error") if content.get("ok") is False else None
    lasting = isinstance(error, str) and error not in _NO_SUCCESS_YET
    return SendReason.REJECTED if lasting else SendReason.SERVICE_ERROR


def _answer(body: bytes) -> dict[str, Any]:
    """What a service says in JSON; empty where it says something else."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def redact(text: str, url: str) -> str:
    """One short line without any part of the URL of four characters and more."""
    rest = url.partition("://")[2]
    parts = {part for piece in (rest, unquote(rest)) for part in re.split(r"[/:@?&=#,]+", piece)}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= 4:
            text = text.replace(part, "***")
    return escape.shorten(escape.clean(text[:2000]), 200)
