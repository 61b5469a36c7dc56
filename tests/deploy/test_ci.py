"""deploy/ci: the steps of the action and the hooks, run on a repository as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from kit.system import settings, write

CI = Path(__file__).parents[2] / "deploy" / "ci"
ACTION = yaml.safe_load((CI / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
HOOKS = yaml.safe_load((CI / "pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]


def content(at_least: str) -> dict[str, Any]:
    test = {
        "name": "an outage is told",
        "at": "2026-02-24T09:00:00Z",
        "items": [{"source": "wire", "title": "Outage at Acme Networks", "published": "2026-02-24T09:00:00Z"}],
        "expect": [{"institution": "acme", "axis": "priority", "level": "medium"}],
    }
    found = settings({"wire": "https://wire.example/feed"}, {"console": "console://"}, tests=[test])
    found["subscribers"][0]["watch"][0]["at_least"] = at_least
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone with a changed configuration, of an origin that has the former one; `alerts` and `gh` are on PATH."""

    def git(folder: Path, *arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)

    origin = tmp_path / "origin"
    write(origin / "config", content("medium"))
    git(origin, "init", "-b", "main")
    git(origin, "add", ".")
    git(origin, "commit", "-m", "first")
    git(tmp_path, "clone", str(origin), "clone")
    write(tmp_path / "clone" / "config", content("critical"))
    item = {"id": "1", "title": "Outage at Acme Networks", "source": "wire", "observed": "2026-02-24T09:00:00Z"}
    (tmp_path / "clone" / "history.jsonl").write_text(json.dumps(item) + "\n", encoding="utf-8")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "alerts").write_text(f'#!/bin/sh\nexec {sys.executable} -m alerts "$@"\n', encoding="utf-8")
    # The service that takes the comment is not here: what it would be given is kept.
    (tools / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > ../comment\ncat "$7" >> ../comment\n', encoding="utf-8")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    return tmp_path / "clone"


def ran(repository: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script as the runner runs one: bash, ending at the first command that fails."""
    paths = {"PATH": f"{repository.parent / 'bin'}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": "../summary"}
    given = {**os.environ, **paths, "GIT_CONFIG_COUNT": "0", **environment}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=repository,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )


def step(repository: Path, name: str) -> subprocess.CompletedProcess[str]:
    values = {"inputs.config": "config", "inputs.history": "history.jsonl", "github.base_ref": "main"}
    values |= {"github.event.number": "7", "inputs.token": "none"}
    environment = {
        key: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], value)
        for key, value in STEPS[name]["env"].items()
    }
    return ran(repository, STEPS[name]["run"], **environment)


@pytest.mark.slow
def test_the_steps_check_test_and_comment_what_a_change_would_do(repository: Path) -> None:
    for name in STEPS:
        done = step(repository, name)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    assert "<testcase" in (repository / "alerts-tests.xml").read_text(encoding="utf-8")
    assert (repository / "alerts-proposed-tests.yaml").is_file()
    plan = (repository / "alerts-plan.md").read_text(encoding="utf-8")
    assert re.search(r"^desk +2 +0 ", plan, re.MULTILINE), plan
    comment = (repository.parent / "comment").read_text(encoding="utf-8")
    assert comment.startswith("pr\ncomment\n7\n")
    assert comment.endswith(plan)
    assert (repository.parent / "summary").read_text(encoding="utf-8") == plan


@pytest.mark.slow
def test_a_broken_configuration_ends_at_its_step(repository: Path) -> None:
    (repository / "config" / "alerts.yaml").write_text("sources: [{id: 1x}]\n", encoding="utf-8")
    done = step(repository, "check")
    assert done.returncode == 1
    assert re.search(r"alerts\.yaml:1:\d+: ", done.stdout + done.stderr)


@pytest.mark.slow
def test_the_hooks_let_a_good_configuration_pass_and_stop_a_failing_one(repository: Path) -> None:
    for hook in HOOKS:
        assert ran(repository, hook["entry"]).returncode == 0, hook["id"]
    changed = content("medium")
    changed["tests"][0]["expect"][0]["level"] = "critical"
    write(repository / "config", changed)
    assert [ran(repository, hook["entry"]).returncode for hook in HOOKS] == [0, 1]


def test_the_workflow_gives_the_action_inputs_that_it_has() -> None:
    workflow = yaml.safe_load((CI / "workflow.yml").read_text(encoding="utf-8"))
    (used,) = (each for each in workflow["jobs"]["configuration"]["steps"] if each.get("uses") == "./deploy/ci")
    assert used["with"].keys() <= ACTION["inputs"].keys()
    assert workflow["permissions"]["pull-requests"] == "write"
