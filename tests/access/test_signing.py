"""Secrets that are kept in files."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alerts.access.links import pages
from alerts.access.signing import LEAST_SECRET, SecretError, Signer, kept, operator_token, signer


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secret"
    first = kept(path)
    assert len(first) >= 64
    assert kept(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret"]


def test_whoever_comes_first_makes_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(kept, [tmp_path / "secret"] * 64))) == 1


def test_what_is_no_secret_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short")
    (tmp_path / "odd").write_bytes(b"\xff" * 40)
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "secret", tmp_path / "odd", tmp_path / "file" / "secret"):
        with pytest.raises(SecretError) as refused:
            kept(path)
        assert "\n" not in str(refused.value)
        assert str(path) in str(refused.value)


def test_the_environment_comes_first(tmp_path: Path) -> None:
    given = "x" * LEAST_SECRET
    assert operator_token(tmp_path, {"ALERTS_OPERATOR_TOKEN": given}) == given
    assert signer(tmp_path, {"ALERTS_SECRET": given}).key == given.encode()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SecretError, match="has 15 characters"):
        signer(tmp_path, {"ALERTS_SECRET": given[1:]})


def test_a_signer_does_not_show_its_key() -> None:
    assert "secret" not in repr(Signer(b"secret"))


def test_messages_link_to_the_pages_only_where_they_are_known(tmp_path: Path) -> None:
    assert pages(tmp_path, {}) is None
    found = pages(tmp_path, {"ALERTS_BASE_URL": "https://alerts.example.org/", "ALERTS_SECRET": "x" * 20})
    assert found is not None
    assert found.base_url == "https://alerts.example.org"
