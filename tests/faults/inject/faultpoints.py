"""Turns the comment lines `# fault point: NAME` of the program into calls, and shifts its clock.

ALERTS_FAULTS names a folder: `plan.json` says what happens where (`point`, `action` kill, stop or full, `nth`),
`clock` holds the seconds by which the clock is off, `reached/` gets a file for every point that was reached,
and `done` is made when the plan has struck, which it does once for all processes together.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import json
import os
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import CodeType, ModuleType

MARK = re.compile(r"^([ ]*)# fault point: ([a-z.]+)$", re.MULTILINE)
_CLOCK = "return datetime.now(UTC)"
_counts: Counter[str] = Counter()
_lock = threading.Lock()


def rewritten(source: str) -> str:
    """The source with every fault point a call; the numbers of its lines stay."""
    source = MARK.sub(r'\1__import__("faultpoints").reach("\2")', source)
    return source.replace(_CLOCK, 'return __import__("faultpoints").now()')


def now() -> datetime:
    """The time of this process: what all are off by, and what its own environment adds."""
    off = float(os.environ.get("ALERTS_FAULTS_SKEW", "0"))
    with contextlib.suppress(OSError):  # no file: not off
        off += float((_folder() / "clock").read_text() or 0)
    return datetime.now(UTC) + timedelta(seconds=off)


def reach(name: str) -> None:
    folder = _folder()
    (folder / "reached" / name).touch()
    plan = _plan(folder)
    if plan.get("point") != name:
        return
    with _lock:
        _counts[name] += 1
        if _counts[name] != plan.get("nth", 1):
            return
    try:
        (folder / "done").touch(exist_ok=False)
    except FileExistsError:
        return
    if plan["action"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif plan["action"] == "stop":
        (folder / "stopped").write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGSTOP)
    elif plan["action"] == "full":
        from sqlalchemy.exc import OperationalError

        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))


def _folder() -> Path:
    return Path(os.environ["ALERTS_FAULTS"])


def _plan(folder: Path) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads((folder / "plan.json").read_text())
    except OSError:
        return {}
    return found


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = compile(rewritten(self.get_data(path).decode()), path, "exec", dont_inherit=True)
        return code


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in {"alerts", "worker"}:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def install() -> None:
    sys.meta_path.insert(0, _Finder())
