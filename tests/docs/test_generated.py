"""What `make docs` makes is current."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from alerts.cli.main import COMMANDS
from alerts.config.schema import ConfigurationForm

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def generate() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_reference_of_the_configuration_is_current(generate: ModuleType) -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert generate.configuration(page) == page, "run `make docs`"
    for heading, form in generate.forms(ConfigurationForm, "Files"):
        section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", page, re.DOTALL | re.MULTILINE)
        assert section is not None
        keys = re.findall(r"^\| `(\w+)` \|", section[1], re.MULTILINE)
        assert keys == [field.alias or name for name, field in form.model_fields.items()]


def test_a_changed_table_is_noticed(generate: ModuleType) -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert generate.configuration(page.replace("| `15m` |", "| `16m` |")) == page


def test_a_missing_table_is_noticed(generate: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"no table under the heading 'Files'"):
        generate.configuration("# Configuration\n")


def test_the_reference_of_the_command_line_is_current(generate: ModuleType) -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert generate.command_line() == page, "run `make docs`"
    headings = re.findall(r"^### ([\w-]+)$", page, re.MULTILINE)
    assert sorted(headings) == sorted(COMMANDS)
