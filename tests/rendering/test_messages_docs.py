"""docs/messages.md names everything that a reader of messages or an author of templates can meet."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alerts.channels.result import SendReason
from alerts.model.secret import Secret
from alerts.model.subscriber import Tier
from alerts.rendering.context import AlertLine, Block, ContributionLine, PointLine, RowLine, SourceLine, Wording
from alerts.rendering.render import Renderer
from alerts.rendering.view import Role
from alerts.routing.alerts import Kind

if TYPE_CHECKING:
    from kit.messages import Sample

DOCS = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
TEMPLATES = Path(__file__).parents[2] / "src" / "alerts" / "rendering" / "templates"


@pytest.mark.parametrize("word", [*SendReason, *Kind, *Role, *Tier])
def test_every_word_of_a_closed_set_is_explained(word: str) -> None:
    assert f"`{word}`" in DOCS


@pytest.mark.parametrize(
    "of", [Wording, Block, AlertLine, PointLine, RowLine, SourceLine, ContributionLine], ids=lambda of: of.__name__
)
def test_every_name_that_a_template_can_print_is_listed(of: type) -> None:
    names = {each.name for each in fields(of)}
    rows = [set(re.findall(r"`(\w+)`", line.split("|")[2])) for line in DOCS.splitlines() if line.count("|") == 3]
    assert names in rows


def test_every_block_is_listed() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in TEMPLATES.glob("*.j2"))
    for name in set(re.findall(r"\{% block (\w+)", source)) - {"message"}:
        assert f"`{name}`" in DOCS


def test_every_key_of_a_webhook_is_shown(sample: Sample) -> None:
    payload = Renderer().render(sample.view(), Secret("json://x")).payload
    assert payload is not None
    (alert,) = payload["alerts"]
    for key in (*payload, *alert):
        assert f'"{key}"' in DOCS
