"""Files of institutions to records, whatever their format; formats.yaml says what their fields mean."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain, islice
from typing import Any, Final

from alerts.config.yaml_output import one_line
from alerts.model.errors import InputError
from alerts.model.institution import Criticality
from alerts.model.tables import table

MAX_VALUES: Final = 40  # of one setting of one institution; registries list hundreds of transliterations for some
MAX_CHARS: Final = 200
MAX_DEPTH: Final = 12  # of objects within objects; no known format goes deeper than nine

_TABLE: Final = table("alerts.config.institution_import", "formats.yaml")
SETTINGS: Final = tuple(_TABLE["columns"])  # what a column can be mapped to
_COLUMNS: Final = {title: setting for setting, titles in _TABLE["columns"].items() for title in titles}
_MANY: Final = {**dict.fromkeys(("aliases", "products", "region"), "[;|\n]"), "domains": "[;|,\n]", "tags": "[;|,\n]"}
"""What separates the values of one cell. A name may have a comma in it."""
_FORMS: Final = {
    "ids.lei": (r"([A-Z0-9]{18}[0-9]{2})", "is no LEI: 20 letters and digits, of which the last two check the others"),
    "ids.wikidata": (r"(?:https?://www\.wikidata\.org/\w+/)?(Q[1-9][0-9]*)", "is no item of Wikidata: Q and a number"),
    "domains": (r"(?:https?://)?(?:www\.)?((?=[^/]*[a-z])[a-z0-9-]+(?:\.[a-z0-9-]+)+)\.?(?:[:/?].*)?", "names no host"),
    "criticality": (f"({'|'.join(Criticality)})", f"is no criticality: {', '.join(Criticality)}"),
    **dict.fromkeys(("name", "aliases", "products"), (r"(.*[^\W_].*)", "is no name: it has no letter and no digit")),
}
"""How a value is written, in any case: an expression, whose group is taken, and what is wrong with others."""
_NO_TEXT: Final = (b"PK", b"\x1f\x8b", b"<")  # how workbooks, archives and XML begin

Fields = Sequence[tuple[str, str]]  # a record as its file has it, flat: each value with its path


@dataclass(slots=True)
class Record:
    """What a file says of an institution, by setting; with `child` of a relation that another one has.

    `where` is FILE:LINE, `problems` say which of its values cannot be used. Without a name it is left out."""

    where: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read(file: Iterable[bytes], name: str, mapping: Mapping[str, str], languages: frozenset[str]) -> Iterator[Record]:
    """The records of a file, in whatever format it is.

    `mapping` gives settings to further headers. Names in other `languages` are left out, where any are given. Raises
    InputError, whose place is FILE:LINE:COLUMN, for what cannot be read at all."""
    titles = {_title(header): setting for header, setting in mapping.items()}
    lines = _decoded(file, name)
    head = list(islice(lines, 3))
    is_json = "".join(head).lstrip().startswith(("{", "["))
    for where, found in _json(head, lines, name) if is_json else _rows(head, lines, name, titles):
        yield Record(where, {}, [found]) if isinstance(found, str) else _record(where, found, titles, languages)


def _decoded(file: Iterable[bytes], name: str) -> Iterator[str]:
    for number, raw in enumerate(file, 1):
        if number == 1 and raw.startswith(_NO_TEXT):
            raise InputError(name, "is a workbook, an archive or XML: save it as CSV, unpack it, or take CSV or JSON")
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{name}:{number}:{error.start + 1}", "is not UTF-8: save the file as UTF-8") from None


def _rows(
    head: Sequence[str], lines: Iterator[str], name: str, titles: Mapping[str, str]
) -> Iterator[tuple[str, Fields | str]]:
    """The rows of a spreadsheet export. Its separator is the one that the header has most often."""
    separator = max(",;\t|", key="".join(head).strip().partition("\n")[0].count)
    rows = csv.reader(chain(head, lines), delimiter=separator, strict=True)
    try:
        header = [cell.strip() for cell in next((row for row in rows if any(row)), [])]
        problem = next((f"has no column {each!r}" for each in titles if each not in map(_title, header)), "")
        if (
            "name" not in (_column(each, titles) for each in header)
            and _format([(each, "") for each in header]) is None
        ):
            problem = problem or "no column is the name: call one `name`, or write --map HEADER=name"
        if problem:
            raise InputError(f"{name}:1:1", f"{problem}; it has {_short(', '.join(header))}")
        for row in rows:
            if any(cell.strip() for cell in row[len(header) :]):
                problem = f"{len(row)} cells under {len(header)} headers: put a cell with {separator!r} in quotes"
                yield f"{name}:{rows.line_num}", problem
            elif any(cell.strip() for cell in row):
                yield f"{name}:{rows.line_num}", [pair for pair in zip(header, row, strict=False) if pair[1].strip()]
    except csv.Error as error:
        raise InputError(f"{name}:{rows.line_num}:1", f"is no CSV: {error}") from None


def _json(head: Sequence[str], lines: Iterator[str], name: str) -> Iterator[tuple[str, Fields | str]]:
    """JSON lines, also those of a Wikidata dump; else one document, whose records have a number in place of a line."""
    if all(isinstance(_parsed(line), str) for line in head):
        whole = _parsed("".join(chain(head, lines)))
        if isinstance(whole, str):
            raise InputError(f"{name}:{whole}", "is no JSON")
        yield from _members(name, whole)
        return
    for number, line in enumerate(chain(head, lines), 1):
        value = _parsed(line)
        if not isinstance(value, str):
            yield from _members(f"{name}:{number}", value)
        elif line.strip(" \t\r\n,[]"):
            yield f"{name}:{number}:{value.partition(':')[2]}", "is no JSON object"


def _parsed(text: str) -> dict[str, Any] | list[Any] | str:
    """The object or list of a text; LINE:COLUMN of the fault where it is none."""
    try:
        value = json.loads(text.rstrip(" \t\r\n,"))
    except (ValueError, RecursionError) as error:
        return f"{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else "1:1"
    return value if isinstance(value, dict | list) else "1:1"


def _members(where: str, value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Fields | str]]:
    """The records of a document: of Special:EntityData, of a query, of GLEIF; else it is one itself."""
    if isinstance(value, dict) and not value.keys() & {"id", "name"}:
        inner = next((value[key] for key in ("entities", "results", "records", "data") if key in value), value)
        inner = inner.get("bindings", inner) if isinstance(inner, dict) else inner
        value = list(inner.values()) if "entities" in value and isinstance(inner, dict) else inner
    records = value if isinstance(value, list) else [value]
    for number, each in enumerate(records, 1):
        place = where if len(records) == 1 else f"{where}: record {number}"
        yield place, list(_flat(each, "", 0)) if isinstance(each, dict) else "is no JSON object"


def _flat(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        if depth < MAX_DEPTH and not (isinstance(value, dict) and _is_past(value)):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from _flat(inner, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, str | int) and str(value).strip():
        yield path, str(value)


def _is_past(value: dict[str, Any]) -> bool:
    """Whether it is a statement of Wikidata that is deprecated or has an end time (P582)."""
    qualifiers = value.get("qualifiers")
    return value.get("rank") == "deprecated" or (isinstance(qualifiers, dict) and "P582" in qualifiers)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\*", r"[^.]+").replace("<language>", r"(?P<language>[^.]+)"))


def _format(record: Fields) -> str | None:
    """The first format whose fields the record has."""
    keys = {key for key, _ in record}
    for kind, each in _TABLE["formats"].items():
        if all(path in keys or any(map(_pattern(path).fullmatch, keys)) for path in each["when"]):
            return str(kind)
    return None


@lru_cache(100_000)
def _meaning(kind: str, key: str) -> Sequence[tuple[str, int, str]]:
    """The settings of a field, with how good a source it is (0 is best), and the language where it has one."""
    return [
        (setting, rank, match.groupdict().get("language", ""))
        for setting, paths in _TABLE["formats"][kind]["fields"].items()
        for rank, path in enumerate(paths)
        if (match := _pattern(path).fullmatch(key))
    ]


def _title(key: str) -> str:
    """A header, or the key that holds a list or an object, as `columns` has it; `itemLabel` of a query is `item`."""
    words = re.sub(r"[_\W]+", " ", re.sub(r"(\.\d+)?(\.(name|value))?$", "", key)).casefold().strip()
    return words.removesuffix("label").strip() or words


def _column(key: str, titles: Mapping[str, str]) -> str:
    title = _title(key)
    return titles.get(title) or _COLUMNS.get(title, key if re.fullmatch(r"ids\.[\w-]+", key) else "")


def _record(where: str, found: Fields, titles: Mapping[str, str], languages: frozenset[str]) -> Record:
    record = Record(where)
    kind = _format(found)
    form: Mapping[str, Any] = {"cells": True} if kind is None else _TABLE["formats"][kind]
    only, is_cell = form.get("only", {}), form.get("cells", False)
    if other := next((pair for pair in found if pair[0] in only and pair[1] not in only[pair[0]]), None):
        record.problems.append(f"its {other[0]} is {_short(other[1])}")
        return record
    values: list[tuple[int, str, str, str]] = []
    for key, text in found:
        for setting, rank, language in [(_column(key, titles), 0, "")] if kind is None else _meaning(kind, key):
            item = setting == "name" and _is_item(text)  # ?item of a query
            parts = re.split(_MANY[setting], text) if is_cell and setting in _MANY else [text]
            if not (language and languages) or language in languages:
                values += [(rank, "ids.wikidata" if item else setting, part, key) for part in parts]
    for _, setting, value, key in sorted(values, key=lambda each: each[0]):
        text = one_line(value)[:MAX_CHARS].strip()
        try:
            cleaned = _cleaned(setting, text) if setting and text else ""
        except ValueError as error:
            record.problems.append(f"{key}: {_short(text)} {error}")
            continue
        taken = record.fields.setdefault(setting, []) if cleaned else []
        if cleaned not in taken and len(taken) < MAX_VALUES:
            taken.append(cleaned)
    if not record.fields.keys() & {"name", "child"}:
        record.problems.append("has no name")
    return record


def _cleaned(setting: str, text: str) -> str:
    """The value as the configuration takes it. Raises ValueError, which says what is wrong, where it cannot be used."""
    if setting.startswith("relations."):
        return text.rpartition("/")[2] if _is_item(text) else text
    form, problem = _FORMS.get(setting, ("(.*)", ""))
    match = re.fullmatch(form, text, re.IGNORECASE)
    # The check digits of an LEI: ISO 7064, MOD 97-10.
    if match is None or (setting == "ids.lei" and int("".join(str(int(char, 36)) for char in text)) % 97 != 1):
        raise ValueError(problem)
    if setting in {"domains", "criticality"}:
        return match[1].lower()
    is_code = setting in {"ids.lei", "ids.wikidata"} or (setting == "region" and len(text) == 2)
    return match[1].upper() if is_code else match[1]


def _is_item(text: str) -> bool:
    return re.fullmatch(_FORMS["ids.wikidata"][0], text.strip()) is not None


def _short(text: str) -> str:
    return repr(one_line(text)[:MAX_CHARS])
