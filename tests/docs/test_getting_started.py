"""docs/getting-started.md works as it stands: its files are written, its commands run, their output compared.

Feeds, Slack and mail are served here: made-up addresses are replaced by those of the servers.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from kit.feeds import Entry, FeedServer
from kit.receiver import Receiver

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PAGE = Path(__file__).parents[2] / "docs" / "getting-started.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w./-]+\.(?:yaml|opml))`")
NOT_RUN = ("make install", ". .venv")


class Mailbox:
    def __init__(self) -> None:
        self.subjects: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.subjects.append(str(message_from_bytes(envelope.content)["Subject"]))
        return "250 OK"


def feeds(server: FeedServer) -> None:
    def entry(number: str, title: str, text: str = "") -> Entry:
        published = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        return Entry(number, title, text, f"https://news.example/{number}", published)

    fine = "ECB fines Deutsche Bank over money laundering controls"
    server.put("ecb.xml", [entry("e1", fine, "The European Central Bank has imposed a penalty.")])
    server.put(
        "wire.xml",
        [
            entry("w1", "JPMorgan Chase online banking outage hits customers", "They could not log in."),
            entry("w2", "HSBC to buy a stake in a payments firm"),
        ],
    )
    server.put(
        "business.xml",
        [
            entry("b1", "Chase the Sun: Holidays This Summer"),
            entry("b2", "Deutsche Bank fined by the ECB for weak controls", "It is about money laundering."),
        ],
    )


def matches(expected: str, said: str) -> bool:
    """Whether the output is as the page has it; `…` is anything, alone in a line any lines; spaces as they fall."""
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            words = (".*?".join(map(re.escape, word.split("…"))) for word in line.split())
            pattern += r" *" + r" +".join(words) + r" *\n"
    return re.fullmatch(pattern, said) is not None


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a block with the output that follows it."""
    found = [part.partition("\n") for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part]
    return [(command, output) for command, _, output in found]


def test_the_walk_through(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mailbox = Mailbox()
    smtp = Controller(mailbox, hostname="127.0.0.1", port=port)
    shim = tmp_path / "bin" / "alerts"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m alerts "$@"\n')
    shim.chmod(0o700)
    here = tmp_path / "here"
    here.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
    environ = {**kept, "PATH": f"{shim.parent}:{os.environ['PATH']}"}
    smtp.start()
    try:
        with FeedServer() as server, Receiver() as slack:
            feeds(server)
            stand_ins = {
                "SLACK_RISK": slack.channel(),
                "MAIL_RISK": f"mailto://127.0.0.1:{port}?from=alerts@example.com&to=risk@example.com",
            }
            follow(here, environ, server.url, stand_ins)
            assert (
                len(slack.accepted) == 2
            )  # the test message, and one for the assessment, whatever the number of axes that moved
    finally:
        smtp.stop()
    assert len(mailbox.subjects) == 2
    assert "Deutsche Bank" in str(make_header(decode_header(mailbox.subjects[1])))


def follow(here: Path, environ: dict[str, str], feeds_at: str, stand_ins: dict[str, str]) -> None:
    """Does what the page says, in its order."""
    page = PAGE.read_text(encoding="utf-8")
    ran = 0
    for block in BLOCK.finditer(page):
        kind, content = block.groups()
        if kind != "console":
            name = FILE.findall(page[: block.start()])[-1]
            (here / name).write_text(content, encoding="utf-8")
            continue
        for command, expected in commands(content):
            if command.startswith(NOT_RUN):
                continue
            if command.startswith("export "):
                name, _, value = command.removeprefix("export ").partition("=")
                environ[name] = stand_ins.get(name, value)
                continue
            said = run(command, here, environ, feeds_at)
            assert matches(expected, said), f"$ {command}\n{said}"
            ran += 1
    assert ran > 15


def run(command: str, here: Path, environ: dict[str, str], feeds_at: str) -> str:
    """What a command says. Before polls the sources point to the servers here."""
    if command.startswith("alerts run"):
        for file in (here / "banks").glob("*.yaml"):
            text = file.read_text(encoding="utf-8")
            if "https://feeds.example" not in text:
                continue
            text = text.replace("https://feeds.example", feeds_at)
            file.write_text(re.sub(r"^( *)(publisher: .*)$", r"\1\2\n\1allow_private: true", text, flags=re.MULTILINE))
    if "5f0c31" in command:
        done = call("alerts deliveries --json | grep mail | head -n 1", here, environ)
        found = re.search(r'"delivery": "(\w+)"', done)
        assert found is not None, done
        command = command.replace("5f0c31", found[1][:8])
    return call(command, here, environ)


def call(command: str, here: Path, environ: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=here,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.stdout
