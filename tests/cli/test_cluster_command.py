from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


def cluster(lines: str, *options: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alerts", "cluster", *options],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )


def line(name: str, title: str, minute: int, **fields: str) -> str:
    record: dict[str, Any] = {"id": name, "title": title, "publisher": f"Paper {name}", **fields}
    return json.dumps({**record, "published": f"2026-03-02T12:{minute:02}:00Z"}) + "\n"


LINES = [
    line("c", "Oslo court fines Zapwire 30 million pounds", 20),
    line("a", "Zapwire fined £30m by Oslo court", 0),
    line("b", "Coinharbor opens Lisbon office", 10),
    line("d", "New Lisbon office for Coinharbor", 20),
]


def test_explain_says_what_each_item_is_in_its_story_by() -> None:
    records = [json.loads(each) for each in cluster("".join(LINES), "--explain").stdout.splitlines()]
    assert {each["id"]: each["why"] for each in records} == {
        "a": ["first report"],
        "b": ["first report"],
        "c": ["shares the words oslo, court, fin, zapwir"],
        "d": ["shares the words lisbon, offic, coinharbor"],
    }


def test_prints_a_story_for_each_item_in_input_order() -> None:
    done = cluster("".join(LINES))
    assert done.returncode == 0
    records = [json.loads(each) for each in done.stdout.splitlines()]
    assert [record["id"] for record in records] == ["c", "a", "b", "d"]
    assert all(record.keys() == {"id", "story"} for record in records)
    story = {record["id"]: record["story"] for record in records}
    assert story["a"] == story["c"] != story["b"] == story["d"]


def test_the_result_depends_on_nothing_but_the_items() -> None:
    forward = {tuple(json.loads(each).items()) for each in cluster("".join(LINES), hash_seed="1").stdout.splitlines()}
    reverse = {
        tuple(json.loads(each).items()) for each in cluster("".join(LINES[::-1]), hash_seed="2").stdout.splitlines()
    }
    assert forward == reverse


def test_two_versions_of_an_item_in_one_instant_may_come_in_any_order() -> None:
    versions = [line("e", "Zapwire fined by Oslo court", 5), line("e", "Coinharbor opens an office in Lisbon", 5)]
    forward = cluster("".join([*LINES, *versions])).stdout.splitlines()
    reverse = cluster("".join([*LINES, *versions[::-1]])).stdout.splitlines()
    assert len(forward) == 6
    assert forward == reverse


def test_bad_lines_are_reported_and_the_others_clustered() -> None:
    done = cluster("{\n" + LINES[0] + "[]\n")
    assert done.returncode == 1
    assert [json.loads(each)["id"] for each in done.stdout.splitlines()] == ["c"]
    first, second = done.stderr.splitlines()
    assert first.startswith("stdin:1: ")
    assert second.startswith("stdin:3: ")


def test_no_items_give_no_lines() -> None:
    done = cluster("")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
