"""Licence, metadata, workflow and hooks agree with the project."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TARGETS = set(re.findall(r"^([a-z][a-z -]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_licence_is_an_spdx_expression_with_its_file() -> None:
    assert PROJECT["license"] == "MIT"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License\n")
    assert not any(each.startswith("License ::") for each in PROJECT["classifiers"])


def test_a_version_is_the_same_wherever_it_stands() -> None:
    example = ROOT / "deploy" / "kubernetes" / "example" / "kustomization.yaml"
    (image,) = yaml.safe_load(example.read_text(encoding="utf-8"))["images"]
    assert image["newTag"] == PROJECT["version"]
    dockerfile = (ROOT / "worker" / "Dockerfile").read_text(encoding="utf-8")
    assert f'image.version="{PROJECT["version"]}"' in dockerfile


def test_the_workflow_tests_each_python_that_is_supported() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == ">=3.11"
    assert workflow["permissions"] == {"contents": "read"}
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    made = {target for command in commands for target in re.findall(r"make ([a-z-]+)", command)}
    assert {"test", "test-image", "audit"} == made
    assert made <= TARGETS
    for command in commands:
        for path in re.findall(r"\S+/\S+\.ya?ml", command):
            assert (ROOT / path).is_file(), path


def test_the_hooks_run_the_linters_of_make_lint() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    lint = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert lint
    for tool in re.findall(r"\.venv/bin/([\w-]+)", " ".join(hook["entry"] for hook in hooks)):
        assert f"$(BIN)/{tool}" in lint[1], tool


def test_every_make_target_that_the_guides_name_exists() -> None:
    guides = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").glob("*.md"),
        *ROOT.glob("*/README.md"),
        *ROOT.glob("tests/*/README.md"),
    ]
    named = {
        target
        for guide in guides
        if guide.name != "CHANGELOG.md"
        for target in re.findall(r"`make ([a-z-]+[a-z])\b", guide.read_text(encoding="utf-8"))
    }
    known = {name for target in TARGETS for name in target.split()}
    assert named - known == {"eval"}  # the family


def test_every_design_page_has_a_number_a_date_and_a_place_in_the_index() -> None:
    pages = sorted((ROOT / "docs" / "design").glob("*.md"))
    numbers = [re.fullmatch(r"(\d{4})-[a-z0-9-]+\.md", page.name) for page in pages]
    found = [number[1] for number in numbers if number]
    assert len(found) == len(pages)
    assert len(set(found)) == len(found), "one number, one page"
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in pages:
        head = page.read_text(encoding="utf-8").split("\n", 4)
        assert head[0].startswith("# "), page.name
        assert re.fullmatch(r"Decided \d{4}-\d\d-\d\d\.", head[2]), page.name
        assert f"(design/{page.name})" in index, page.name
