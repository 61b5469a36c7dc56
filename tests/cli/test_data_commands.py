"""Getting data out: CSV of the lists, an alert as a file, and its verification."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from alerts.cli.output import show, tabular

Call = Any
State = Any

LISTS = [
    ["institutions"],
    ["stories"],
    ["transitions"],
    ["deliveries"],
    ["sources"],
    ["topics"],
    ["names", "acme"],
    ["feedback"],
    ["silence", "--list"],
    ["link", "--list"],
]


def printed(rows: list[dict[str, Any]], *arguments: str) -> str:
    @click.command()
    @tabular
    def command(form: str | None) -> None:
        show(rows, ["a"], form)

    done = CliRunner().invoke(command, ["--csv", *arguments], catch_exceptions=False, standalone_mode=False)
    return done.stdout


@pytest.mark.servers
@pytest.mark.parametrize("arguments", LISTS, ids=" ".join)
def test_each_list_is_csv_with_the_keys_and_rows_of_its_json(call: Call, filled: State, arguments: list[str]) -> None:
    records = call(filled, *arguments, "--json").records
    done = call(filled, *arguments, "--csv")
    assert done.status == 0
    header, *rows = csv.reader(io.StringIO(done.out))
    assert len(rows) == len(records)
    for record in records:
        assert set(record) <= set(header)


def test_a_list_without_rows_has_a_header() -> None:
    assert printed([]).split() == ["a"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ('=HYPERLINK("https://evil.example")', '\'=HYPERLINK("https://evil.example")'),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "' =1"),
        ("＝1", "'＝1"),
        (-0.5, "-0.5"),
        (None, ""),
        (True, "true"),
        ("two\nlines", "two lines"),
        (["a", "b"], "a, b"),
        (["=a"], "'=a"),
        ([{"a": 1}], '[{"a": 1}]'),
    ],
)
def test_a_cell_is_one_line_and_no_formula(value: Any, cell: str) -> None:
    ((_, found), *_) = list(csv.reader(io.StringIO(printed([{"a": 1, "b": value}]))))[1:]
    assert found == cell


@given(st.one_of(st.text(), st.lists(st.text(min_size=1), max_size=3)))
def test_no_text_begins_as_a_formula(value: Any) -> None:
    ((_, found),) = list(csv.reader(io.StringIO(printed([{"a": 1, "b": value}]))))[1:]
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.servers
def test_an_exported_alert_verifies_until_a_number_is_changed(call: Call, filled: State) -> None:
    alert = next(each for row in call(filled, "deliveries", "--json").records for each in row["alerts"])
    file = filled.path / "alert.json"
    exported = call(filled, "export", alert, str(file))
    assert (exported.status, exported.out, exported.err) == (0, "", "")
    verified = call(filled, "verify", str(file))
    assert verified.status == 0
    assert "\nverified: " in verified.out
    assert "would not hold without the report of " in verified.out
    document = json.loads(call(filled, "export", alert[:8]).out)
    assert document == json.loads(file.read_text(encoding="utf-8"))
    document["stories"][0]["confidence"] += 0.01
    file.write_text(json.dumps(document), encoding="utf-8")
    tampered = call(filled, "verify", str(file))
    assert tampered.status == 1
    said = f"confidence of story {document['stories'][0]['story']}"
    assert f"NOT EQUAL  {said}: " in tampered.out
    assert said in call(filled, "verify", "--json", str(file)).records[-1]["different"]


@pytest.mark.servers
def test_what_cannot_be_exported_or_verified_is_said_in_a_line(call: Call, filled: State) -> None:
    unknown = call(filled, "export", "nothing")
    assert unknown.status == 1
    assert "nothing" in unknown.err
    for file, said in (("missing.json", "No such file"), ("config/alerts.yaml", "no exported alert")):
        done = call(filled, "verify", str(filled.config.parent / file))
        assert (done.status, done.out) == (2, "")
        assert len(done.err.splitlines()) == 1
        assert said in done.err


@pytest.mark.servers
def test_a_changed_configuration_is_named_when_an_alert_is_exported(call: Call, filled: State) -> None:
    alert = next(each for row in call(filled, "deliveries", "--json").records for each in row["alerts"])
    file = filled.config / "alerts.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("reliability: A", "reliability: B"), encoding="utf-8")
    out = filled.path / "alert.json"
    exported = call(filled, "export", alert, str(out))
    assert exported.status == 0
    if call(filled, "verify", str(out)).status == 1:
        assert "do not follow from the configuration of today" in exported.err
    else:
        assert exported.err == ""
