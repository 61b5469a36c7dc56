"""Records of files to entries of the configuration: merged by id, nothing configured is touched. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.config.institution_import.record import Imported, Parent, Skipped
from alerts.config.yaml_output import slug, unique
from alerts.model.institution import Institution

Place = tuple[str, int]
"""File and line."""


@dataclass(slots=True)
class Plan:
    """What an import would write. `entries` are new institutions; `notes` say what was left out, and why."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    known: int = 0
    skipped: int = 0


@dataclass(slots=True)
class _Merged:
    first: Imported
    place: Place
    names: dict[str, str]
    domains: dict[str, None]
    ids: dict[str, str]
    products: dict[str, None]
    tags: dict[str, None]
    parents: dict[tuple[str, str], None]
    id: str = ""


def plan(
    records: Iterable[tuple[str, Imported | Skipped | Parent]],
    configured: Iterable[Institution],
    *,
    tags: Iterable[str] = (),
) -> Plan:
    """The new institutions of records, each with the file it stands in.

    Records that share an id of the file or of another system (LEI, Wikidata) are one institution. One that the
    configuration has, by such an id or by a name, is left as a person wrote it; names that it lacks are said.
    """
    result = Plan()
    known = list(configured)
    by_key = {key: each for each in known for key in _keys_of(each)}
    merged: list[_Merged] = []
    found: dict[tuple[str, str], _Merged] = {}
    parents: list[Parent] = []
    for file, record in records:
        if isinstance(record, Skipped):
            result.skipped += 1
            result.notes.append(f"{file}:{record.line}:{record.column}: left out: {record.reason}")
        elif isinstance(record, Parent):
            parents.append(record)
        else:
            keys = _keys(record)
            one = next((found[key] for key in keys if key in found), None)
            if one is None:
                one = _Merged(record, (file, record.line), {}, {}, {}, {}, {}, {})
                merged.append(one)
            _add(one, record)
            for key in keys:
                found.setdefault(key, one)
    for parent in parents:
        child = found.get(("key", parent.child))
        if child is not None:
            child.parents[parent.kind, parent.parent] = None
    taken = {each.id for each in known}
    new = []
    for each in merged:
        existing = next((by_key[key] for key in _keys_of_merged(each) if key in by_key), None)
        if existing is not None:
            each.id = existing.id
            result.known += 1
            result.notes += _missing(each, existing)
        else:
            each.id = unique(
                each.first.id or slug(each.first.name) or slug(each.first.key) or "institution", taken
            )
            taken.add(each.id)
            new.append(each)
    result.notes += _near_duplicates(new)
    result.entries = [_entry(each, found, tuple(tags)) for each in new]
    return result


def _keys(record: Imported) -> list[tuple[str, str]]:
    return [("key", record.key), *record.ids, *([("id", record.id)] if record.id else [])]


def _keys_of_merged(one: _Merged) -> list[tuple[str, str]]:
    first = one.first
    own = [("id", first.id)] if first.id else []
    return [*one.ids.items(), *own, ("name", first.name.casefold())]


def _keys_of(institution: Institution) -> Iterator[tuple[str, str]]:
    yield "id", institution.id
    yield from institution.ids
    for name in (institution.name, *institution.aliases):
        yield "name", name.casefold()


def _add(one: _Merged, record: Imported) -> None:
    for name in (record.name, *record.aliases):
        one.names.setdefault(name.casefold(), name)
    one.domains |= dict.fromkeys(record.domains)
    one.products |= dict.fromkeys(record.products)
    one.tags |= dict.fromkeys(record.tags)
    one.parents |= dict.fromkeys(record.parents)
    for system, value in record.ids:
        one.ids.setdefault(system, value)


def _missing(one: _Merged, existing: Institution) -> Iterator[str]:
    """What the file knows of a configured institution that its entry does not say: a person decides."""
    written = {each.casefold() for each in (existing.name, *existing.aliases)}
    lacking = {
        "aliases": [name for key, name in one.names.items() if key not in written],
        "domains": [each for each in one.domains if each not in existing.domains],
        "ids": [
            f"{system}: {value}" for system, value in one.ids.items() if system not in dict(existing.ids)
        ],
    }
    said = "; ".join(f"{key} {', '.join(values)}" for key, values in lacking.items() if values)
    if said:
        yield f"{one.place[0]}:{one.place[1]}:1: {existing.id} is configured already; the file also has {said}"


def _near_duplicates(new: Iterable[_Merged]) -> Iterator[str]:
    """Institutions that share a name: one of them, or one name, is too many."""
    owners: dict[str, _Merged] = {}
    for each in new:
        for key, name in each.names.items():
            other = owners.setdefault(key, each)
            if other is not each:
                yield (
                    f"{each.place[0]}:{each.place[1]}:1: {each.id} and {other.id} share the name {name!r}: "
                    "join them, or keep the name for one"
                )


def _entry(one: _Merged, found: Mapping[tuple[str, str], _Merged], tags: tuple[str, ...]) -> dict[str, Any]:
    first = one.first
    relations = []
    for kind, key in one.parents:
        parent = found.get(("key", key)) or next(
            (each for each in found.values() if each.first.name == key), None
        )
        if parent is not None and parent is not one:
            relations.append({"kind": kind, "to": parent.id})
    values: dict[str, Any] = {
        "id": one.id,
        "name": first.name,
        "aliases": [name for key, name in one.names.items() if key != first.name.casefold()],
        "products": list(one.products),
        "domains": list(one.domains),
        "ids": one.ids,
        "category": first.category,
        "region": first.region,
        "criticality": first.criticality,
        "tags": list(dict.fromkeys([*one.tags, *tags])),
        "relations": [dict(pair) for pair in dict.fromkeys(tuple(each.items()) for each in relations)],
    }
    return {key: value for key, value in values.items() if value}
