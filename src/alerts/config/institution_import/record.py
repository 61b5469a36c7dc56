"""One institution as a file of somebody else describes it, cleaned and bounded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from alerts.config.yaml_output import one_line

MAX_NAMES: Final = 40
"""Aliases of one institution; registries list hundreds of transliterations for some."""
MAX_NAME_CHARS: Final = 200

_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}\Z")
_QID = re.compile(r"Q[1-9][0-9]*\Z")


@dataclass(frozen=True, slots=True)
class Imported:
    """An institution of an input file.

    `key` is its id in that file, which `parents` of others refer to (kind, key). `ids` are stable ids of other
    systems by system (`lei`, `wikidata`, …). `line` is where it stands, from 1.
    """

    key: str
    name: str
    line: int
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    ids: tuple[tuple[str, str], ...] = ()
    parents: tuple[tuple[str, str], ...] = ()
    products: tuple[str, ...] = ()
    category: str = ""
    region: str = ""
    tags: tuple[str, ...] = ()
    id: str = ""
    criticality: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that was left out, and why."""

    line: int
    reason: str
    column: int = 1


@dataclass(frozen=True, slots=True)
class Parent:
    """A relation that stands in a record of its own: `child` belongs to `parent`, both ids of the file."""

    child: str
    kind: str
    parent: str


Record = Imported | Skipped | Parent


def names(texts: Iterable[str]) -> tuple[str, ...]:
    """Names on one line each, without empty and repeated ones, bounded in number and length."""
    cleaned = (one_line(each)[:MAX_NAME_CHARS].strip() for each in texts)
    kept: dict[str, str] = {}
    for each in cleaned:
        if each:
            kept.setdefault(each.casefold(), each)
    return tuple(list(kept.values())[:MAX_NAMES])


def domains(addresses: Iterable[str]) -> tuple[str, ...]:
    """Hosts of addresses, without `www.`; what is no host name is dropped."""
    found: dict[str, None] = {}
    for each in addresses:
        text = each.strip()
        try:
            host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        except ValueError:
            continue
        host = host.removeprefix("www.").rstrip(".")
        if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) and not re.fullmatch(r"[0-9.]+", host):
            found.setdefault(host)
    return tuple(found)


def ids(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Ids of other systems; an LEI or a Wikidata id that cannot be one is dropped."""
    return tuple(sorted(_valid_ids(pairs)))


def _valid_ids(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    forms = {"lei": _LEI, "wikidata": _QID}
    seen = set()
    for system, value in pairs:
        text = one_line(value).upper() if system in forms else one_line(value)
        if text and system not in seen and (system not in forms or forms[system].match(text)):
            seen.add(system)
            yield system, text
