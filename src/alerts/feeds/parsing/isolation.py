"""Runs feedparser within bounds: in this process where that is cheap for sure, else in a child that can be killed.

feedparser is pure Python, so a thread that runs it cannot be stopped. A child process can: it has a deadline, a limit
on its memory, and nothing of this process but the feed."""

import contextlib
import os
import pickle
import re
import resource
import subprocess
import sys
from typing import Final

from alerts.feeds.feed import ErrorKind, ParsedFeed
from alerts.feeds.parsing import xmlfeed

DEADLINE: Final = 10.0  # seconds that a child gets for one feed, its start included
MAX_MEMORY: Final = 1 << 30  # bytes of address space of a child
MAIN = f"from {__name__} import main; main()"

CHEAP_BYTES: Final = 1 << 20
CHEAP_PIECES: Final = 4_000  # tags and attributes, all of them in one place at worst: 0.2 s
_KEYWORDS = re.compile(rb"keywords", re.IGNORECASE)

# Encodings in which every `<` of the text is that byte, so that counting bytes counts tags.
_COUNTABLE = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-?\d+|latin-?\d+|windows-\d+|cp125\d|koi8-[ru]|gb-?2312|gbk|gb18030|big5"
    r"|euc-?(?:kr|jp|tw)|shift[_-]?jis|sjis",
    re.IGNORECASE,
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"encoding\s*=\s*[\"']([\w.:-]+)")


def read(body: bytes, content_type: str, *, base_url: str) -> ParsedFeed:
    """Read an XML feed by feedparser. What takes too long or too much is an error of the feed."""
    reader = xmlfeed.read if _is_cheap(body) and _is_countable(body, content_type) else read_in_child
    return reader(body, content_type, base_url=base_url)


def _is_cheap(body: bytes) -> bool:
    """Whether feedparser reads the body within a fraction of a second, whatever its shape.

    feedparser takes time quadratic in the attributes of one tag, in the namespaces, and in the categories of one entry,
    of which one `keywords` element may hold many."""
    pieces = body.count(b"<") + body.count(b"=")
    return len(body) <= CHEAP_BYTES and pieces <= CHEAP_PIECES and _KEYWORDS.search(body) is None


def _is_countable(body: bytes, content_type: str) -> bool:
    if b"\x00" in body or b"\x1b" in body:
        return False
    names = [match[1] for match in [_CHARSET.search(content_type)] if match]
    names += [match[1].decode("ascii") for match in [_DECLARED.search(body, 0, 1024)] if match]
    return all(_COUNTABLE.fullmatch(name) for name in names)


def read_in_child(body: bytes, content_type: str, *, base_url: str, deadline: float = DEADLINE) -> ParsedFeed:
    """Read an XML feed in a process of its own, which is killed after `deadline` seconds."""
    task = pickle.dumps((body, content_type, base_url))
    # Nothing of the environment: it holds secrets, and the child reads what a stranger wrote.
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and this module
            [sys.executable, "-c", MAIN],
            input=task,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired:
        detail = f"is {len(body)} bytes that could not be read in {deadline:g} s"
        return ParsedFeed(error=ErrorKind.TOO_SLOW, detail=detail)
    if done.returncode != 0:
        detail = f"is {len(body)} bytes that ended their parser (status {done.returncode})"
        return ParsedFeed(error=ErrorKind.TOO_LARGE, detail=detail)
    parsed = pickle.loads(done.stdout)  # noqa: S301 - written by `main` below
    assert isinstance(parsed, ParsedFeed)  # noqa: S101
    return parsed


def main() -> None:
    """The child: reads one task from standard input and writes the feed to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # If the parent is killed, nothing else would end the child.
    resource.setrlimit(resource.RLIMIT_CPU, (int(DEADLINE) + 1, int(DEADLINE) + 1))
    with contextlib.suppress(OSError):
        os.nice(5)
    body, content_type, base_url = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the parent
    sys.stdout.buffer.write(pickle.dumps(xmlfeed.read(body, content_type, base_url=base_url)))
