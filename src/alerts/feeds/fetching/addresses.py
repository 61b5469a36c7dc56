"""Which network addresses a feed may be fetched from."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

# Everything that is not the public internet: IANA's special-purpose registries, multicast, and the address
# at which Azure serves metadata, which is public by number only. (`is_global` differs between Python
# versions and calls multicast global, hence an own list.)
_REFUSED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4: carries an IPv4 address
        "3fff::/20",
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")  # the only range from which global unicast addresses are given out
_NAT64 = IPv6Network("64:ff9b::/96")  # what DNS64 answers on IPv6-only networks: carries an IPv4 address

# Where this host, its hypervisor or its cloud answers: no feed is there, and what is there gives credentials away.
_NEVER = tuple(
    ip_network(text)
    for text in (
        *("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "0.0.0.0/8"),
        *("fe80::/10", "fd00:ec2::254/128", "::/128"),
    )
)
_SUBNET_V4, _SUBNET_V6 = 24, 64  # bits that the addresses of one network share


@lru_cache(maxsize=1 << 12)  # every poll asks about its host's addresses
def is_public(text: str) -> bool:
    """Whether an IP address in text form is one of the public internet."""
    address = _parsed(text)
    if address is None or (address.version == 6 and address not in _GLOBAL_V6):
        return False
    return not any(address in network for network in _REFUSED)


def is_never_fetched(text: str) -> bool:
    """Whether an IP address in text form is link-local or a cloud's metadata service: closed to every source."""
    address = _parsed(text)
    return address is None or any(address in network for network in _NEVER)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address, unwrapped; None for what is none, and for one with a scope (`%eth0`), which makes it local."""
    try:
        return None if "%" in text else _unwrapped(ip_address(text))
    except ValueError:
        return None


def network_of(text: str) -> IPv4Network | IPv6Network:
    """The network of an address, as far as one address tells it: a /24, in IPv6 a /64. Raises ValueError."""
    plain = _unwrapped(ip_address(text.partition("%")[0]))
    bits = _SUBNET_V4 if isinstance(plain, IPv4Address) else _SUBNET_V6
    return ip_network(f"{plain}/{bits}", strict=False)


def is_in(text: str, network: IPv4Network | IPv6Network) -> bool:
    """Whether an address in text form is in a network, whichever way it is written."""
    return _unwrapped(ip_address(text.partition("%")[0])) in network


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address carries, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address
