"""Feeds that an institution probably has: addresses of well-known kinds, each asked before it is offered.

rules (data/known_addresses.yaml) and an institution ─> addresses ─> asked ─> what answered with a feed, what did not"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote_plus, urlsplit

from alerts.feeds.feed import ErrorKind, FetchResult, Limits
from alerts.feeds.fetching.discover import feeds_of
from alerts.feeds.fetching.fetch import fetch
from alerts.feeds.fetching.network import HttpClient
from alerts.feeds.links import host_key, shown
from alerts.feeds.parsing.parse import parse
from alerts.feeds.state import FeedState
from alerts.model.counted import counted_of
from alerts.model.errors import InputError
from alerts.model.fields import grouped
from alerts.model.institution import Institution, Role
from alerts.model.source import Reliability, Source
from alerts.model.tables import table

MAX_PROBES: Final = 100  # addresses asked for one institution
MAX_SECONDS: Final = 300.0
GAP: Final = 1.0  # seconds after a request: the next one mostly goes to the same host
_LIMITS: Final = Limits(total=20.0, connect=5.0, read=10.0)
_PLACEHOLDER: Final = re.compile(r"(?<!\$)\{(\w+)\}")
_GUESSED: Final = frozenset({"domain", "slug"})  # what a person wrote for another purpose
_ABSENT: Final = frozenset({ErrorKind.NOT_FOUND, ErrorKind.GONE, ErrorKind.DOWN})


class Address(NamedTuple):
    """An address by a rule of the table, and what came of it. Of one `group` the first that has a feed is enough.

    `state` is offered, configured, failed, or absent where it was only guessed; `page` declares it, where one does."""

    kind: str
    rule: Mapping[str, Any]
    group: str
    url: str
    guessed: bool
    page: str = ""
    state: str = ""
    why: str = ""
    private: bool = False  # it is not on a public network


def addresses(institution: Institution) -> Iterator[Address]:
    """Those of all rules for which the institution has what they need, each once, in the order of the table."""
    seen: set[str] = set()
    for kind, rule in table("alerts.feeds", "data/known_addresses.yaml").items():
        for values in _values(institution):
            for template in rule["urls"]:
                names = _PLACEHOLDER.findall(template)
                url = _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), template)  # noqa: B023
                if all(map(values.get, names)) and url not in seen and urlsplit(url).scheme in {"http", "https"}:
                    seen.add(url)
                    group = f"{rule.get('group', kind)} {values.get('domain', '')}"
                    yield Address(kind, rule, group, url, not _GUESSED.isdisjoint(names))


def _values(institution: Institution) -> Iterator[Mapping[str, str]]:
    """What the placeholders stand for, once for each domain."""
    values = {"name": quote_plus(f'"{institution.name}"')}
    if institution.role is Role.AUTHORITY:
        values["slug"] = re.sub(r"[^a-z0-9]+", "-", institution.name.lower()).strip("-")
    for system, value in institution.ids:
        values[system.replace("-", "_")] = value if "://" in value else quote_plus(value, safe="/@.-")
    values["cik"] = values["cik"].zfill(10) if "cik" in values else ""
    values["mastodon_user"], _, values["mastodon_host"] = values.get("mastodon", "").removeprefix("@").partition("@")
    for domain in institution.domains or ("",):
        yield {**values, "domain": domain}


@dataclass(slots=True)
class Prober:
    """Asks addresses one after the other, within MAX_PROBES and MAX_SECONDS.

    `configured` gives the id of the source that has an address, or nothing; `resolve` replaces `${NAME}` in one. A host
    that cannot be reached, or that wants fewer requests, is not asked again."""

    client: HttpClient
    configured: Callable[[str], str]
    resolve: Callable[[str], str] = str
    allow_private: bool = False
    _asked: int = 0
    _began: float = field(default_factory=time.monotonic)
    _refusing: dict[str, FetchResult] = field(default_factory=dict)  # by host
    _offered: dict[str, str] = field(default_factory=dict)  # kinds by address

    def probe(self, wanted: Iterable[Address], progress: Callable[[int], None]) -> Iterator[Address]:
        """What came of the addresses; of each group those up to the first that has a feed."""
        for members in grouped((each.group, each) for each in wanted).values():
            for each in members:
                probed = self._probe(each)
                yield probed
                if probed.state in {"offered", "configured"}:
                    break
            progress(len(members))

    def _probe(self, address: Address) -> Address:
        """A page stands for the first feed that it declares."""
        url, what = address.url, address.rule["what"]
        if own := self._owner(url):
            return address._replace(state="configured", why=f"{url}: {what}, as {own}")
        try:  # a page must not learn a secret by what it declares
            source = Source("", url if address.page else self.resolve(url), "")
        except ValueError as error:
            return address._replace(state="failed", why=str(error))
        result = self._ask(source)
        is_own = host_key(address.page or source.url) == host_key(source.url)
        if result.error is ErrorKind.ADDRESS and self.allow_private and is_own:
            source = replace(source, allow_private=True)
            result = self._ask(source)
        missing = "absent" if address.guessed else "failed"
        if result.error is not None:
            return address._replace(state=missing if result.error in _ABSENT else "failed", why=result.detail)
        feed = parse(result.body, result.content_type, base_url=result.final_url, source=source)
        if feed.error is not None:
            named = feeds_of(result.body.decode("utf-8", "replace"), result.final_url)
            if not address.page and named and named[0].type:  # a link that only looks like a feed has no type
                return self._probe(address._replace(url=named[0].url, page=url))
            return address._replace(state=missing, why=f"{shown(source.url)}: {feed.detail}")
        if own := self._owner(result.final_url):
            return address._replace(state="configured", why=f"{url}: {what}, as {own}")
        self._offered[result.final_url] = address.kind
        if result.moved_to and url == source.url:
            url = result.moved_to
        dates = [at for each in feed.entries if (at := each.published or each.updated) is not None]
        why = f"{what}: “{feed.title[:80]}”, {counted_of(feed.total, 'entries')}"
        why += f", the newest of {max(dates):%Y-%m-%d}" if dates else ""
        why += f"; {address.rule['note']}" if "note" in address.rule else ""
        return address._replace(url=url, state="offered", why=why, private=source.allow_private)

    def _owner(self, url: str) -> str:
        """The source, or the kind that was offered, that has an address."""
        return self.configured(url) or self._offered.get(url, "")

    def _ask(self, source: Source) -> FetchResult:
        host = host_key(source.url)
        if host in self._refusing:
            return self._refusing[host]
        if self._asked >= MAX_PROBES or time.monotonic() - self._began > MAX_SECONDS:
            detail = f"{shown(source.url)}: not asked: {self._asked} others were, which is enough for one institution"
            return FetchResult(source.url, source.url, error=ErrorKind.BUSY, detail=detail)
        result = fetch(self.client, source, FeedState(), limits=_LIMITS, now=datetime.now(UTC))
        if result.error is ErrorKind.ADDRESS:
            return result  # nothing was sent
        self._asked += 1
        time.sleep(GAP)
        if result.error is not None and (result.error is ErrorKind.BUSY or not result.error.reached):
            self._refusing[host] = result
        return result


def settings_of(found: Address, institution: Institution, reliabilities: Mapping[str, str]) -> dict[str, Any]:
    """The source that is offered, without an id. `reliabilities` by domain go before the rule."""
    rule = found.rule
    chosen = {
        "url": found.url,
        "publisher": rule.get("publisher", institution.name),
        "reliability": reliabilities.get(host_key(found.url).removeprefix("www."), rule["reliability"]),
        "speaks_for": [] if "publisher" in rule else [institution.id],
        "interval": rule.get("interval"),
        "allow_private": found.private,
    }
    return {name: value for name, value in chosen.items() if value}


def read_reliabilities(rows: Iterable[str], name: str) -> dict[str, str]:
    """A table of domain,reliability, with or without a header. Raises InputError, which names the line, for others."""
    found: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        domain, _, grade = (cell.strip() for cell in row.lower().lstrip("\ufeff").partition(","))
        if domain and grade.upper() in set(Reliability):
            found[domain.removeprefix("www.")] = grade.upper()
        elif row.strip() and not (number == 1 and grade == "reliability"):
            raise InputError(f"{name}:{number}", "is no row of domain,reliability, where reliability is A to F")
    return found
