"""How well feeds are read: the expectations of feedparser's and gofeed's test suites, and every other feed.

    make eval-feeds [ARGS="--data ../shared/data"]

An expectation counts where it is about something that an item keeps: title, link, id, summary, content,
author, dates, language, origin, how many entries there are, the feed's title and link. Where a suite expects
markup, ours has to equal the text of that markup. Differences that are meant are listed with their reason;
any other is printed as such, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser

from alerts.feeds.feed import Entry, ParsedFeed
from alerts.feeds.parsing.parse import parse
from alerts.feeds.parsing.text import tidy, to_text
from alerts.model.source import Source

SOURCE = Source(id="torture", url="http://127.0.0.1:8097/feed", publisher="Torture")

MEANT = {
    "encoding/bozo_linenoise": "bytes that are no text in any encoding: both guess, differently",
    "content_base64": "content of a binary type is no text",
    "issue_275_extensions": "content of a binary or unknown type is no text",
    "http_entry_id_base": "an id is an id: made absolute, it would change whenever the feed's address does",
    "wellformed/cdf/": "CDF, a format of 1997 that keeps its texts in attributes, has no feeds left",
    "atommathml": "the text of a formula is its symbols; the expectation is about its markup",
    "item_description_not_a_doctype": "the text is a broken declaration, which no browser shows either",
    "script_nested_cdata": "a CDATA mark inside CDATA; what remains is punctuation either way",
    "xml_declaration_unexpected_character": "the text is a broken declaration, which no browser shows either",
    "xml_malicious_comment": "a comment that never ends hides the rest, as in a browser",
    "feed_title_xhtml": "malformed (a title closed as a subtitle): feedparser finds no title in it",
    "guid_naked_markup": "an id with tags in it: the item is known by its title instead",
    "uri_at_protocol": "a link that is no address ('@http://...'): no other scheme may reach a message",
}
"""Part of a path, and why ours differs there and should."""


@dataclass(frozen=True)
class Check:
    """One expectation: where it stands, what it is about, what we have and what is expected."""

    path: str
    about: str
    ours: object
    expected: object

    @property
    def holds(self) -> bool:
        return same(self.ours, self.expected)


def same(ours: object, expected: object) -> bool:
    if isinstance(ours, str) and isinstance(expected, str):
        forms = (tidy(expected), to_text(expected, markup=True), expected.strip())
        return squeezed(ours) in {squeezed(form) for form in forms}
    return ours == expected


def squeezed(text: str) -> str:
    return " ".join(text.split())


# What an expression of feedparser's is about, in our terms


def of_entry(entry: Entry, name: str) -> object:
    body = entry.content or entry.summary
    return {
        "title": entry.title,
        "link": entry.link,
        "id": entry.guid,
        "guid": entry.guid,
        "description": entry.summary or entry.content,
        "summary": entry.summary or entry.content,
        "content": body,
        "author": entry.author,
        "published_parsed": entry.published,
        "updated_parsed": entry.updated,
        "created_parsed": entry.published,
        "language": entry.language,
    }[name]


ENTRY_FIELDS = {
    "title", "link", "id", "guid", "description", "summary", "content", "author",
    "published_parsed", "updated_parsed", "created_parsed", "language",
}  # fmt: skip


def subject(node: ast.expr) -> tuple[str, ...] | None:
    """`entries[0]['title_detail']['value']` as ("entries", "0", "title_detail", "value")."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        inner = subject(node.value)
        return None if inner is None else (*inner, node.attr)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        inner = subject(node.value)
        return None if inner is None else (*inner, str(node.slice.value))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1:
        inner = subject(node.args[0])
        return None if inner is None else ("len", *inner)
    return None


def ours_for(parsed: ParsedFeed, names: tuple[str, ...]) -> tuple[bool, object]:
    """Whether we keep this, and what we have."""
    entries = [entry for entry in parsed.entries if not entry.withdrawn]
    match names:
        case ("len", "entries"):
            return True, len(entries)
        case ("feed", "title") | ("feed", "title_detail", "value"):
            return True, parsed.title
        case ("feed", "link"):
            return True, parsed.link
        case ("entries", index, name) if name in ENTRY_FIELDS and name != "content":
            return True, of_entry(entries[int(index)], name) if int(index) < len(entries) else None
        case ("entries", index, ("title_detail" | "summary_detail") as name, "value"):
            name = name.removesuffix("_detail")
            return True, of_entry(entries[int(index)], name) if int(index) < len(entries) else None
        case ("entries", index, "content", "0", "value"):
            return True, of_entry(entries[int(index)], "content") if int(index) < len(entries) else None
        case ("entries", index, "source", "title"):
            return True, entries[int(index)].origin if int(index) < len(entries) else None
    return False, None


def expected_value(node: ast.expr) -> object:
    """A constant, or a time tuple as an instant."""
    value = ast.literal_eval(node)
    if isinstance(value, tuple) and len(value) == 9:
        year, month, day, hour, minute, second = value[:6]
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return value


def feedparser_checks(path: str, body: bytes) -> Iterator[Check]:
    comment = body[:4000].decode("utf-8", "replace")
    if (expect := re.search(r"Expect:\s*(.*)", comment)) is None:
        return
    try:
        tree = ast.parse(expect[1].strip(), mode="eval").body
    except SyntaxError:
        return
    headers = dict(re.findall(r"^Header:\s*([A-Za-z-]+):[ \t]*(.*)$", comment, re.MULTILINE))
    headers = {name.lower(): value.strip() for name, value in headers.items()}
    base = headers.get("content-location", "")
    base = base if base.startswith("http") else "http://127.0.0.1:8097" + (base if base[:1] == "/" else "/")
    parsed = parse(body, headers.get("content-type", ""), base_url=base, source=SOURCE)
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    for part in parts:
        if not (isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.Eq)):
            continue
        names = subject(part.left)
        if names is None:
            continue
        kept, ours = ours_for(parsed, names)
        if not kept:
            continue
        try:
            expected = expected_value(part.comparators[0])
        except ValueError:
            continue
        yield Check(path, ".".join(names), ours, expected)


# gofeed's JSON


def gofeed_checks(path: str, body: bytes, expected: dict[str, Any]) -> Iterator[Check]:
    parsed = parse(body, "", base_url="", source=SOURCE)
    entries = [entry for entry in parsed.entries if not entry.withdrawn]
    items = expected.get("items") or expected.get("entries") or []
    if isinstance(title := expected.get("title"), str):
        yield Check(path, "feed.title", parsed.title, title)
    yield Check(path, "len.entries", len(entries), len(items))
    for index, (entry, item) in enumerate(zip(entries, items, strict=False)):
        for name, ours in (
            ("title", entry.title),
            ("link", entry.link),
            ("guid", entry.guid),
            ("id", entry.guid),
            ("url", entry.link),
            ("description", entry.summary),
            ("summary", entry.summary),
            ("content_html", entry.content),
            ("content", entry.content or entry.summary),
        ):
            value = item.get(name)
            if isinstance(value, dict):
                value = value.get("value")
            if isinstance(value, str) and value:
                yield Check(path, f"items.{index}.{name}", ours, value)
        for name, instant in (
            ("publishedParsed", entry.published or entry.updated),
            ("pubDateParsed", entry.published),
            ("updatedParsed", entry.updated),
        ):
            if value := item.get(name):
                yield Check(path, f"items.{index}.{name}", instant, datetime.fromisoformat(value))


def checks(data: Path) -> Iterator[Check]:
    root = data / "feed_torture"
    for path in sorted((root / "feedparser" / "tests").rglob("*.*")):
        if path.suffix in {".xml", ".json"}:
            yield from feedparser_checks(str(path.relative_to(root)), path.read_bytes())
    for path in sorted((root / "gofeed" / "testdata").rglob("*.xml")):
        wanted = path.with_suffix(".json")
        if not wanted.exists():
            continue
        try:
            expected = json.loads(wanted.read_text("utf-8"))
        except ValueError:
            continue
        if isinstance(expected, dict):
            yield from gofeed_checks(str(path.relative_to(root)), path.read_bytes(), expected)


def reason(path: str) -> str:
    return next((why for part, why in MEANT.items() if part in path), "")


def read_all(data: Path) -> tuple[int, list[str]]:
    """Read every feed of the collection; how many there are, and one line for each that is not read as
    feedparser reads it: another number of entries, or an exception."""
    odd = []
    count = 0
    for path in sorted(data.glob("feed*/**/*")):
        if path.suffix not in {".xml", ".rss", ".atom"} and path.name != "custom":
            continue
        body = path.read_bytes()
        count += 1
        parsed = parse(body, "", base_url="https://feeds.example/feed", source=SOURCE)
        ours = sum(not entry.withdrawn for entry in parsed.entries)
        try:
            theirs = len(feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False).entries)
        except Exception as error:  # noqa: BLE001 - what it raises is what is reported
            odd.append(f"{path.relative_to(data)}: {ours} entries; feedparser raises {type(error).__name__}")
            continue
        if ours != theirs:
            odd.append(f"{path.relative_to(data)}: {ours} entries, feedparser {theirs} {parsed.detail}")
    return count, odd


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    data: Path = parser.parse_args().data
    if not (data / "feed_torture").is_dir():
        print(f"{data}: no feed_torture there; name the folder with --data", file=sys.stderr)
        return 1
    found = list(checks(data))
    surprises = 0
    for suite in ("feedparser", "gofeed"):
        mine = [check for check in found if check.path.startswith(suite)]
        held = sum(check.holds for check in mine)
        files = len({check.path for check in mine})
        print(f"{suite}: {held} of {len(mine)} expectations hold ({held / len(mine):.1%}), in {files} files")
    print("\nDifferences:")
    for check in found:
        if check.holds:
            continue
        why = reason(check.path)
        surprises += not why
        print(f"  {check.path} {check.about}\n    ours {str(check.ours)[:80]!r}, expected {str(check.expected)[:80]!r}")
        print(f"    {why or 'NOT MEANT'}")
    count, odd = read_all(data)
    print(f"\n{count} feeds of the collection read; another number of entries than feedparser's: {len(odd)}")
    for line in odd:
        print(f"  {line}")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
