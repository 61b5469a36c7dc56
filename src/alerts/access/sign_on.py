"""Who vouches for people who sign on: a reverse proxy in a header, a provider of OpenID Connect, both or neither."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from alerts.feeds.fetching.network import is_in
from alerts.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class SignOn:
    """`header` names a person and `groups_header` the groups; both are believed from the networks `proxies` alone."""

    header: str = ""
    groups_header: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    def trusts(self, peer: str) -> bool:
        """Whether the other end of a connection is such a proxy; an unknown one, empty, is not."""
        return peer != "" and any(is_in(peer, each) for each in self.proxies)


NOBODY = SignOn()


def sign_on(environment: Mapping[str, str]) -> SignOn:
    """What the environment says. Raises UsageError where that cannot be used."""
    header = environment.get("ALERTS_TRUSTED_HEADER", "").strip()
    groups_header = environment.get("ALERTS_TRUSTED_GROUPS_HEADER", "").strip() or "X-Forwarded-Groups"
    addresses = environment.get("ALERTS_TRUSTED_PROXIES", "").split(",")
    try:
        proxies = tuple(ip_network(each.strip(), strict=False) for each in addresses if each.strip())
    except ValueError as error:
        raise UsageError(f"ALERTS_TRUSTED_PROXIES: {error}; separate addresses and networks by commas") from None
    if header and not proxies:
        raise UsageError(
            "ALERTS_TRUSTED_HEADER is believed from ALERTS_TRUSTED_PROXIES alone: set that to their addresses"
        )
    return SignOn(header, groups_header, proxies)
