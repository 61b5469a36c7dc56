"""Whatever stands in the files, loading gives settings or a ConfigError whose places exist."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.laws import examples

from alerts.config.load import load_entries
from alerts.config.tree import split_lines
from alerts.model.errors import ConfigError, Problem

VALID = """\
sources:
  - {id: s, url: https://x.org/f, publisher: X, reliability: A, speaks_for: [a], interval: 1h30m}
institutions:
  - &a
    id: a
    name: "A: B"
    match: {derive: none, require_any: [x]}
  - {<<: *a, id: b, relations: [{kind: k, to: a}]}
topics:
  - {id: t, signal: governance, any: [x*], severity: {policy: 0.45}}
levels: {raise: {medium: 0.25}, margin: 0.05, half_life: {policy: 45d}}
subscribers:
  - id: d
    channels: {c: "console://", s: "${S}"}
    watch: [{all: true, to: [c]}, {tags: [x]}]
    quiet_hours: {from: 22:00, to: "07:00", timezone: Europe/Paris}
    limit: 20/h
silences: [{institutions: [a], until: 2026-12-01T00:00:00Z}]
tests:
  - name: n
    at: 2026-02-24T09:00:00Z
    items: [{source: s, title: text}]
    expect: [{institution: a, axis: policy, level: medium}, {subscriber: d, alerts: 1}]
"""

WORDS = sorted(set(VALID.replace("{", " ").replace("[", " ").replace(",", " ").replace(":", " ").split()))
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(
        ["\n", "  ", "\t", ": ", "- ", ", ", "[", "]", "{", "}", "&a ", "*a", "<<", "|", ">", "'", '"', "#"]
    ),
    st.sampled_from(["${", "${S}", "${file:/x}", "$${", "---\n", "...\n", "!!int ", "!x ", "%YAML 1.1\n", "\ufeff"]),
    st.sampled_from(["null", "~", "NO", "1e999", ".nan", "-1", "0x10", "99999999999999999999d", "9999-12-31"]),
    st.text(max_size=5),
)
FUZZ = settings(max_examples=examples(200), deadline=None)
PLACES = st.integers(0, len(VALID))


def problems(raw: bytes) -> tuple[Problem, ...]:
    """What loading the bytes complains of."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"S": "slack://a/b/c"}):
        Path(folder, "a.yaml").write_bytes(raw)
        try:
            load_entries(Path(folder))
        except ConfigError as error:
            return error.problems
    return ()


def check(raw: bytes) -> None:
    lines = split_lines(raw.decode("utf-8-sig", "replace"))
    for problem in problems(raw):
        assert problem.file.endswith("/a.yaml")
        assert problem.message
        assert problem.message.isprintable()
        assert 1 <= problem.line <= len(lines), problem
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem


@given(st.binary(max_size=200))
@FUZZ
def test_any_bytes(raw: bytes) -> None:
    check(raw)


@given(st.lists(PIECES, max_size=40).map("".join))
@FUZZ
def test_pieces_of_yaml(text: str) -> None:
    check(text.encode("utf-8", "replace"))


@given(st.lists(st.tuples(PLACES, st.integers(0, 12), PIECES), min_size=1, max_size=4))
@FUZZ
def test_a_configuration_with_mutations(mutations: list[tuple[int, int, str]]) -> None:
    text = VALID
    for at, removed, piece in mutations:
        text = text[:at] + piece + text[at + removed :]
    check(text.encode("utf-8", "replace"))


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(WORDS), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES, st.sampled_from(["sources", "institutions", "topics", "levels", "subscribers", "silences", "tests"]))
@FUZZ
def test_any_data_in_a_section(value: Any, section: str) -> None:
    check(yaml.safe_dump({section: [value]}, allow_unicode=True).encode("utf-8", "replace"))
    check(yaml.safe_dump({section: value}).encode())


def test_the_start_of_the_mutations_is_valid() -> None:
    assert problems(VALID.encode()) == ()
