"""Help texts: complete, on one line where they are listed, with examples that work; and shell completion."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from cli.conftest import State

from alerts.cli import db
from alerts.cli.main import COMMANDS, SECTIONS, cli, status_of
from alerts.cli.output import progress_bar, say_beside

EXAMPLE_CONFIG = Path(__file__).parents[2] / "config"
STARTS_SERVERS = {"run", "web"}
NEEDS_A_NETWORK = {"discover", "suggest", "poll", "doctor"}
TAKES_MINUTES = {"--mutate"}  # tests/replay/test_mutate.py has a small configuration
NOT_THERE = (
    r"alerts: no (alert|answer|delivery|edition|link|session|silence) '|alerts: source |@operators has no"
    r"|alerts: desk knows of no|alerts: no item is recorded"
)


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that can be called, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield (*path, name), command


def examples(command: click.Command) -> list[str]:
    found = re.search(r"\bExamples?:\n((?: +.*\n?)+)", command.help or "")
    return [] if found is None else [line.strip() for line in found[1].splitlines()]


def calls(example: str) -> Iterator[list[str]]:
    """The words of each call of `alerts` in a line for the shell."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars="|;&<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("|;&"):
            if words[:1] == ["alerts"]:
                yield words[1:]
            words = []
        else:
            words.append(word)


def arguments(words: list[str]) -> list[str]:
    """Without what the shell takes for itself."""
    for place, word in enumerate(words):
        if set(word) <= set("<>"):
            return words[:place]
    return words


ALL = [*commands(), ((), cli)]
EXAMPLES = [pytest.param(each, id=each) for _, command in ALL for line in examples(command) for each in [line]]


def test_every_command_stands_in_one_section() -> None:
    listed = [name for section in SECTIONS.values() for name in section]
    assert sorted(listed) == sorted(COMMANDS)
    assert len(set(listed)) == len(listed)


def test_the_list_of_commands_cuts_nothing_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines()[1:] if line.rstrip().endswith("...")] == []
    for name in COMMANDS:
        (line,) = re.findall(rf"^  {name}  +\S.*$", shown, re.MULTILINE)
        assert len(line) <= 80


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) or "alerts" for path, _ in ALL])
def test_every_command_has_an_example_that_calls_it(path: tuple[str, ...], command: click.Command) -> None:
    mine = [call for line in examples(command) for call in calls(line)]
    assert mine
    assert any(call[: len(path)] == list(path) for call in mine)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped configuration, a changed one, items, an OPML list and an empty history, as the examples name them."""
    here = tmp_path_factory.mktemp("examples")
    for name in ("config", "config.new"):
        shutil.copytree(EXAMPLE_CONFIG, here / name)
    (here / "items.jsonl").write_text('{"id": "1", "title": "Cloudflare outage"}\n')
    (here / "banks.csv").write_text("Firm,LEI\nNorthbank,529900T8BM49AURSDO55\n")
    (here / "entities.ftm.json").write_text('{"id": "a", "schema": "Company", "properties": {"name": ["Northbank"]}}\n')
    (here / "feeds.opml").write_text('<opml version="2.0"><body><outline xmlUrl="https://a.example/f"/></body></opml>')
    empty: dict[str, object] = {
        **dict.fromkeys(("transitions", "rises", "stories"), ()),
        **{key: {} for key in ("configuration", "checksums")},
    }
    alert = {"id": "3f2a9c", "level": "low", "changes": []}
    (here / "alert.json").write_text(json.dumps({**empty, "alert": alert, "message": None}))
    assert status_of(["--state", str(here / ".alerts"), "db", "upgrade"]) == 0
    assert status_of(["--state", str(here / ".alerts"), "db", "backup", str(here / "alerts-backup.db")]) == 0
    return here


@pytest.mark.slow
@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_is_understood_and_runs(
    line: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ids of things that are not there end with status 1; status 2 would be an example nobody can use."""
    monkeypatch.chdir(place)
    for name in [name for name in os.environ if name.startswith("ALERTS_")]:
        monkeypatch.delenv(name)
    for words in calls(line):
        given = arguments(words)
        if given[:2] == ["db", "backup"]:
            (place / given[2]).unlink()
        if given[0] == "init":
            shutil.rmtree(place / given[1], ignore_errors=True)
        elif given[0] == "--config" and not (place / given[1]).exists():
            assert status_of(["init", given[1]]) == 0
        if STARTS_SERVERS & set(given[:3]) or (NEEDS_A_NETWORK | TAKES_MINUTES) & set(given):
            cli.make_context("alerts", list(given), resilient_parsing=False)
            for path, command in ALL:
                if path and given[: len(path)] == list(path):
                    command.make_context(path[-1], given[len(path) :])
            continue
        with Path("items.jsonl").open() as items:
            monkeypatch.setattr(sys, "stdin", items)
            capsys.readouterr()
            status = status_of(given)
        said = capsys.readouterr().err
        assert status in {0, 1}, said
        assert "internal error" not in said
        if status == 1 and given[0] not in {"status", "tune"}:  # nothing is recorded here, so nothing has these ids
            assert re.match(NOT_THERE, said), said


def test_a_mistyped_command_is_answered_with_the_one_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["chek"]) == 2
    assert "alerts: no command 'chek'; did you mean 'check'?; see `alerts --help`" in capsys.readouterr().err


# --- completion ----------------------------------------------------------------------------------------------


def completed(shell: str, words: str, **environ: str) -> str:
    """What the program offers for the last of the words."""
    split = words.split(" ")
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(split) - 1), "_ALERTS_COMPLETE": f"{shell}_complete"}
    if shell == "fish":
        asked["COMP_CWORD"] = split[-1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
    done = subprocess.run(
        [sys.executable, "-c", "from alerts.cli.main import main; main()"],
        env={**kept, **asked, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_printed_code_asks_the_program_and_the_program_answers(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(["completion", shell]) == 0
    code = capsys.readouterr().out
    assert f"_ALERTS_COMPLETE={shell}_complete" in code
    assert "why-not" in completed(shell, "alerts why")
    assert "cloudflare" in completed(shell, "alerts profile clou", ALERTS_CONFIG=str(EXAMPLE_CONFIG))
    given = completed(shell, f"alerts --config {EXAMPLE_CONFIG} why-not de")
    assert "desk" in given
    assert "anthropic" not in given
    assert "cloudflare-blog" in completed(shell, "alerts release cloudflare-b", ALERTS_CONFIG=str(EXAMPLE_CONFIG))
    assert "frontier" in completed(shell, "alerts silence --tag fron", ALERTS_CONFIG=str(EXAMPLE_CONFIG))


FREE_TEXT = {
    *("at", "by", "expires", "file", "form", "history", "host", "interval", "keep", "language", "languages", "lasting"),
    *("name", "pairs", "pattern", "q", "reason", "since", "until", "url", "week", "wrong"),
}
"""Parameters that are not the id of something."""


def test_every_id_is_completed() -> None:
    left = [
        (" ".join(path), each.name)
        for path, command in ALL
        for each in command.params
        if isinstance(each.type, click.types.StringParamType)
        and each.name not in FREE_TEXT
        and each._custom_shell_complete is None
        and not (path and path[0].startswith("import-"))
    ]
    assert left == [("", "database"), ("", "broker")]


def test_bash_takes_the_code_and_completes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("bash") is None:
        pytest.skip("no bash here")
    assert status_of(["completion", "bash"]) == 0
    (tmp_path / "code").write_text(capsys.readouterr().out)
    command = tmp_path / "alerts"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from alerts.cli.main import main; main()" "$@"\n')
    command.chmod(0o700)
    script = (
        "source ./code; COMP_WORDS=(alerts deli); COMP_CWORD=1; "
        "_alerts_completion alerts deli alerts; echo ${COMPREPLY[*]}"
    )
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["deliveries"], done.stderr


def test_completion_with_a_broken_configuration_offers_nothing_and_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("institutions: [")
    assert completed("bash", "alerts profile a", ALERTS_CONFIG=str(tmp_path)).strip() == ""


# --- progress ------------------------------------------------------------------------------------------------


def work(bar: Any) -> None:
    with bar:
        for _ in range(3):
            bar.update(1)
        say_beside(bar, "a line")


def test_no_bar_goes_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    work(progress_bar("polling", 3))
    assert capsys.readouterr() == ("", "a line\n")


def shown(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> str:
    """What a terminal gets on standard error."""
    ours, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        act()
    said = b""
    with os.fdopen(ours, "rb", buffering=0) as screen, contextlib.suppress(OSError):  # EIO is its end
        while more := screen.read(4096):
            said += more
    return said.decode()


def test_a_terminal_gets_a_bar_and_lines_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    said = shown(monkeypatch, lambda: work(progress_bar("polling", 3)))
    assert "polling" in said
    assert "100%" in said
    assert "\r\x1b[Ka line\r\n" in said


def test_short_work_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, lambda: work(progress_bar("replaying", 3, least=20))) == "a line\r\n"


def test_work_that_learns_its_length_late(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], filled: State
) -> None:
    def prune() -> None:
        assert status_of(["--config", str(filled.config), "--state", str(filled.path), "db", "prune"]) == 0

    assert shown(monkeypatch, prune) == "", "there is little to do"
    monkeypatch.setattr(db, "MANY", 1)
    said = shown(monkeypatch, prune)
    assert "pruning" in said
    assert "100%" in said
    assert capsys.readouterr().out.startswith("older than")
