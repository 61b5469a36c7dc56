"""Sign-on by a reverse proxy that names the person in a header: it is believed from the proxy's own address alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from starlette.datastructures import Headers

from alerts.feeds.fetching.network import is_in
from alerts.model.errors import UsageError

PERSON_ENV: Final = "ALERTS_TRUSTED_HEADER"
GROUPS_ENV: Final = "ALERTS_TRUSTED_GROUPS_HEADER"
PROXIES_ENV: Final = "ALERTS_TRUSTED_PROXIES"


@dataclass(frozen=True, slots=True)
class TrustedHeader:
    """The names of the headers with a person and its groups, and the networks from which they are believed."""

    person: str
    groups: str
    proxies: tuple[IPv4Network | IPv6Network, ...]

    def trusts(self, peer: str) -> bool:
        """Whether a connection from this address is the proxy's; an empty one is none."""
        return peer != "" and any(is_in(peer, each) for each in self.proxies)

    def signed_on(self, headers: Headers) -> tuple[str, list[str]]:
        """The person and its groups; no person where the header is missing, empty or there twice."""
        named = headers.getlist(self.person)
        groups = ",".join(headers.getlist(self.groups)).split(",")
        return named[0].strip() if len(named) == 1 else "", [each.strip() for each in groups if each.strip()]


def trusted_header(environment: Mapping[str, str]) -> TrustedHeader | None:
    """None where no header is trusted. Raises UsageError where it is not said from which proxies."""
    person = environment.get(PERSON_ENV, "").strip()
    if not person:
        return None
    given = [each.strip() for each in environment.get(PROXIES_ENV, "").split(",") if each.strip()]
    try:
        proxies = tuple(ip_network(each, strict=False) for each in given)
    except ValueError as error:
        raise UsageError(f"{PROXIES_ENV}: {error}; write addresses or networks separated by commas") from None
    if not proxies:
        raise UsageError(f"{PERSON_ENV} is set: say in {PROXIES_ENV} from which addresses it is believed")
    return TrustedHeader(person, environment.get(GROUPS_ENV, "").strip() or "X-Forwarded-Groups", proxies)
