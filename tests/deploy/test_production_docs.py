"""docs/production.md: its commands are there, its services and settings are those of the compose file."""

from __future__ import annotations

import re
import shlex
from typing import Any

import click
import pytest
from kit.compose import ROOT, load

from alerts.cli.main import cli

PAGE = (ROOT / "docs" / "production.md").read_text()


def commands() -> list[list[str]]:
    """Every `alerts …` of the page's consoles and sentences."""
    consoles = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line for text in consoles for line in text.splitlines()] + re.findall(r"`([^`\n]+)`", PAGE)
    found = []
    for line in lines:
        match = re.search(r"(?:^|[\s/])alerts ((?:db|run|status|link|send-test|silence|check|test|plan|web)\b.*)", line)
        if match:
            words = shlex.split(match[1].replace("$(date +%F)", "today"), comments=True)
            found.append(words[: words.index(">")] if ">" in words else words)
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_and_its_options_are_there(words: list[str]) -> None:
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, words
        command, words = found, words[1:]
    options: dict[str, Any] = {name: each for each in command.params for name in each.opts}
    for word in words:
        if word.startswith("--"):
            assert word in options, word


def test_enough_commands_are_found() -> None:
    assert len(commands()) > 15


def test_services_and_settings_are_those_of_the_compose_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    table = re.search(r"^## Compose\n(.*?)^## ", PAGE, re.DOTALL | re.MULTILINE)
    assert table
    rows = set(re.findall(r"^\| `(\w+)` \|", table[1], re.MULTILINE))
    settings = {name for name in rows if name.isupper()}
    assert rows - settings == set(load()["services"])
    assert settings | {"ALERTS_LOG"} == set(re.findall(r"\$\{([A-Z_]+):-", text))
