"""The Dockerfile, read without a container engine: pinned, from here alone, and nobody's root."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from kit.compose import ROOT

FILE = ROOT / "worker" / "Dockerfile"
KNOWN = {"ARG", "LABEL", "FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"}


@dataclass(frozen=True)
class Instruction:
    name: str
    rest: str
    stage: int


def instructions() -> list[Instruction]:
    text = re.sub(r"^\s*#.*\n", "", FILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found = []
    stage = -1
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, rest = line.partition(" ")
        stage += name == "FROM"
        found.append(Instruction(name, " ".join(rest.split()), stage))
    return found


ALL = instructions()
LAST = max(each.stage for each in ALL)


def of(name: str, stage: int | None = None) -> list[str]:
    return [each.rest for each in ALL if each.name == name and stage in {None, each.stage}]


def test_it_uses_only_what_is_known_and_several_stages() -> None:
    assert {each.name for each in ALL} <= KNOWN
    assert of("FROM") == ["${PYTHON_IMAGE} AS dependencies", "dependencies AS project", "${PYTHON_IMAGE}"]


def test_the_base_is_a_slim_python_that_the_program_supports() -> None:
    image = of("ARG")[0]
    match = re.fullmatch(r"PYTHON_IMAGE=python:3\.(\d+)-slim", image)
    assert match
    assert int(match[1]) >= 11


def test_nothing_is_fetched_but_pinned_wheels() -> None:
    commands = " ; ".join(of("RUN"))
    assert not re.search(r"https?://|curl|wget|apt-get|--index-url|--extra-index-url|--trusted-host", FILE.read_text())
    assert not re.search(r"\|\s*(ba)?sh", commands)
    for command in re.split(r"\s*(?:&&|;)\s*", commands):
        if "pip" in command and re.search(r"\b(install|wheel)\b", command) and "without-pip" not in command:
            pinned = "--require-hashes" in command and "--requirement requirements/" in command
            assert pinned or "--no-index" in command, command


def test_every_source_exists_and_is_let_into_the_build() -> None:
    ignore = (ROOT / ".dockerignore").read_text().split()
    assert "*" in ignore
    for rest in of("COPY"):
        *sources, _target = rest.split()
        if sources[0].startswith("--from="):
            continue
        for source in sources:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignore, source


@pytest.mark.parametrize("path", ["secrets/database_url", ".venv/bin/python", ".alerts/alerts.db", "config/a.yaml"])
def test_secrets_and_state_never_enter_the_build(path: str) -> None:
    allowed = [each[1:] for each in (ROOT / ".dockerignore").read_text().split() if each.startswith("!")]
    assert not any(path == each or path.startswith(each + "/") or fnmatch.fnmatch(path, each) for each in allowed)


def test_it_runs_as_nobody_in_particular() -> None:
    users = of("USER", LAST)
    assert users == ["10001:10001"]
    assert of("USER", 0) == []
    after = [each.name for each in ALL if each.stage == LAST]
    assert "RUN" not in after[after.index("USER") :]


def test_only_what_is_needed_to_run_is_in_the_last_stage() -> None:
    assert of("COPY", LAST) == [
        "--from=dependencies /opt/alerts /opt/alerts",
        "--from=project /project/opt/alerts /opt/alerts",
    ]
    assert "--without-pip /opt/alerts" in " ".join(of("RUN", 0))


def test_the_project_enters_after_the_dependencies() -> None:
    """So that a change of the project leaves the large layer as it is."""
    assert of("COPY", 0) == ["requirements/run.txt requirements/run.txt"]


def test_the_labels_say_what_it_is() -> None:
    (text,) = of("LABEL", LAST)
    labels = dict(re.findall(r'org\.opencontainers\.image\.([\w.]+)="([^"]*)"', text))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert labels["title"] == project["name"]
    assert labels["version"] == project["version"]
    assert labels["licenses"] == project["license"]
    assert labels["revision"] == "${REVISION}"
    names = [each.name for each in ALL if each.stage == LAST]
    assert names[-1] == "LABEL", "a new revision leaves every layer as it is"


@pytest.mark.slow
def test_the_build_imports_what_the_processes_import() -> None:
    commands = " ; ".join(of("RUN", 1))
    match = re.search(r"/opt/alerts/bin/python -c 'import ([^']+)'", commands)
    assert match
    assert {"kombu.transport.redis", "worker.tasks"} <= set(match[1].split(", "))
    subprocess.run([sys.executable, "-c", f"import {match[1]}"], check=True)


def test_it_says_how_it_is_and_how_to_end_it() -> None:
    (check,) = of("HEALTHCHECK", LAST)
    assert check.endswith('CMD ["python", "-m", "worker.healthcheck"]')
    assert of("STOPSIGNAL", LAST) == ["SIGTERM"]
    assert of("CMD", LAST) == ['["alerts", "run", "--host", "0.0.0.0"]'], "else docker run -p serves nothing"


@pytest.mark.servers
def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    """Built as in the Dockerfile: by the pinned backend, fetching nothing."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT),
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (points,) = [name for name in held if name.endswith("entry_points.txt")]
        assert "alerts = alerts.cli.main:main" in archive.read(points).decode()
    for base, package in ((ROOT / "src", "alerts"), (ROOT, "worker")):
        for file in (base / package).rglob("*"):
            name = file.relative_to(base).as_posix()
            if file.is_file() and "__pycache__" not in name and not name.endswith(".pyc"):
                assert name in held, name
