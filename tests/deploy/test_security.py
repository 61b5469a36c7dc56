"""docs/security.md names tests that are there, and texts made to keep the program busy do not."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kit.compose import ROOT

from alerts.cli.output import printable
from alerts.store.database import Database
from alerts.store.schema import SilenceRow

PAGE = (ROOT / "docs" / "security.md").read_text()


def references() -> list[tuple[str, str]]:
    """Every test that the page names: file and function, the latter empty where it names the whole file."""
    found = []
    file = ""
    for named, test in re.findall(r"`(tests/[\w/]+\.py)?(?:::(test_\w+))?`", PAGE):
        file = named or file
        if named or test:
            found.append((file, test))
    return found


@pytest.mark.parametrize(("file", "test"), references())
def test_what_the_page_names_is_there(file: str, test: str) -> None:
    path = ROOT / file
    assert path.is_file()
    name = test or r"test_\w+"
    assert re.search(rf"^(?:async )?def {name}\(", path.read_text(), re.MULTILINE)


def test_every_threat_names_where_it_is_tested() -> None:
    rows = [line for line in PAGE.splitlines() if line.count("|") == 4 and not re.match(r"\|[-|]+$", line)]
    threats = [line for line in rows if "tests/" in line]
    heads = [line for line in rows if line.startswith("| threat |")]
    assert len(heads) == 4
    assert len(threats) > 20


BUSY = """
import html
import sys
from datetime import UTC, datetime
from pathlib import Path
from alerts.config.load import load_entries
from alerts.rendering import escape
from alerts.matching.matcher import Matcher
from alerts.model.item import Item
from alerts.stories.features import features

settings = load_entries(Path(sys.argv[1])).settings
matcher = Matcher(settings.institutions.values(), settings.topics.values(), settings.sources)
for unit in (
    "a.", "A.", "A. ", "A.B", "(", ")", ". )", "http://", "https://a.", "-", "- ", " ", "\\n", "\\n ", "x@", "x@.", "@",
    "OpenAI ", "OpenAI-", "OpenAI (", "OpenAI, ", "OpenAI and ", "OpenAI's ", "AI ", "A&", "&", "U.S. ", "\\u0301",
    "e\\u0301", "\\u4e2d", "\\uac00", "no ", "denied ", "outage not ", '"', "'", "\\u201d", "\\u2026", "Republic of ",
    "State of the ", "co.", "www.", "a-", "_", "\\u200b", "1,", "OpenAI.com/", "Bank of ", "The ", "A B ", "Google/",
):
    text = unit * (20_000 // len(unit))
    item = Item(
        "i", text[:2_000], datetime(2026, 3, 2, tzinfo=UTC), summary=f"OpenAI {text}", content=text, url=text[:2_000]
    )
    matcher.match(item)
    features(item, "P")
    for markup in (escape.slack, escape.markdown, escape.discord, html.escape, escape.chat):
        markup(escape.clean(text))
    escape.safe_url(text[:2_000])
print("done")
"""


@pytest.mark.slow
def test_no_text_keeps_matching_busy(tmp_path: Path) -> None:
    """Far more time than any of it takes; an expression that runs away takes days."""
    done = subprocess.run(
        [sys.executable, "-c", BUSY, ROOT / "config"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr[-2000:]


def test_what_commands_print_steers_no_terminal() -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\r\u202eevil\u2066\u200b\x9b31m\nsecond"
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f]", printable(hostile))


def test_text_that_no_database_takes_is_stored_all_the_same(database: Database) -> None:
    hostile = "a\x00b\ud800c\U0001f600"
    now = datetime(2026, 3, 2, tzinfo=UTC)
    with database.write() as session:
        session.add(SilenceRow(id="s", select={"text": hostile}, starts=now, until=now, reason=hostile, author=""))
    with database.read() as session:
        row = session.get_one(SilenceRow, "s")
        assert row.reason == "a\ufffdb\ufffdc\U0001f600"
        assert row.select == {"text": hostile}
