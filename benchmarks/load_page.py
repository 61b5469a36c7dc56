"""docs/load.md from the raw results."""
from __future__ import annotations
from pathlib import Path

def write(results: Path, out: Path) -> None:
    pass
