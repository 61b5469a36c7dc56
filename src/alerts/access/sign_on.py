"""Who vouches for people who sign on: a reverse proxy in a header, a provider of OpenID Connect, both or neither."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from authlib.common.security import is_secure_transport

from alerts.config.environment import required, setting
from alerts.model.errors import UsageError
from alerts.model.secret import Secret


@dataclass(frozen=True, slots=True)
class SignOn:
    """`header` names a person and `groups_header` the groups; both are believed from the networks `proxies` alone.

    Without an `issuer` there is no provider."""

    header: str = ""
    groups_header: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    issuer: str = ""
    client_id: str = ""
    client_secret: Secret = Secret("")  # noqa: RUF009 - it is never changed
    scope: str = ""


NOBODY = SignOn()


def sign_on(environment: Mapping[str, str]) -> SignOn:
    """What the environment says. Raises UsageError where that cannot be used."""
    header, issuer = (environment.get(f"ALERTS_{name}", "").strip() for name in ("TRUSTED_HEADER", "OIDC_ISSUER"))
    groups_header = environment.get("ALERTS_TRUSTED_GROUPS_HEADER", "").strip() or "X-Forwarded-Groups"
    addresses = environment.get("ALERTS_TRUSTED_PROXIES", "").split(",")
    try:
        proxies = tuple(ip_network(each.strip(), strict=False) for each in addresses if each.strip())
    except ValueError as error:
        raise UsageError(f"ALERTS_TRUSTED_PROXIES: {error}; separate addresses and networks by commas") from None
    if header and not proxies:
        raise UsageError("ALERTS_TRUSTED_HEADER is believed from ALERTS_TRUSTED_PROXIES alone: set that, too")
    if not issuer:
        return SignOn(header, groups_header, proxies)
    if not is_secure_transport(issuer):
        raise UsageError(f"ALERTS_OIDC_ISSUER: {issuer!r} must be an https address (or http on this machine)")
    client_id = required(environment, "ALERTS_OIDC_CLIENT_ID")
    secret = Secret(setting(environment, "ALERTS_OIDC_CLIENT_SECRET"))
    scope = environment.get("ALERTS_OIDC_SCOPE", "").strip() or "openid profile email"
    return SignOn(header, groups_header, proxies, issuer, client_id, secret, scope)
