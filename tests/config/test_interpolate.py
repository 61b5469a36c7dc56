"""Variables and secret files in values, and that a secret is never repeated."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from alerts.config.environment import interpolate
from alerts.config.load import load_entries
from alerts.model.errors import ConfigError

SECRET = "s3cr3t-t0ken"


def test_marks_are_replaced(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"\n  {SECRET} \n")
    resolve = partial(interpolate, environ={"A": "one", "_B2": "${A}"})
    assert resolve("no mark, $A and {A}") == "no mark, $A and {A}"
    assert resolve("${A}-${A}") == "one-one"
    assert resolve("${_B2}") == "${A}"  # what a variable holds is not looked into
    assert resolve("$${A} $$${A}") == "${A} $${A}"
    assert resolve(f"x://${{file:{secret}}}/") == f"x://{SECRET}/"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${NONE}", "the environment variable NONE is not set"),
        ("${}", "names no variable"),
        ("${1}", "names no variable"),
        ("${A-b}", "names no variable"),
        ("${A", "without }"),
        ("${file:relative}", "absolute path"),
        ("${file:/no/such/file}", "does not exist"),
        ("${file:/dev}", "no regular file"),
        ("${file:/dev/zero}", "no regular file"),
        ("${file:/\x00}", "secret file"),
    ],
)
def test_marks_that_cannot_be_replaced(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("}", r"\}")):
        interpolate(text, {})


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b" \n", "is empty"), (b"\xff", "is not UTF-8"), (b"x" * 70_000, "is larger than")],
)
def test_secret_files_that_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        interpolate(f"${{file:{path}}}", {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_secret_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch(mode=0)
    with pytest.raises(ValueError, match="cannot be read"):
        interpolate(f"${{file:{path}}}", {})


# Each puts the secret where it is wrong, by way of the environment or literally in a channel or an address.
LEAKS = [
    "sources: [{id: '${S} x', url: '${S}', publisher: X, reliability: '${S}', interval: '${S}'}]",
    "sources: [{id: a, url: https://x.org, publisher: X, language: '${S} x'}]",
    "sources: [{id: a, url: 'ftp://user:s3cr3t-t0ken@x.org', publisher: X}]",
    "sources: [{id: a, url: https://x.org, publisher: X, speaks_for: ['${S}'], allow_private: '${S}'}]",
    "sources: [{id: a, url: https://x.org, publisher: X, speaks_for: ['${S}']}]",
    "institutions: [{id: '${S}', name: A}, {id: '${S}', name: B, relations: [{kind: x, to: '${S}x'}]}]",
    "topics: [{id: t, signal: '${S}', any: [x], severity: {policy: '${S}'}}]",
    "topic_packs: ['${S}']\ntopics_off: ['${S}']\ntopics: [{id: '${S}', extends: true}]",
    "levels: {margin: '${S}', half_life: {policy: '${S}'}}",
    "subscribers: [{id: s, channels: {a: '${S}', b: 's3cr3t-t0ken', c: 'foo://s3cr3t-t0ken'}}]",
    "subscribers: [{id: s, channels: ['s3cr3t-t0ken']}]",
    "subscribers: [{id: s, channels: s3cr3t-t0ken}]",
    "subscribers: [{id: s, channels: {a: {s3cr3t-t0ken: 1}}}]",
    "subscribers: [{id: s, limit: '${S}', repeat: '${S}', digest: {at: '${S}', timezone: '${S}'}}]",
    "subscribers: [{id: s, watch: [{all: true, to: ['${S}']}]}]",
    "silences: [{all: true, until: '${S}'}]",
]


@pytest.mark.parametrize("text", LEAKS)
def test_no_message_repeats_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("S", SECRET)
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_entries(tmp_path)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_settings_do_not_show_channel_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S", SECRET)
    (tmp_path / "a.yaml").write_text("subscribers: [{id: s, channels: {a: 'slack://${S}/b/c'}}]")
    settings = load_entries(tmp_path).settings
    assert SECRET not in repr(settings)
    assert settings.subscribers["s"].channels["a"].reveal() == f"slack://{SECRET}/b/c"
