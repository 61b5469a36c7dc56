"""Records of files to entries of the configuration: merged by their ids; what is configured stays as it is. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alerts.config.institution_import.read import Record
from alerts.config.yaml_output import slug, unique
from alerts.matching.derive import derived
from alerts.matching.lint import lint
from alerts.model.counted import counted
from alerts.model.errors import UsageError
from alerts.model.institution import Derivation, Institution

MAX_PLACES = 5  # of one problem, named; a list of people and firms can leave out most of its records
_IDS, _RELATIONS = "ids.", "relations."  # how their settings begin


@dataclass(slots=True)
class Plan:
    """What an import would write. `entries` are new institutions, `known` are configured already, `left_out` records
    cannot be used; `notes` say why, and what is doubtful."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    known: int = 0
    left_out: int = 0


def plan(
    records: Iterable[Record], configured: Sequence[Institution], *, tags: Sequence[str] = (), limit: int = 5_000
) -> Plan:
    """The new institutions of records. Those that share an id, of the file or of another system, are one.

    One that the configuration has, by such an id or by a name, is left as a person wrote it; what it lacks is noted.
    Raises UsageError as soon as more than `limit` are new."""
    result = Plan()
    problems: dict[str, list[str]] = {}
    found: dict[str, Record] = {}
    merged: list[Record] = []
    relations: list[Record] = []
    for record in records:
        for problem in record.problems:
            problems.setdefault(problem, []).append(record.where)
        if "child" in record.fields:
            relations.append(record)
        elif "name" not in record.fields:
            result.left_out += 1
        else:
            keys = _keys(record)
            one = next((found[key] for key in keys if key in found), None)
            if one is None:
                merged.append(one := record)
            else:
                _add(one, record)
            found |= {key: one for key in keys if key not in found}
            if len(merged) > limit + len(configured):
                raise UsageError(f"more than {limit} institutions: keep those that you track, or raise --limit")
    for record in relations:
        for child in record.fields.pop("child"):
            if child in found:
                _add(found[child], record)
    new, ids, lacking = _assign(merged, configured)
    result.known = len(merged) - len(new)
    unknown: list[str] = []
    result.entries = [_entry(key, record, ids, tags, unknown) for key, record in new]
    if unknown:
        problem = f"{unknown[0]!r}, for one, is neither in the files nor configured"
        problems[problem] = [counted(len(unknown), "relation")]
    result.notes = [f"{_places(where)}: left out: {problem}" for problem, where in problems.items()]
    result.notes += [*_doubts(result.entries, configured), *lacking]
    return result


def _places(where: Sequence[str]) -> str:
    more = f" and {len(where) - MAX_PLACES} more" if len(where) > MAX_PLACES else ""
    return ", ".join(where[:MAX_PLACES]) + more


def _keys(record: Record) -> list[str]:
    """What makes two records one. A name does so only where there is nothing else: many firms share one."""
    strong = [setting for setting in record.fields if setting in {"id", "key"} or setting.startswith(_IDS)]
    return [value for setting in strong for value in record.fields[setting]] or [record.fields["name"][0].casefold()]


def _add(one: Record, other: Record) -> None:
    for setting, values in other.fields.items():
        known = one.fields.setdefault(setting, [])
        known += [value for value in values if value not in known]


def _assign(
    merged: Sequence[Record], configured: Sequence[Institution]
) -> tuple[list[tuple[str, Record]], dict[str, str], list[str]]:
    """The records that are new, each with its id; ids by all that a record may call an institution; and notes of what
    those lack that are configured."""
    by_key = {key: each for each in configured for key in (each.id, *dict(each.ids).values())}
    by_name = {name.casefold(): each for each in configured for name in (each.name, *each.aliases)}
    ids = {key: each.id for key, each in (by_name | by_key).items()}
    taken = {each.id for each in configured}
    new: list[tuple[str, Record]] = []
    lacking: list[str] = []
    for record in merged:
        name, keys = record.fields["name"][0], _keys(record)
        known = next((by_key[key] for key in keys if key in by_key), None)
        known = known or _namesake(record, by_name.get(name.casefold()))
        if known is None:
            names = map(slug, (*record.fields.get("id", ()), name, *keys))
            key = unique(next(filter(None, names), "institution"), taken)
            new.append((key, record))
        else:
            key = known.id
            lacking += _lacking(record, known)
        ids |= {each: key for each in (*keys, name.casefold()) if each not in ids}
    return new, ids, lacking


def _namesake(record: Record, other: Institution | None) -> Institution | None:
    """The institution of the same name, unless it has another id in the same system."""
    ids = () if other is None else other.ids
    return other if all(value in record.fields.get(_IDS + system, [value]) for system, value in ids) else None


def _lacking(record: Record, known: Institution) -> Iterator[str]:
    """What a file knows of a configured institution that its entry does not say: a person decides."""
    fields, written = record.fields, {each.casefold() for each in (known.name, *known.aliases)}
    names = dict.fromkeys([*fields["name"], *fields.get("aliases", ())])
    systems = [setting.removeprefix(_IDS) for setting in fields if setting.startswith(_IDS)]
    lacks = {
        "aliases": [each for each in names if each.casefold() not in written],
        "domains": [each for each in fields.get("domains", ()) if each not in known.domains],
        "ids": [f"{each}: {fields[_IDS + each][0]}" for each in systems if each not in dict(known.ids)],
    }
    if said := "; ".join(f"{key} {', '.join(values)}" for key, values in lacks.items() if values):
        yield f"{record.where}: {known.id} is configured and stays as it is; the file also has {said}"


def _entry(key: str, record: Record, ids: Mapping[str, str], tags: Sequence[str], unknown: list[str]) -> dict[str, Any]:
    """The entry of an institution. `unknown` gets what its relations name and `ids` does not know."""
    fields = record.fields
    names: dict[str, str] = {}
    for each in (*fields["name"], *fields.get("aliases", ())):
        names.setdefault(each.casefold(), each)
    name, *aliases = names.values()
    related: dict[tuple[str, str], None] = {}
    for setting, value in ((each, value) for each in fields if each.startswith(_RELATIONS) for value in fields[each]):
        to = ids.get(value) or ids.get(value.casefold())
        if to is None:
            unknown.append(value)
        elif to != key:
            related[setting.removeprefix(_RELATIONS), to] = None
    entry: dict[str, Any] = {
        "id": key,
        "name": name,
        "aliases": aliases,
        **{setting: fields.get(setting, []) for setting in ("products", "domains")},
        "ids": {each.removeprefix(_IDS): fields[each][0] for each in fields if each.startswith(_IDS)},
        **{each: fields.get(each, [""])[0] for each in ("category", "region", "primary_domain", "criticality")},
        "tags": list(dict.fromkeys([*fields.get("tags", ()), *tags])),
        "relations": [{"kind": kind, "to": to} for kind, to in related],
    }
    return {setting: value for setting, value in entry.items() if value}


def _doubts(entries: Sequence[dict[str, Any]], configured: Sequence[Institution]) -> Iterator[str]:
    """Names that `alerts check` will warn of, and new institutions whose names differ in form only from another's."""
    texts = ("id", "name", "aliases", "products")
    new = [Institution(**{key: each[key] for key in texts if key in each}) for each in entries]
    fresh = {each.id for each in new}
    yield from (f"{key}: {message}" for _, key, message in lint([*configured, *new], ()) if key in fresh)
    owners: dict[str, Institution] = {}
    for each in (*configured, *new):
        other = owners.setdefault(_core(each.name), each)
        if each.id in fresh and other.name.casefold() != each.name.casefold():
            yield f"{each.id}: {each.name!r} may be {other.id}, {other.name!r}: join them if they are one"


def _core(name: str) -> str:
    """A name without legal form, accents, case and punctuation."""
    bare = next((each.surface for each in derived(name, frozenset({Derivation.LEGAL_FORM}))), name)
    return slug(bare) or bare.casefold()
