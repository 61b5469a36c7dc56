"""docs/architecture.md and docs/glossary.md name modules, functions and fields that exist."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from alerts.store.schema import ChannelRow, DeliveryRow

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def place(name: str) -> Path:
    """A module or folder as the pages name it: of the repository for `worker` and `tests`, else of src/alerts."""
    return ROOT / name if re.match(r"(worker|tests)\b", name) else ROOT / "src" / "alerts" / name


def section(heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", ARCHITECTURE, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


@cache
def defined(module: Path) -> set[str]:
    """Names of the functions and classes at the top of a module."""
    nodes = ast.parse(module.read_text(encoding="utf-8")).body
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.parametrize("page", [ARCHITECTURE, GLOSSARY], ids=["architecture", "glossary"])
def test_every_module_is_there(page: str) -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py|(?:[a-z_]+/)+[a-z_]*)`", page))
    assert len(named) > 10
    assert [name for name in sorted(named) if not place(name).exists()] == []


def test_the_code_uses_the_terms_of_the_glossary() -> None:
    """So that a search for the field's own term leads to the code."""
    rows = re.findall(r"^\| ([a-z][^|]*) \| [^|]+ \| ([^|]+) \|$", GLOSSARY, re.MULTILINE)[1:]
    assert len(rows) > 25
    for term, modules in rows:
        for module in re.findall(r"`([^`]+)`", modules):
            path = place(module)
            files = [path] if path.is_file() else sorted(path.rglob("*.py"))
            text = " ".join([module, *(file.read_text(encoding="utf-8") for file in files)]).lower()
            # A term of hyphens as a whole, any other by the beginning of its first word.
            wanted = term.replace("-", " ") if "-" in term else term.split()[0][:9]
            assert wanted in text.replace("-", " "), (term, module)


@pytest.mark.parametrize(
    "heading", ["From an item to a message", "From an edit of the configuration to a reassessment"]
)
def test_the_steps_name_functions_of_their_modules(heading: str) -> None:
    rows = re.findall(r"^\| \d+\. [^|]*\| ([^|]*)\| ([^|]*)\|$", section(heading), re.MULTILINE)
    assert len(rows) >= 7
    for modules, functions in rows:
        known = {name for module in re.findall(r"`([^`]+)`", modules) for name in defined(place(module))}
        assert set(re.findall(r"`([^`]+)`", functions)) <= known, modules


def test_the_way_of_an_item_is_read_in_thirty_files() -> None:
    rows = re.findall(r"^\| \d+\..*$", section("From an item to a message"), re.MULTILINE)
    files = set(re.findall(r"`([a-z_/]+\.py)`", "".join(rows)))
    assert len(files) <= 30


def test_the_packages_are_those_that_the_import_layers_know() -> None:
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    known = [name for layer in layers for name in layer.split(" | ")]
    table = re.findall(r"^\| (`[^|]*) \|", section("The packages"), re.MULTILINE)
    named = [name for cell in table for name in re.findall(r"`(\w+)`", cell)]
    assert set(named) == set(known) - {"__main__"}
    level = {name: at for at, layer in enumerate(reversed(layers)) for name in layer.split(" | ")}
    assert [level[name] for name in named] == sorted(level[name] for name in named)


def test_every_field_that_makes_a_delivery_wait_is_a_column() -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", section("The life of a delivery"), re.MULTILINE)
    names = [name for cell in rows for name in re.findall(r"`([\w.]+)`", cell)]
    deliveries = set(DeliveryRow.__table__.columns.keys())
    channels = {f"channels.{each.name}" for each in ChannelRow.__table__.columns}
    assert set(names) <= deliveries | channels
    timed = {name for name in deliveries if name.endswith(("_until", "due_at", "turn_at"))}
    assert timed <= set(names)
