"""The tables of the feed readers, kept as YAML in `data`."""

from importlib.resources import files
from typing import Any

import yaml


def table(name: str) -> dict[str, Any]:
    """The table in `data/NAME.yaml`."""
    loaded: dict[str, Any] = yaml.safe_load((files("alerts.feeds") / "data" / f"{name}.yaml").read_text("utf-8"))
    return loaded
