"""`alerts check --publish` and `--accept-empty`: an operator puts files in force."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.servers


def test_files_that_turned_empty_are_refused_until_they_are_confirmed(call: Any, filled: Any) -> None:
    file = filled.config / "alerts.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**content, "subscribers": []}), encoding="utf-8")
    done = call(filled, "check")
    assert done.status == 1
    assert "subscribers: there were 1 and there is none now" in done.err
    assert call(filled, "check", "--publish").status == 1
    assert call(filled, "run", "--once").status == 1
    done = call(filled, "check", "--accept-empty")
    assert (done.status, done.out) == (0, "")
    assert "in force as generation 2" in done.err
    assert call(filled, "check").status == 0
    assert "generation 2" in call(filled, "status").out


def test_publishing_what_is_in_force_changes_nothing(call: Any, filled: Any) -> None:
    done = call(filled, "check", "--publish")
    assert (done.status, done.out) == (0, "")
    assert "in force already as generation 1" in done.err


def test_files_that_were_replaced_are_put_in_force_again(call: Any, filled: Any) -> None:
    file = filled.config / "alerts.yaml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before + "levels: {margin: 0.04}\n", encoding="utf-8")
    assert call(filled, "check", "--publish").status == 0
    file.write_text(before, encoding="utf-8")
    assert "in force as generation 3" in call(filled, "check", "--publish").err


def test_checking_alone_publishes_nothing(call: Any, filled: Any) -> None:
    file = filled.config / "alerts.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "levels: {margin: 0.04}\n", encoding="utf-8")
    assert call(filled, "check").status == 0
    assert "generation 1" in call(filled, "status").out
