"""The documentation names every address, action and metric."""

from __future__ import annotations

import re
from pathlib import Path

from kit.browsing import Browser
from starlette.routing import Route

from alerts.web.acts import ACTIONS

DOCS = (Path(__file__).parents[2] / "docs" / "web.md").read_text(encoding="utf-8")


def test_every_address_is_documented(browser: Browser) -> None:
    paths = {re.sub(r":\w+}", "}", route.path) for route in browser().app.routes if isinstance(route, Route)}  # type: ignore[attr-defined]
    documented = set(re.findall(r"`(/[^`\s?]*)`", DOCS.partition("## Who sees what")[0]))
    assert documented - {"/api/openapi.json"} == paths


def test_every_action_is_documented() -> None:
    table = DOCS.partition("| action |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([\w-]+)` ", table, re.MULTILINE)) == set(ACTIONS)


def test_every_metric_is_documented(browser: Browser) -> None:
    served = set(re.findall(r"^# TYPE (\w+) ", browser().get("/metrics").text, re.MULTILINE))
    assert set(re.findall(r"`(alerts_\w+)(?:{[\w,]+})?`", DOCS)) == served
