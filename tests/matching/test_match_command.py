"""`alerts match`, as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.cli.context import App
from alerts.cli.replay import match
from alerts.model.institution import Institution
from alerts.model.settings import Settings
from alerts.model.topic import Signal, Topic

SETTINGS = Settings(
    institutions={"openai": Institution("openai", "OpenAI"), "apple": Institution("apple", "Apple")},
    topics={"outage": Topic("outage", Signal.CONTINUITY, ("outage*",))},
)


def run(text: str | bytes, *options: str) -> Result:
    app = App(Path("config"), "", "", Path(".alerts"), _settings=SETTINGS)
    return CliRunner().invoke(match, options, obj=app, input=text, standalone_mode=False)


def test_each_item_gives_one_line_with_exactly_these_keys() -> None:
    result = run('{"id": "2", "title": "OpenAI outage"}\n{"id": "1", "title": "none"}\n')
    assert result.return_value == 0
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {
            "id": "2",
            "mentions": [
                {
                    "institution": "openai",
                    "field": "title",
                    "start": 0,
                    "end": 6,
                    "text": "OpenAI",
                    "rule": "name",
                    "salience": 1.0,
                }
            ],
            "topics": [
                {"topic": "outage", "signal": "continuity", "field": "title", "start": 7, "end": 13, "text": "outage"}
            ],
        },
        {"id": "1", "mentions": [], "topics": []},
    ]


def test_explain_adds_which_form_matched_and_what_was_turned_down() -> None:
    result = run('{"id": "1", "title": "OpenAI on an apple"}\n', "--explain")
    (record,) = map(json.loads, result.stdout.splitlines())
    place = {"field": "title", "start": 0, "end": 6, "text": "OpenAI"}
    other = {"field": "title", "start": 13, "end": 18, "text": "apple"}
    assert record["explain"] == [
        {"institution": "openai", **place, "accepted": True, "why": "name 'OpenAI'"},
        {"institution": "apple", **other, "accepted": False, "why": "written in lower case"},
    ]


def test_a_bad_line_is_told_and_the_rest_is_done() -> None:
    result = run(b'{"id": "1", "title": "OpenAI"}\nnonsense\n\xff\n\n{"id": "2", "title": 5}\n{"id": "3"}\n')
    assert result.return_value == 1
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["1", "3"]
    told = result.stderr.splitlines()
    assert [line.split(": ")[0] for line in told] == ["stdin:2", "stdin:3", "stdin:5"]
    assert told[2] == "stdin:5: title must be a text, not 5"


@pytest.mark.parametrize(
    "title", ["\ud800OpenAI\udfff", "\u202eOpenAI\u200b", "\x00OpenAI", "𝕆penAI OpenAI", "x" * 1_000_000]
)
def test_hostile_texts_pass_through(title: str) -> None:
    result = run(json.dumps({"id": "\ud800", "title": title}) + "\n")
    assert result.return_value == 0
    (record,) = map(json.loads, result.stdout.splitlines())
    assert record["id"] == "\ud800"
    for mention in record["mentions"]:
        assert title[mention["start"] : mention["end"]] == mention["text"]


def test_no_input_gives_no_output() -> None:
    result = run("")
    assert (result.return_value, result.stdout) == (0, "")


def test_results_come_before_the_input_ends(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("institutions: [{id: openai, name: OpenAI}]\n", encoding="utf-8")
    command = [sys.executable, "-m", "alerts", "--config", str(tmp_path), "match"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(b'{"id": "1", "title": "OpenAI"}\n')
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["id"] == "1"
        running.stdin.write(b'{"id": "2", "title": "' + b"x" * 200_000)
        running.stdin.flush()
        running.stdin.write(b' OpenAI"}')
        running.stdin.close()
        assert json.loads(running.stdout.readline())["mentions"][0]["start"] == 200_001
        assert running.wait() == 0
