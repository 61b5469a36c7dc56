"""Who vouches for people who sign on: a reverse proxy in a header, a provider of OpenID Connect, both or neither."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from alerts.config.environment import required, setting
from alerts.feeds.fetching.network import is_in
from alerts.model.errors import UsageError
from alerts.model.secret import Secret


@dataclass(frozen=True, slots=True)
class SignOn:
    """`header` names a person and `groups_header` the groups; both are believed from the networks `proxies` alone.

    Without an `issuer` there is no provider.
    """

    header: str = ""
    groups_header: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    issuer: str = ""
    client_id: str = ""
    client_secret: Secret | None = None
    scope: str = ""

    def trusts(self, peer: str) -> bool:
        """Whether the other end of a connection is such a proxy; an unknown one, empty, is not."""
        return peer != "" and any(is_in(peer, each) for each in self.proxies)

    @property
    def credential(self) -> str:
        """Names the provider in the sessions for which it vouched: with another one they end."""
        return hashlib.sha256(f"{self.issuer} {self.client_id}".encode()).hexdigest()[:16] if self.issuer else ""


NOBODY = SignOn()


def sign_on(environment: Mapping[str, str]) -> SignOn:
    """What the environment says. Raises UsageError where that cannot be used."""

    def given(name: str, default: str = "") -> str:
        return environment.get(name, "").strip() or default

    header, issuer = given("ALERTS_TRUSTED_HEADER"), given("ALERTS_OIDC_ISSUER")
    addresses = [each.strip() for each in given("ALERTS_TRUSTED_PROXIES").split(",") if each.strip()]
    try:
        proxies = tuple(ip_network(each, strict=False) for each in addresses)
    except ValueError as error:
        raise UsageError(f"ALERTS_TRUSTED_PROXIES: {error}; separate addresses and networks by commas") from None
    if header and not proxies:
        raise UsageError("ALERTS_TRUSTED_HEADER is believed from ALERTS_TRUSTED_PROXIES alone: set that, too")
    groups_header = given("ALERTS_TRUSTED_GROUPS_HEADER", "X-Forwarded-Groups")
    if not issuer:
        return SignOn(header, groups_header, proxies)
    if not is_secure(issuer):
        raise UsageError(f"ALERTS_OIDC_ISSUER: {issuer!r} must be an https address (or http on this machine)")
    client, secret = required(environment, "ALERTS_OIDC_CLIENT_ID"), setting(environment, "ALERTS_OIDC_CLIENT_SECRET")
    scope = given("ALERTS_OIDC_SCOPE", "openid profile email")
    return SignOn(header, groups_header, proxies, issuer, client, Secret(secret) if secret else None, scope)


def is_secure(address: str) -> bool:
    """Whether nobody on the way can read what goes to an address: it is https, or on this machine."""
    from authlib.common.security import is_secure_transport

    return bool(is_secure_transport(address))
