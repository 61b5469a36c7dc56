"""CSV and JSON lines: columns mapped to settings by their headers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from alerts.config.institution_import.record import Imported, Record, Skipped, domains, ids, names
from alerts.config.yaml_output import one_line, slug
from alerts.model.errors import InputError

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "key", "slug", "identifier"),
    "name": (
        "name",
        "legal name",
        "official name",
        "institution",
        "company",
        "organisation",
        "organization",
        "entity",
    ),
    "aliases": (
        "aliases",
        "alias",
        "other names",
        "also known as",
        "aka",
        "short name",
        "acronym",
        "trading name",
    ),
    "products": ("products", "product", "brands", "brand"),
    "domains": ("domains", "domain", "website", "web site", "url", "homepage"),
    "lei": ("lei", "lei code"),
    "wikidata": ("wikidata", "wikidata id", "qid"),
    "category": ("category", "type", "kind", "sector", "industry"),
    "region": ("region", "country", "country code", "jurisdiction"),
    "tags": ("tags", "tag", "labels", "groups", "group"),
    "parent": ("parent", "parent company", "owner", "parent id", "group parent"),
    "criticality": ("criticality", "importance"),
}
"""Headers by setting, as they are compared: small letters, `_` and `-` as blanks. The first match wins."""

_MANY: Final = re.compile(r"[;|\n]")


def read_csv(text: str, mapping: Mapping[str, str]) -> Iterator[Record]:
    """The rows of a spreadsheet export; the separator is found (comma, semicolon, tab).

    `mapping` names further headers by setting. Raises InputError where no header names the institution.
    """
    rows = csv.reader(io.StringIO(text), _dialect(text), strict=True)
    try:
        header = next(rows, [])
        columns = columns_of(header, mapping)
        for row in rows:
            if any(cell.strip() for cell in row):
                yield _imported(_cells(row, columns), rows.line_num)
    except csv.Error as error:
        raise InputError(f"line {rows.line_num}", f"cannot be read as CSV ({error})") from None


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)

    class Found(csv.excel):
        delimiter = separator

    return Found


def columns_of(header: Iterable[str], mapping: Mapping[str, str]) -> dict[str, list[int]]:
    """The columns of each setting. Raises InputError where there is no name, or a mapped header is not there."""
    titles = [_title(each) for each in header]
    wanted = {_title(title): setting for title, setting in mapping.items()}
    if missing := sorted(set(wanted) - set(titles)):
        raise InputError(
            "line 1", f"has no column {missing[0]!r}: its headers are {', '.join(titles) or 'none'}"
        )
    columns: dict[str, list[int]] = {}
    for number, title in enumerate(titles):
        setting = wanted.get(title) or next((key for key, known in HEADERS.items() if title in known), "")
        if setting:
            columns.setdefault(setting, []).append(number)
    if "name" not in columns:
        raise InputError(
            "line 1",
            f"no column is the name of the institution: call one `name`, or map it with --map HEADER=name "
            f"(its headers are {', '.join(titles) or 'none'})",
        )
    return columns


def _title(text: str) -> str:
    return " ".join(re.sub(r"[_-]", " ", text.removeprefix("\ufeff")).split()).casefold()


def _cells(row: list[str], columns: Mapping[str, list[int]]) -> dict[str, list[str]]:
    return {
        setting: [part for place in places if place < len(row) for part in _split(setting, row[place])]
        for setting, places in columns.items()
    }


def _split(setting: str, cell: str) -> list[str]:
    """Several values of one cell stand apart by `;`, `|` or a line break; those of domains and tags by commas too."""
    if setting in {"name", "id", "category", "region", "parent", "criticality"}:
        return [cell]
    parts = _MANY.split(cell)
    return [
        piece for part in parts for piece in (part.split(",") if setting in {"domains", "tags"} else [part])
    ]


def read_jsonl(text: str, mapping: Mapping[str, str]) -> Iterator[Record]:
    """One JSON object a line, with the keys of HEADERS or of the configuration."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            column = error.colno if isinstance(error, json.JSONDecodeError) else 1
            yield Skipped(number, "is no JSON", column)
            continue
        if not isinstance(record, dict):
            yield Skipped(number, "is no JSON object")
            continue
        yield _imported(_values(record, mapping), number)


def _values(record: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, list[str]]:
    wanted = {_title(title): setting for title, setting in mapping.items()}
    values: dict[str, list[str]] = {}
    for key, value in record.items():
        title = _title(str(key))
        setting = wanted.get(title) or next((name for name, known in HEADERS.items() if title in known), "")
        if title == "ids" and isinstance(value, dict):
            values |= {str(system): [str(each)] for system, each in value.items()}
        elif setting:
            listed = value if isinstance(value, list) else [value]
            values.setdefault(setting, []).extend(
                part for each in listed if isinstance(each, str | int) for part in _split(setting, str(each))
            )
    return values


def _imported(values: Mapping[str, list[str]], line: int) -> Record:
    def first(setting: str) -> str:
        return next((one_line(each) for each in values.get(setting, []) if each.strip()), "")

    name = first("name")
    if not name:
        return Skipped(line, "has no name")
    criticality = first("criticality").casefold()
    if criticality and criticality not in {"low", "medium", "high"}:
        return Skipped(line, f"criticality {criticality!r} is none of low, medium, high")
    return Imported(
        key=first("id") or name,
        id=slug(first("id")),
        name=names([name])[0],
        line=line,
        aliases=names(values.get("aliases", [])),
        products=names(values.get("products", [])),
        domains=domains(values.get("domains", [])),
        ids=ids(
            (system, first(system))
            for system in values
            if system not in HEADERS or system in {"lei", "wikidata"}
        ),
        parents=tuple(("parent", each) for each in [first("parent")] if each),
        category=first("category"),
        region=first("region"),
        tags=names(values.get("tags", [])),
        criticality=criticality,
    )
