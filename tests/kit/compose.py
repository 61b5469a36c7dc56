"""docker-compose.yml as Compose reads it, and its services as local processes: no container engine needed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$(?:(\$)|\{([A-Z_]+)(?::-([^}]*))?\})")


def load(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with anchors resolved and variables replaced."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    resolved: dict[str, Any] = _resolved(content, environ or {})
    return resolved


def _resolved(node: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _resolved(value, environ) for key, value in node.items()}
    if isinstance(node, list):
        return [_resolved(each, environ) for each in node]
    if not isinstance(node, str):
        return node

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        if match[3] is None and match[2] not in environ:
            raise ValueError(f"{match[0]} has no default")
        return environ.get(match[2]) or match[3] or ""

    return _VARIABLE.sub(replace, node)


def seconds(duration: str) -> float:
    """`1m30s` and the like."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    parts = re.findall(r"(\d+)([smh])", duration)
    assert "".join(number + unit for number, unit in parts) == duration, duration
    return sum(int(number) * units[unit] for number, unit in parts)


class Service:
    """One service as a process: its entrypoint, its command and its environment, with nothing replaced but paths."""

    def __init__(
        self, name: str, service: Mapping[str, Any], paths: Mapping[str, str], directory: Path, more: Sequence[str] = ()
    ) -> None:
        """`paths` gives for paths inside the container those outside; `more` is appended to the command."""
        self.name = name
        self._paths = paths
        self._health = service.get("healthcheck", {}).get("test", [])
        self.grace = seconds(service.get("stop_grace_period", "10s"))
        self.directory = directory / name
        (self.directory / "tmp").mkdir(parents=True)
        command = [*service.get("entrypoint", []), *service["command"], *more]
        self.command = [self._outside(each) for each in command]
        given = {key: self._outside(str(value)) for key, value in service.get("environment", {}).items()}
        # What the image sets.
        image = {
            "ALERTS_CONFIG": "/config",
            "ALERTS_STATE": "/state",
            "ALERTS_ALIVE": "/tmp/alive",
            "ALERTS_LOG_FORMAT": "json",
        }
        self.environment = {
            "PATH": f"{paths['/opt/alerts/bin']}:{os.environ['PATH']}",
            "HOME": str(self.directory / "tmp"),
            **{key: self._outside(value) for key, value in image.items()},
            **given,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def _outside(self, text: str) -> str:
        for inside, outside in {**self._paths, "/tmp": str(self.directory / "tmp")}.items():
            if text == inside or text.startswith(inside + "/"):
                return outside + text[len(inside) :]
        return text

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self) -> int:
        """Starts it and waits for its end; the exit status."""
        self.start()
        assert self.process is not None
        return self.process.wait(60)

    def healthy(self) -> bool:
        return self.health()[0] == 0

    def health(self) -> tuple[int, str]:
        """Exit status and output of the health check, run as the container would."""
        assert self._health[0] == "CMD", self._health
        done = subprocess.run(
            [self._outside(each) for each in self._health[1:]],
            env=self.environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def stop(self) -> tuple[int, float]:
        """SIGTERM, as `docker stop` sends it; the exit status, and how long the end took in seconds."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(self.grace)
        return status, time.monotonic() - began

    def gone(self) -> bool:
        """Whether nothing of its process group runs any more."""
        assert self.process is not None
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
