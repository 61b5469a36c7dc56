"""Addresses at which an institution's feeds usually are. Pure; the caller asks which of them answer."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import yaml

from alerts.model.errors import InputError
from alerts.model.institution import Institution
from alerts.model.source import Reliability

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_WHOLE_ADDRESSES: Final = frozenset({"rsshub", "changedetection"})
"""Ids whose value is an address, and not a part of one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address to try. Of one `group` the first that answers is enough; `speaks`: it is the institution itself."""

    kind: str
    group: str
    url: str
    speaks: bool
    reliability: Reliability
    note: str = ""


@cache
def rules() -> tuple[Mapping[str, Any], ...]:
    """The shipped rules, in the order in which they are tried."""
    text = files("alerts.feeds").joinpath("known_addresses.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def candidates(institution: Institution, reliabilities: Mapping[str, Reliability]) -> Iterator[Candidate]:
    """The addresses of all rules for which the institution has what they need, each once, in order.

    `reliabilities` by host: the operator's table goes before the hint of a rule.
    """
    seen: set[str] = set()
    for rule in rules():
        for template in rule["paths"]:
            for values in _values(institution):
                url = _filled(template, values)
                if url and url not in seen:
                    seen.add(url)
                    yield Candidate(
                        kind=rule["id"],
                        group=f"{rule.get('group', rule['id'])}/{values.get('domain', '')}",
                        url=url,
                        speaks=rule["speaks"],
                        reliability=_rated(url, reliabilities) or Reliability(rule["reliability"]),
                        note=rule.get("note", ""),
                    )


def _values(institution: Institution) -> Iterator[dict[str, str]]:
    """What the placeholders stand for, once for each domain."""
    shared = {"name": quote_plus(f'"{institution.name}"')}
    for system, value in institution.ids:
        key = system.replace("-", "_")
        if key == "cik":
            shared[key] = value.zfill(10)
        elif key == "mastodon":
            user, _, instance = value.removeprefix("@").partition("@")
            shared |= {"mastodon_user": quote_plus(user), "mastodon_instance": instance}
        else:
            shared[key] = value if key in _WHOLE_ADDRESSES else quote_plus(value, safe="/@.")
    for domain in institution.domains or ("",):
        yield {**shared, **({"domain": domain, "host": domain.partition(".")[0]} if domain else {})}


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The address; empty where a value is missing, or where it is no web address."""
    if not all(values.get(name) for name in _PLACEHOLDER.findall(template)):
        return ""
    url = _PLACEHOLDER.sub(lambda match: values[match[1]], template)
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.hostname else ""


def _rated(url: str, reliabilities: Mapping[str, Reliability]) -> Reliability | None:
    """The rating of the host, or of the nearest domain above it."""
    host = urlsplit(url).hostname or ""
    while host:
        if host in reliabilities:
            return reliabilities[host]
        host = host.partition(".")[2]
    return None


def read_reliabilities(text: str) -> dict[str, Reliability]:
    """A table of `host,reliability` rows; a first row that is a header is passed over.

    Raises InputError, which names the line, for a row that is none.
    """
    found: dict[str, Reliability] = {}
    rows = csv.reader(io.StringIO(text))
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or (rows.line_num == 1 and cells[1:2] == ["reliability"]):
            continue
        if len(cells) < 2 or cells[1].upper() not in set(Reliability) or not cells[0]:
            raise InputError(f"line {rows.line_num}", "is no row of host,reliability (A to F)")
        found[cells[0].lower().removeprefix("www.")] = Reliability(cells[1].upper())
    return found
