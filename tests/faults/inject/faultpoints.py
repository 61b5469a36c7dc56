"""Turns the comment lines `# fault point: NAME` of the program into calls, and shifts the clocks of its processes.

ALERTS_FAULTS names a folder: `plan.json` says what happens where (`point`, `action` kill, stop or full, `nth`),
`clock` holds the seconds by which all clocks are off, `reached/` gets a file for every point that was reached,
and `done` is made when the plan has struck, which it does once for all processes together. ALERTS_FAULTS_SKEW
is by how many seconds this process alone is off. The clocks are `datetime.now` in the program and in Celery,
and `time.time` everywhere.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from types import CodeType, ModuleType

MARK = re.compile(r"^([ ]*)# fault point: ([a-z.]+)$", re.MULTILINE)
_NOW = re.compile(r"(?<![.\w])datetime\.now\(")
_CELERY = frozenset({"celery.app.base", "celery.worker.request", "celery.utils.time"})
_OWN = ("alerts", "worker")
_counts: Counter[str] = Counter()
_lock = threading.Lock()
_time, _monotonic = time.time, time.monotonic
_off = (float("-inf"), 0.0)


def rewritten(source: str) -> str:
    """The source with every fault point a call and every clock ours; the numbers of its lines stay."""
    source = MARK.sub(r'\1__import__("faultpoints").reach("\2")', source)
    return _NOW.sub('__import__("faultpoints").now(', source)


def off() -> float:
    """By how many seconds the clocks of this process are off now."""
    global _off  # noqa: PLW0603
    asked, value = _off
    if _monotonic() - asked > 0.05:
        try:
            value = float((_folder() / "clock").read_text())
        except (OSError, ValueError):  # none: not off
            value = 0.0
        value += float(os.environ.get("ALERTS_FAULTS_SKEW", "0"))
        _off = _monotonic(), value
    return value


def now(zone: tzinfo | None = None) -> datetime:
    """What `datetime.now` gives here."""
    return datetime.now(zone) + timedelta(seconds=off())


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
    """Compiles where there is something to rewrite; all else comes from Python's own cache."""

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        source = self.get_data(path).decode()
        changed = rewritten(source)
        if changed == source:
            return super().get_code(fullname)
        code: CodeType = compile(changed, path, "exec", dont_inherit=True)
        return code


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in _OWN and fullname not in _CELERY:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def install() -> None:
    time.time = lambda: _time() + off()
    sys.meta_path.insert(0, _Finder())
