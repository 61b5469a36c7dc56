"""Tables and word lists kept as data files beside the code."""

from importlib.resources import files
from typing import Any

import yaml


def table(package: str, path: str) -> Any:
    """What the file at `path` inside a package holds."""
    return yaml.load(files(package).joinpath(path).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def text_lines(package: str, path: str) -> list[str]:
    """The lines of a text file inside a package that are no comments."""
    text = files(package).joinpath(path).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]
