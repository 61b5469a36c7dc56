"""The tests' own PostgreSQL, where it cannot start."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import postgres


@pytest.fixture
def clone() -> Iterator[Path]:
    """A project in a folder that its owner alone may enter, as the home of root is."""
    with tempfile.TemporaryDirectory(prefix="alerts-home-", dir="/tmp") as name:
        home = Path(name)
        (home / "project" / "bin").mkdir(parents=True)
        yield home / "project"


def test_the_folder_that_is_closed_is_found(clone: Path) -> None:
    assert postgres.closed_folder(clone / "bin") == clone.parent
    clone.parent.chmod(0o711)
    assert postgres.closed_folder(clone / "bin") is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to become another user")
def test_root_is_told_in_one_line_what_to_do(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(PermissionError) as refused:
        postgres.running_in(tmp_path, clone / "bin")
    assert f"`chmod o+x {clone.parent}`" in str(refused.value)
    assert "\n" not in str(refused.value)
    clone.parent.chmod(0o711)
    assert postgres.running_in(tmp_path, clone / "bin") == {"cwd": tmp_path, "user": "nobody", "group": "nogroup"}
