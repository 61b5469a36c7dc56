from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from alerts.cli.main import status_of

Cluster = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cluster(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Calls `alerts cluster` with these lines as its input: exit code, output and errors."""

    def run(lines: str, *options: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode()), encoding="utf-8"))
        status = status_of(["cluster", *options])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def line(name: str, title: str, minute: int, **fields: str) -> str:
    record: dict[str, Any] = {"id": name, "title": title, "publisher": f"Paper {name}", **fields}
    return json.dumps({**record, "published": f"2026-03-02T12:{minute:02}:00Z"}) + "\n"


LINES = [
    line("c", "Oslo court fines Zapwire 30 million pounds", 20),
    line("a", "Zapwire fined £30m by Oslo court", 0),
    line("b", "Coinharbor opens Lisbon office", 10),
    line("d", "New Lisbon office for Coinharbor", 20),
]


def test_explain_says_what_each_item_is_in_its_story_by(cluster: Cluster) -> None:
    records = [json.loads(each) for each in cluster("".join(LINES), "--explain")[1].splitlines()]
    assert {each["id"]: each["why"] for each in records} == {
        "a": ["first report"],
        "b": ["first report"],
        "c": ["shares the words oslo, court, fin, zapwir"],
        "d": ["shares the words lisbon, offic, coinharbor"],
    }


def test_prints_a_story_for_each_item_in_input_order(cluster: Cluster) -> None:
    status, out, _ = cluster("".join(LINES))
    assert status == 0
    records = [json.loads(each) for each in out.splitlines()]
    assert [record["id"] for record in records] == ["c", "a", "b", "d"]
    assert all(record.keys() == {"id", "story"} for record in records)
    story = {record["id"]: record["story"] for record in records}
    assert story["a"] == story["c"] != story["b"] == story["d"]


@pytest.mark.slow
def test_the_result_depends_on_nothing_but_the_items() -> None:
    def pairs(lines: list[str], hash_seed: str) -> set[tuple[Any, ...]]:
        done = subprocess.run(
            [sys.executable, "-m", "alerts", "cluster"],
            input="".join(lines),
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        return {tuple(json.loads(each).items()) for each in done.stdout.splitlines()}

    forward = pairs(LINES, "1")
    assert len(forward) == 4
    assert forward == pairs(LINES[::-1], "2")


def test_two_versions_of_an_item_in_one_instant_may_come_in_any_order(cluster: Cluster) -> None:
    versions = [line("e", "Zapwire fined by Oslo court", 5), line("e", "Coinharbor opens an office in Lisbon", 5)]
    forward = cluster("".join([*LINES, *versions]))[1].splitlines()
    reverse = cluster("".join([*LINES, *versions[::-1]]))[1].splitlines()
    assert len(forward) == 6
    assert forward == reverse


def test_bad_lines_are_reported_and_the_others_clustered(cluster: Cluster) -> None:
    status, out, err = cluster("{\n" + LINES[0] + "[]\n")
    assert status == 1
    assert [json.loads(each)["id"] for each in out.splitlines()] == ["c"]
    first, second = err.splitlines()
    assert first.startswith("stdin:1: ")
    assert second.startswith("stdin:3: ")


def test_no_items_give_no_lines(cluster: Cluster) -> None:
    assert cluster("") == (0, "", "")
