"""A container engine to test with: Docker on this machine, or one that a folder of tools starts.

ENGINE_TOOLS names a folder with four commands: `up` starts an engine, `put DIR NAME` copies a checkout into it and
prints the path there, `in CMD...` runs a command inside, `down` ends it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class CommandError(Exception):
    """A command in the engine failed; the text holds the command and what it printed."""


@dataclass(frozen=True)
class Engine:
    """Where commands run, and the checkout as they see it."""

    prefix: tuple[str, ...]
    checkout: str

    def run(self, *command: str, stdin: str | None = None, seconds: float = 900) -> str:
        """What the command printed. Raises CommandError where its exit status is not 0."""
        done = subprocess.run(
            [*self.prefix, *command],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-4000:]}")
        return done.stdout

    def write(self, path: str, content: str) -> None:
        """Writes a file of the checkout in the engine."""
        target = f"{self.checkout}/{path}"
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", target, stdin=content)


@contextmanager
def engine(root: Path) -> Iterator[Engine | None]:
    """An engine with a copy of the project, None where there is none. What it started or copied is gone at the end."""
    tools = os.environ.get("ENGINE_TOOLS")
    if tools:
        with _started(Path(tools)) as prefix:
            put = [str(Path(tools) / "put"), str(root), "alerts-image-test"]
            made = Engine(prefix, subprocess.check_output(put, text=True).strip())
            try:
                yield made
            finally:
                made.run("rm", "-rf", made.checkout)
    elif (
        shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    ):
        with tempfile.TemporaryDirectory(prefix="alerts-image-test-") as directory:
            _copy(root, Path(directory))
            yield Engine((), directory)
    else:
        yield None


@contextmanager
def _started(tools: Path) -> Iterator[tuple[str, ...]]:
    prefix = (str(tools / "in"),)
    was_up = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    if not was_up:
        subprocess.run([tools / "up"], check=True)
    try:
        yield prefix
    finally:
        if not was_up:
            subprocess.run([tools / "down"], check=True)


def _copy(root: Path, target: Path) -> None:
    """The files that git knows or would add."""
    listed = subprocess.check_output(
        ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "-z"], text=True
    )
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)
