import pytest

from alerts.feeds.fetching.network import is_in, is_never_fetched, is_public, network_of


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",  # metadata of most clouds
        "100.64.0.1",
        "100.100.100.200",  # Alibaba's metadata
        "192.0.0.192",  # Oracle's metadata
        "168.63.129.16",  # Azure's host
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.255",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1%eth0",
        "fc00::1",
        "fd00:ec2::254",  # AWS's metadata
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
        "64:ff9b:1::1",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2001:0:7f00:1::",  # Teredo
        "2001:db8::1",
        "not an address",
        "",
    ],
)
def test_refuses_what_is_not_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "172.15.255.255",
        "172.32.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001::1",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",  # NAT64 of 1.1.1.1
    ],
)
def test_takes_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",
        "::",
        "not an address",
    ],
)
def test_some_addresses_are_closed_to_every_source(address: str) -> None:
    assert is_never_fetched(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "fd00::1", "::1", "1.1.1.1"])
def test_private_addresses_may_be_meant(address: str) -> None:
    assert not is_never_fetched(address)


def test_the_network_of_an_address() -> None:
    assert is_in("10.1.2.200", network_of("10.1.2.3"))
    assert is_in("::ffff:10.1.2.200", network_of("10.1.2.3"))
    assert not is_in("10.1.3.3", network_of("10.1.2.3"))
    assert is_in("fd00:1:2:3::9", network_of("fd00:1:2:3::1"))
    assert not is_in("fd00:1:2:4::9", network_of("fd00:1:2:3::1"))
    assert not is_in("10.1.2.3", network_of("fd00::1"))
