"""Tables kept as YAML files beside the code."""

from importlib.resources import files
from typing import Any

import yaml


def table(package: str, path: str) -> Any:
    """What the file at `path` inside a package holds."""
    return yaml.load(files(package).joinpath(path).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
