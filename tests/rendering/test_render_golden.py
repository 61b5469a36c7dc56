"""Messages as each channel gets them. `UPDATE_GOLDEN=1 pytest …` writes the files anew: read the difference."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alerts.model.level import Axis, Level
from alerts.model.secret import Secret
from alerts.model.subscriber import On, Tier
from alerts.rendering.render import Renderer
from alerts.rendering.view import MessageView, Rendered, Role
from alerts.routing.alerts import Kind

if TYPE_CHECKING:
    from kit.messages import Sample

GOLDEN = Path(__file__).parent / "golden"
CHANNELS = {
    "console": "console://",
    "slack": "slack://TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc",
    "discord": "discord://1234567890/token",
    "telegram": "tgram://123456789:abcdefg/42",
    "teams": "workflows://host.example/abc/sig",
    "mattermost": "mmost://host.example/token",
    "google-chat": "gchat://workspace/key/token",
    "matrix": "matrix://host.example",
    "sms": "twilio://sid:token@15551234567/15557654321",
    "mail": "mailto://host.example?from=a@host.example&to=b@host.example",
    "webhook": "jsons://host.example/hook",
}
LOUD = "REGULATOR ORDERS GLOBEX TO STOP ALL EXPORTS AT ONCE!!!"
TRICKY = "“5 < 6” & *so on*: <!channel> @everyone [link](https://evil.example) _x_ `y`"


def _kinds(sample: Sample) -> dict[str, Callable[[], MessageView]]:
    fall = sample.alert(2, transition=sample.transition(from_=Level.HIGH, to=Level.LOW))
    mention = sample.alert(3, On.MENTION, headline=TRICKY, rules=())
    spike = sample.alert(4, On.SPIKE)
    grade = sample.alert(5, On.GRADE)
    several = (
        sample.entry(now={Axis.POLICY: Level.MEDIUM}),
        sample.entry(alert=replace(fall, at=sample.at + timedelta(minutes=5)), role=Role.SUPERSEDED),
        sample.entry(alert=mention),
        sample.entry(alert=spike),
        sample.entry(alert=grade),
        sample.entry(alert=replace(sample.alert(6, headline=LOUD), institution="globex", level=Level.CRITICAL)),
    )
    return {
        "alert": lambda: sample.view(TRICKY),
        "alert-copy": lambda: sample.view(copy=True, unsubscribe=None, base_url=None, timezone="UTC"),
        "alert-without-profile": lambda: sample.view(profiles={}),
        "group": lambda: sample.view(kind=Kind.GROUP, entries=several),
        "digest": lambda: sample.view(kind=Kind.DIGEST, entries=several, omitted=3),
        "summary": lambda: sample.view(kind=Kind.SUMMARY, entries=several[:1], omitted=40),
        "reminder": lambda: sample.view(kind=Kind.REMINDER, entries=(sample.entry(role=Role.REMINDER),)),
        "all-clear": lambda: sample.view(kind=Kind.ALL_CLEAR, entries=(sample.entry(alert=fall),)),
        "escalation": lambda: sample.view(kind=Kind.ESCALATION, instead_of="pager"),
        "correction": lambda: sample.view(kind=Kind.CORRECTION, entries=(sample.entry(),), why="withdrawn"),
        "test": lambda: sample.view(kind=Kind.TEST, entries=(), profiles={}),
    }


CASES = [
    *(("alert", channel, tier) for channel in CHANNELS for tier in Tier),
    *(
        (kind, "console", Tier.STRATEGIC_CIRCLE)
        for kind in (
            "alert-copy",
            "escalation",
            "alert-without-profile",
            "group",
            "digest",
            "summary",
            "reminder",
            "all-clear",
            "correction",
        )
    ),
    *(("group", channel, Tier.STRATEGIC_CIRCLE) for channel in ("slack", "discord", "mail", "webhook")),
    *(("test", channel, Tier.OPEN) for channel in ("console", "slack", "mail", "webhook")),
]


@pytest.mark.parametrize(("kind", "channel", "tier"), CASES)
def test_a_message_reads_as_agreed(kind: str, channel: str, tier: Tier, sample: Sample) -> None:
    view = _kinds(sample)[kind]()
    view = sample.view(**{name: getattr(view, name) for name in view.__slots__} | {"tier": tier})
    shown = _shown(Renderer().render(view, Secret(CHANNELS[channel])))
    file = GOLDEN / f"{kind}.{channel}.{tier.value}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    expected = {f"{kind}.{channel}.{tier.value}.txt" for kind, channel, tier in CASES}
    assert {file.name for file in GOLDEN.iterdir()} == expected


def _shown(message: Rendered) -> str:
    parts = [f"id: {message.id}", f"title: {message.title}", f"format: {message.format.value}"]
    parts += [f"{name}: {value}" for name, value in message.headers]
    parts += ["", message.body]
    if message.html is not None:
        parts += ["", "--- html", message.html]
    if message.payload is not None:
        parts += ["", "--- payload", json.dumps(message.payload, indent=1, ensure_ascii=False)]
    assert not message.problem
    return "\n".join(parts) + "\n"
