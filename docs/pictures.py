"""Makes the pictures of the documentation again: `make pictures`. Always the same for the same code."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

import alerts.demo
from alerts.config.load import load_entries
from alerts.model.item import Item
from alerts.replay.backtest import rehearse
from alerts.replay.plot import draw

HERE = Path(__file__).parent
DEMO = Path(alerts.demo.__file__).parent
START = datetime(2026, 2, 23, 9, tzinfo=UTC)
STEPS = (0, 3, 5, 26, 40, 70)  # hours after START
"""When the steps of the demonstration are published in the picture."""


def main() -> None:
    os.environ["ALERTS_DEMO_URL"] = "http://localhost"
    settings = load_entries(DEMO / "config").settings
    scenario = yaml.safe_load((DEMO / "scenario.yaml").read_text(encoding="utf-8"))
    items = [
        Item(
            id=entry["id"],
            title=entry["title"],
            summary=entry["text"],
            url=entry["link"],
            source=entry["source"],
            author=entry.get("author", ""),
            observed=START + timedelta(hours=hours),
        )
        for hours, step in zip(STEPS, scenario, strict=True)
        for entry in step["publishes"]
    ]
    result = rehearse(items, settings, until=START + timedelta(days=120), only=frozenset({"deepseek"}))
    images = HERE / "images"
    images.mkdir(exist_ok=True)
    (images / "levels.svg").write_text(draw(result, settings), encoding="utf-8")


if __name__ == "__main__":
    main()
