"""The examples of docs/configuration.md work, and it lists what may be named. Its tables: tests/docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.config.load import load_entries
from alerts.model.channels import ALLOWED_SCHEMES

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_examples_are_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, example in enumerate(re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)):
        (tmp_path / f"{number}.yaml").write_text(example)
    monkeypatch.setenv("SLACK_POLICY", "slack://a/b/c")
    monkeypatch.setenv("MAIL_POLICY", "mailto://a@example.org")
    loaded = load_entries(tmp_path)
    assert loaded.settings.sources
    assert loaded.entries.all("tests")


def test_every_scheme_of_a_channel_is_listed() -> None:
    text = PAGE.read_text()
    assert [scheme for scheme in sorted(ALLOWED_SCHEMES) if f"`{scheme}`" not in text] == []
