"""The bytes of a file to records, whatever the format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from alerts.config.institution_import import registries, tables
from alerts.config.institution_import.record import Record
from alerts.model.errors import InputError

LARGEST_FILE: Final = 512_000_000
"""Bytes; larger files are refused: they are read whole."""

FORMATS: Final = ("csv", "jsonl", "ftm", "gleif", "wikidata")


def read(raw: bytes, kind: str, mapping: Mapping[str, str]) -> Iterator[Record]:
    """The records of a file; `kind` is one of FORMATS, or empty to find out.

    Raises InputError, whose `where` is a line and column, for what cannot be read at all.
    """
    if len(raw) > LARGEST_FILE:
        raise InputError("file", f"is larger than {LARGEST_FILE // 1_000_000} MB: split it")
    head = raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:4096]
    if head.startswith(b"<"):
        yield from registries.read_gleif_xml(raw)
        return
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise InputError(f"line {line}, column {column}", "is not UTF-8: save the file as UTF-8") from None
    match kind or guess(text):
        case "csv":
            yield from tables.read_csv(text, mapping)
        case "jsonl":
            yield from tables.read_jsonl(text, mapping)
        case "ftm":
            yield from registries.read_ftm(text)
        case "wikidata":
            yield from registries.read_wikidata(text)
        case _:
            yield from _gleif(text)


def _gleif(text: str) -> Iterator[Record]:
    if not text.lstrip().startswith(("{", "[")):
        yield from registries.read_gleif_csv(text)
        return
    try:
        yield from registries.read_gleif_json(text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = (
            f"line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else "line 1"
        )
        raise InputError(where, "is no JSON") from None


def guess(text: str) -> str:
    """The format of a text, from its first lines."""
    head = text.lstrip()[:8192]
    if not head.startswith(("{", "[")):
        first = head.partition("\n")[0]
        return "gleif" if "Entity.LegalName" in first or "Relationship.StartNode" in first else "csv"
    marks = (
        ("ftm", ('"schema"', '"properties"')),
        ("gleif", ('"legalName"',)),
        ("wikidata", ('"labels"',)),
        ("wikidata", ('"bindings"',)),
        ("wikidata", ('"entities"',)),
        ("gleif", ('"data"', '"attributes"')),
    )
    return next((kind for kind, parts in marks if all(part in head for part in parts)), "jsonl")
