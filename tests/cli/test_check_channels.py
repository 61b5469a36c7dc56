"""`alerts check` refuses channels that could never send."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.cli.main import status_of

BASE = """
institutions: [{id: acme, name: Acme Networks}]
subscribers:
  - id: desk
    watch: [{all: true}]
    channels:
      out: console://
      work: "URL"
"""


@pytest.mark.parametrize("url", ["slack://nonsense/", "tgram://token/", "mailto://", "discord://only-one-part"])
def test_a_channel_that_is_not_complete_is_refused_with_its_place(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "alerts.yaml").write_text(BASE.replace("URL", url), encoding="utf-8")
    assert status_of(["--config", str(tmp_path), "--state", str(tmp_path / "state"), "check"]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path}/alerts.yaml:8:13: channels: work is not complete" in said


@pytest.mark.parametrize(
    "url",
    [
        "slack://TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc",
        "mailtos://user:word@smtp.example.org?from=a@example.org&to=b@example.org,c@example.org",
        "jsons://receiver.example/hook",
        "tgram://123456789:abcdefghijklmnopqrstuvwxyzabcdefghi/12345",
    ],
)
def test_a_channel_that_is_complete_is_taken(tmp_path: Path, url: str) -> None:
    (tmp_path / "alerts.yaml").write_text(BASE.replace("URL", url), encoding="utf-8")
    assert status_of(["--config", str(tmp_path), "--state", str(tmp_path / "state"), "check"]) == 0
