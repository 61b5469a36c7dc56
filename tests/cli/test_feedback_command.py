"""Verdicts out of a file and into one, from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.conftest import Call, State


def test_verdicts_of_a_file_judge_recorded_alerts_and_come_out_again(call: Call, filled: State, tmp_path: Path) -> None:
    (all_, *_) = call(filled, "feedback", "--json").records
    assert (all_["by"], all_["judged"], all_["precision"]) == ("all", 0, None)
    record = {"institution": "globex", "headline": "Court ruling on Globex Corporation", "topic": "ruling"}
    days = call(filled, "stories", "--institution", "globex", "--json").records
    record |= {"day": days[0]["newest"][:10], "verdict": "noise"}
    given, written = tmp_path / "given.jsonl", tmp_path / "written.jsonl"
    given.write_text(json.dumps(record) + "\n")
    done = call(filled, "feedback", "--import", str(given), "--export", str(written), "--json")
    assert done.status == 0
    assert done.err == "1 verdicts read, 1 alerts judged by them\n"
    assert json.loads(written.read_text()) == record
    (ruling,) = [each for each in done.records if (each["by"], each["name"]) == ("topic", "ruling")]
    assert (ruling["judged"], ruling["right"], ruling["low"], ruling["high"]) == (1, 0, 0.0, 0.975)
    assert "globex" in call(filled, "feedback").out


GOOD = '{"institution":"a","day":"b","headline":"c","topic":"d","verdict":"right"}'


@pytest.mark.parametrize("line", ["no JSON", "[]", '{"institution": "acme"}', GOOD.replace("right", "x")])
def test_a_line_that_is_no_verdict_is_named(call: Call, filled: State, tmp_path: Path, line: str) -> None:
    (tmp_path / "v.jsonl").write_text(f"{GOOD}\n{line}\n")
    done = call(filled, "feedback", "--import", str(tmp_path / "v.jsonl"))
    assert done.status == 1
    assert f"{tmp_path}/v.jsonl:2: no verdict: write institution, day, headline, topic, verdict" in done.err


def test_tune_abstains_and_says_how_many_verdicts_it_takes(call: Call, filled: State) -> None:
    done = call(filled, "tune", "desk")
    assert done.status == 1
    assert "no proposal: of fewer than 29 verdicts" in done.out
    (record,) = call(filled, "tune", "desk", "--json").records
    assert (record["needed"], record["rules"]) == (29, [])
