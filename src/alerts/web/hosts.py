"""Which names the pages answer to, so that no foreign page can reach them under a name of its own (DNS rebinding)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

HOSTS_ENV: Final = "ALERTS_HOSTS"


def known_hosts(base_url: str, environment: Mapping[str, str]) -> frozenset[str]:
    """The names that operators have given the pages: in ALERTS_BASE_URL and ALERTS_HOSTS (separated by commas)."""
    names = environment.get(HOSTS_ENV, "").split(",")
    return frozenset(name.strip().lower() for name in (urlsplit(base_url).hostname or "", *names) if name.strip())


def is_allowed(host: str, known: Iterable[str]) -> bool:
    """Whether a Host header names these pages.

    Addresses and names without a dot (localhost, the name of a service beside this one) are always good: nobody can
    point a name of the public DNS to them. So is a missing header, which no browser leaves out.
    """
    name = host.strip().lower()
    name = name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0]
    name = name.rstrip(".")
    if not name or ("." not in name and ":" not in name) or name in known:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
