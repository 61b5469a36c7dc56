"""The formats of public registries: FollowTheMoney (OpenSanctions), GLEIF and Wikidata, as people download them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lxml import etree

from alerts.config.institution_import.record import Imported, Parent, Record, Skipped, domains, ids, names
from alerts.model.errors import InputError

ORGANISATIONS: Final = frozenset({"Organization", "Company", "PublicBody", "LegalEntity"})
"""Schemata of FollowTheMoney that are institutions; people, vessels and addresses are not."""

_FTM_IDS: Final = (("leiCode", "lei"), ("wikidataId", "wikidata"), ("registrationNumber", "registration"))
_WIKIDATA_IDS: Final = (("P1278", "lei"), ("P5531", "cik"))
_WEBSITE, _PARENT, _SHORT_NAME = "P856", "P749", "P1813"


def read_ftm(text: str) -> Iterator[Record]:
    """Entities of FollowTheMoney, one JSON object a line (https://followthemoney.tech).

    Ownership and Membership entities become relations.
    """
    for number, record in json_lines(text):
        if isinstance(record, Skipped):
            yield record
            continue
        schema, properties = str(record.get("schema", "")), _properties(record)
        if schema == "Ownership":
            yield from _pairs(properties, "asset", "owner", "owner")
        elif schema == "Membership":
            yield from _pairs(properties, "member", "organization", "member-of")
        elif schema not in ORGANISATIONS:
            yield Skipped(number, f"is a {schema or 'record without a schema'}, no organisation")
        else:
            found = names([*properties.get("name", []), str(record.get("caption", ""))])
            caption = names([str(record.get("caption", ""))]) or found
            if not found:
                yield Skipped(number, "has no name")
                continue
            yield Imported(
                key=str(record.get("id", "")) or caption[0],
                name=caption[0],
                line=number,
                aliases=_others(
                    caption[0], [*found, *properties.get("alias", []), *properties.get("abbreviation", [])]
                ),
                domains=domains(properties.get("website", [])),
                ids=ids((ours, each) for theirs, ours in _FTM_IDS for each in properties.get(theirs, [])),
                parents=tuple(("parent", each) for each in properties.get("parent", [])),
                region=next(iter(properties.get("country", properties.get("jurisdiction", []))), "").upper(),
                tags=names(properties.get("topics", [])),
            )


def _properties(record: Mapping[str, Any]) -> dict[str, list[str]]:
    properties = record.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {
        str(key): [each for each in value if isinstance(each, str)]
        for key, value in properties.items()
        if isinstance(value, list)
    }


def _pairs(properties: Mapping[str, list[str]], child: str, parent: str, kind: str) -> Iterator[Record]:
    for one in properties.get(child, []):
        for other in properties.get(parent, []):
            yield Parent(one, kind, other)


def json_lines(text: str) -> Iterator[tuple[int, Any]]:
    """The objects of a JSON lines file with their line; a Skipped where a line is none."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip().rstrip(",")
        if stripped in {"", "[", "]"}:
            continue
        try:
            record = json.loads(stripped)
        except (json.JSONDecodeError, RecursionError) as error:
            column = error.colno if isinstance(error, json.JSONDecodeError) else 1
            yield number, Skipped(number, "is no JSON", column)
            continue
        yield number, record if isinstance(record, dict) else Skipped(number, "is no JSON object")


def read_wikidata(text: str) -> Iterator[Record]:
    """Entities (`{"entities": …}`, or one a line as in dumps) or the JSON result of a query with `?item`."""
    try:
        whole = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        whole = None
    if isinstance(whole, dict) and isinstance(whole.get("results"), dict):
        yield from _query_result(whole["results"])
        return
    if isinstance(whole, dict) and isinstance(whole.get("entities"), dict):
        entities: Iterable[tuple[int, Any]] = enumerate(whole["entities"].values(), 1)
    elif isinstance(whole, list):
        entities = enumerate(whole, 1)
    else:
        entities = json_lines(text)
    for number, record in entities:
        yield record if isinstance(record, Skipped) else _wikidata_entity(number, record)


def _wikidata_entity(number: int, record: Any) -> Record:
    if not isinstance(record, dict) or not str(record.get("id", "")).startswith("Q"):
        return Skipped(number, "is no item of Wikidata (no id Q…)")
    labels = dict(_terms(record.get("labels")))
    if not labels:
        return Skipped(number, f"{record['id']} has no label")
    label = labels.get("en") or labels.get("mul") or next(iter(labels.values()))
    claims = record.get("claims") if isinstance(record.get("claims"), dict) else {}
    return Imported(
        key=str(record["id"]),
        name=names([label])[0] if names([label]) else str(record["id"]),
        line=number,
        aliases=_others(
            label,
            [
                *(value for _, value in _terms(record.get("aliases"))),
                *labels.values(),
                *_claims(claims, _SHORT_NAME),
            ],
        ),
        domains=domains(_claims(claims, _WEBSITE)),
        ids=ids(
            [
                ("wikidata", str(record["id"])),
                *((ours, each) for theirs, ours in _WIKIDATA_IDS for each in _claims(claims, theirs)),
            ]
        ),
        parents=tuple(("parent", each) for each in _claims(claims, _PARENT)),
    )


def _terms(terms: Any) -> Iterator[tuple[str, str]]:
    """Labels or aliases as (language, text), in the order of the file."""
    for language, value in terms.items() if isinstance(terms, dict) else ():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and isinstance(each.get("value"), str):
                yield str(language), each["value"]


def _claims(claims: Any, key: str) -> list[str]:
    """The values of a property that are not deprecated: texts, ids of items, texts with a language."""
    found = []
    statements = claims.get(key) if isinstance(claims, dict) else None
    for statement in statements if isinstance(statements, list) else ():
        value = statement
        for step in ("mainsnak", "datavalue", "value"):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, dict):
            value = value.get("id") or value.get("text")
        if isinstance(value, str) and statement.get("rank") != "deprecated":
            found.append(value)
    return found


def _query_result(results: Mapping[str, Any]) -> Iterator[Record]:
    """Rows of a query, several for one item where it has several values."""
    merged: dict[str, dict[str, list[str]]] = {}
    for row in results.get("bindings") or []:
        cells = {key: str(cell.get("value", "")) for key, cell in row.items() if isinstance(cell, dict)}
        qid = cells.get("item", "").rpartition("/")[2]
        for key, value in cells.items():
            known = merged.setdefault(qid, {}).setdefault(key, [])
            if value and value not in known:
                known.append(value)
    for number, (qid, cells_of) in enumerate(merged.items(), 1):
        labels = cells_of.get("itemLabel", [])
        if not qid.startswith("Q") or not labels:
            yield Skipped(number, "a row without ?item and ?itemLabel")
            continue
        yield Imported(
            key=qid,
            name=names(labels)[0],
            line=number,
            aliases=_others(
                labels[0], [*labels, *cells_of.get("itemAltLabel", []), *cells_of.get("alias", [])]
            ),
            domains=domains(cells_of.get("website", [])),
            ids=ids([("wikidata", qid), *(("lei", each) for each in cells_of.get("lei", []))]),
            parents=tuple(("parent", each.rpartition("/")[2]) for each in cells_of.get("parent", [])),
            region=next(iter(cells_of.get("countryLabel", [])), ""),
        )


_OTHER_NAME = re.compile(r"Entity\.(?:OtherEntityNames\.OtherEntityName|Transliterated\w+\.\w+)\.\d+\Z")


def read_gleif_csv(text: str) -> Iterator[Record]:
    """The concatenated files of GLEIF as CSV: entities (level 1) or relations (level 2)."""
    rows = csv.DictReader(io.StringIO(text), strict=True)
    try:
        for row in rows:
            line = rows.line_num
            if row.get("Relationship.StartNode.NodeID"):
                if "CONSOLIDATED" in (row.get("Relationship.RelationshipType") or ""):
                    yield Parent(
                        row["Relationship.StartNode.NodeID"],
                        "parent",
                        row.get("Relationship.EndNode.NodeID") or "",
                    )
                continue
            others = [value for key, value in row.items() if key and value and _OTHER_NAME.match(key)]
            yield _legal_entity(
                line,
                row.get("LEI") or "",
                row.get("Entity.LegalName") or "",
                others,
                row.get("Entity.HeadquartersAddress.Country") or row.get("Entity.LegalAddress.Country") or "",
                row.get("Entity.EntityStatus") or "",
            )
    except csv.Error as error:
        raise InputError(f"line {rows.line_num}", f"cannot be read as CSV ({error})") from None


def read_gleif_json(text: str) -> Iterator[Record]:
    """Answers of the interface of GLEIF: `{"data": [{"attributes": {"lei", "entity"}}]}`."""
    for number, each in enumerate(_listed(json.loads(text)), 1):
        attributes = each.get("attributes", each) if isinstance(each, dict) else {}
        entity = attributes.get("entity") if isinstance(attributes, dict) else None
        if not isinstance(entity, dict):
            yield Skipped(number, "is no legal entity")
            continue
        others = [
            str(other.get("name", ""))
            for key in ("otherNames", "transliteratedOtherNames")
            for other in entity.get(key) or []
            if isinstance(other, dict)
        ]
        address = entity.get("headquartersAddress") or entity.get("legalAddress") or {}
        legal_name = entity.get("legalName") or {}
        yield _legal_entity(
            number,
            str(attributes.get("lei", "")),
            str(legal_name.get("name", "") if isinstance(legal_name, dict) else legal_name),
            others,
            str(address.get("country", "")) if isinstance(address, dict) else "",
            str(entity.get("status", "")),
        )


def _listed(whole: Any) -> list[Any]:
    data = whole.get("data") if isinstance(whole, dict) else whole
    return data if isinstance(data, list) else [data]


def read_gleif_xml(raw: bytes) -> Iterator[Record]:
    """LEI-CDF: `LEIRecord` elements. Entities and external documents are not resolved."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise InputError(f"line {line}, column {column}", f"is no XML ({error.msg})") from None
    for record in root.iter("{*}LEIRecord"):
        entity = record.find("{*}Entity")
        if entity is None:
            yield Skipped(record.sourceline or 1, "has no Entity")
            continue
        others = [
            each.text or "" for each in entity.iter("{*}OtherEntityName", "{*}TransliteratedOtherEntityName")
        ]
        yield _legal_entity(
            record.sourceline or 1,
            record.findtext("{*}LEI") or "",
            entity.findtext("{*}LegalName") or "",
            others,
            entity.findtext("{*}HeadquartersAddress/{*}Country") or "",
            entity.findtext("{*}EntityStatus") or "",
        )


def _legal_entity(line: int, lei: str, name: str, others: Iterable[str], country: str, status: str) -> Record:
    if status.upper() == "INACTIVE":
        return Skipped(line, f"{name or lei} is inactive")
    found = names([name])
    if not found:
        return Skipped(line, "has no legal name")
    return Imported(
        key=lei.strip() or found[0],
        name=found[0],
        line=line,
        aliases=_others(found[0], others),
        ids=ids([("lei", lei)]),
        region=country.strip(),
    )


def _others(name: str, texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(each for each in names(texts) if each.casefold() != name.casefold())
