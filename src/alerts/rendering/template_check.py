"""Trying an operator's templates before a message needs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import TypeAdapter

from alerts.model.subscriber import Subscriber
from alerts.rendering.render import Renderer
from alerts.rendering.view import MessageView
from alerts.routing.alerts import Kind


def problems(templates: Path, subscribers: Iterable[Subscriber]) -> tuple[str, ...]:
    """One line for each template that cannot be used or that no channel uses; templates are tried on an example."""
    renderer = Renderer(templates)
    found: list[str] = []
    used: set[Path] = set()
    for subscriber in subscribers:
        for channel, url in subscriber.channels.items():
            stems = (f"{subscriber.id}/{channel}", channel)
            expected = {templates / f"{stem}{part}.j2" for stem in stems for part in ("", ".txt", ".html")}
            used |= expected
            if not any(file.is_file() for file in expected):
                continue
            for view in (example(subscriber, channel), example(subscriber, channel, kind=Kind.TEST)):
                found += [problem for problem in (renderer.render(view, url).problem,) if problem]
    files = templates.rglob("*.j2") if templates.is_dir() else ()
    idle = (file for file in sorted(files) if file not in used and not file.relative_to(templates).name.startswith("_"))
    found += [f"{file}: no channel has this name; a part of other templates begins with _" for file in idle]
    return tuple(dict.fromkeys(found))


def example(subscriber: Subscriber, channel: str, *, kind: Kind = Kind.ALERT) -> MessageView:
    """A message about an invented institution, with everything that a message can hold."""
    view = replace(_example(), kind=kind, subscriber=subscriber.id, channel=channel, tier=subscriber.tier)
    return replace(view, entries=(), profiles={}) if kind is Kind.TEST else view


@cache
def _example() -> MessageView:
    text = (files("alerts.rendering") / "data" / "example.json").read_text(encoding="utf-8")
    return TypeAdapter(MessageView).validate_json(text)
