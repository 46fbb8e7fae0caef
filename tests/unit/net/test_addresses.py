import contextlib
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import BlockedAddressError, InvalidInputError
from tasks.net.addresses import AddressPolicy, effective_address, is_blocked

BLOCKED = """
0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255
127.0.0.1 127.0.0.2 127.1.2.3 127.255.255.255 168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2
169.254.255.255 172.16.0.1 172.17.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.0.192 192.0.2.1 192.88.99.1
192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255
240.0.0.1 250.1.2.3 255.255.255.255 :: ::1 ::2 ::127.0.0.1 ::8.8.8.8 ::ffff:0.0.0.0 ::ffff:10.0.0.1
::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::ffff:192.168.1.1 ::ffff:100.100.100.200
::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8 64:ff9b::10.0.0.1 64:ff9b::127.0.0.1 64:ff9b::169.254.169.254
64:ff9b::c0a8:101 64:ff9b:1::1 64:ff9b:1::8.8.8.8 64:ff9b:1:ffff::10.0.0.1 100::1 100:0:0:1::1 2001::1
2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1
2001:db8:ffff::1 2002:7f00:1::1 2002:a00:1::1 2002:a9fe:a9fe::1 2002:c0a8:101::1 2002:808:808::1 3fff::1
3fff:fff::1 4000::1 5f00::1 8000::1 fc00::1 fd00::1 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fdff:ffff::1
fe80::1 fe80::1%eth0 febf::1 fec0::1 feff::1 ff00::1 ff02::1 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
""".split()  # noqa: SIM905 - a hundred quotes would hide the addresses

REACHABLE = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 168.63.129.15
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.1 192.167.255.255 192.169.0.0 198.17.255.255
198.20.0.0 223.255.255.255 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2001:200::1 2001:4860:4860::8888
2606:4700:4700::1111 2a00:1450:4001::1 2003::1
""".split()  # noqa: SIM905


@pytest.mark.parametrize("address", BLOCKED)
def test_addresses_outside_the_global_internet_are_blocked(address: str) -> None:
    policy = AddressPolicy()
    assert is_blocked(address)
    assert not policy.permits("evil.example", address, 80)
    with pytest.raises(BlockedAddressError, match="CONTRAPONTO_ALLOWED_PRIVATE_HOSTS") as caught:
        policy.check("evil.example", address, 80)
    assert "evil.example" in caught.value.message


@pytest.mark.parametrize("address", REACHABLE)
def test_global_addresses_are_reached(address: str) -> None:
    AddressPolicy().check("example.com", address, 443)


@given(st.ip_addresses(v=4))
def test_never_more_permissive_than_pythons_own_view(address: ipaddress.IPv4Address) -> None:
    if (
        address.is_private
        or address.is_multicast
        or address.is_reserved
        or address.is_loopback
        or address.is_link_local
    ):
        assert is_blocked(address)


@given(st.ip_addresses(v=6))
def test_only_global_unicast_of_ipv6_is_reached(address: ipaddress.IPv6Address) -> None:
    if not is_blocked(address):
        reached = effective_address(address)
        assert reached.version == 4 or int(reached) >> 125 == 1
        assert not reached.is_private or reached in ipaddress.ip_network("2001::/16")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_wrapping(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    nat64 = ipaddress.IPv6Address((0x64FF9B << 96) | number)
    assert is_blocked(mapped) == is_blocked(nat64) == is_blocked(address)


def test_an_allowed_name_may_resolve_anywhere_private() -> None:
    policy = AddressPolicy(("NAS.lan.", "söhne.example"))
    policy.check("nas.lan", "192.168.1.10", 80)
    policy.check("nas.LAN.", "127.0.0.1", 8080)
    policy.check("xn--shne-5qa.example", "10.1.1.1", 443)
    assert not policy.permits("evil.nas.lan", "192.168.1.10", 80)
    assert not policy.permits("lan", "192.168.1.10", 80)


def test_an_allowed_network_lets_any_name_in() -> None:
    policy = AddressPolicy(("10.1.0.0/16", "fd12::/16"))
    policy.check("whatever.example", "10.1.2.3", 80)
    policy.check("whatever.example", "::ffff:10.1.2.3", 80)
    policy.check("whatever.example", "fd12::7", 80)
    assert not policy.permits("whatever.example", "10.2.0.1", 80)
    assert not policy.permits("whatever.example", "fd13::7", 80)


@pytest.mark.parametrize("entry", ["nas.lan:8080", "192.168.1.10:8080", "[::ffff:192.168.1.10]:8080"])
def test_a_port_narrows_an_entry(entry: str) -> None:
    policy = AddressPolicy((entry,))
    policy.check("nas.lan", "192.168.1.10", 8080)
    assert not policy.permits("nas.lan", "192.168.1.10", 22)


@pytest.mark.parametrize("metadata", ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "168.63.129.16"])
def test_metadata_services_are_opened_by_their_very_address_only(metadata: str) -> None:
    wide = AddressPolicy(("0.0.0.0/0", "::/0", "169.254.0.0/16", "cloud.internal"))
    assert not wide.permits("cloud.internal", metadata, 80)
    AddressPolicy((metadata,)).check("cloud.internal", metadata, 80)


@pytest.mark.parametrize("entry", ["fe80::1%eth0", "fe80::1"])
def test_a_scope_does_not_change_an_address(entry: str) -> None:
    AddressPolicy((entry,)).check("router", "fe80::1%wlan0", 80)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        " ",
        "http://nas.lan",
        "nas.lan/path",
        "nas.lan:",
        "nas.lan:0",
        "nas.lan:65536",
        "nas.lan:http",
        "[::1",
        "[::1]9000",
        "[nas.lan]:80",
        "10.0.0.0/33",
        "300.1.1.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "a..b",
        "nas lan",
        "*",
        "*.lan",
        "::1:zz",
        "10.0.0.0/a",
    ],
)
def test_an_entry_that_is_not_understood_is_an_error(entry: str) -> None:
    with pytest.raises(InvalidInputError, match="CONTRAPONTO_ALLOWED_PRIVATE_HOSTS"):
        AddressPolicy((entry,))


def test_a_network_with_host_bits_names_the_network_that_was_meant() -> None:
    with pytest.raises(InvalidInputError, match=r"Did you mean 10\.1\.0\.0/16\?"):
        AddressPolicy(("10.1.2.3/16",))


@given(st.text(max_size=40))
def test_no_entry_fails_in_any_other_way(entry: str) -> None:
    with contextlib.suppress(InvalidInputError):
        AddressPolicy((entry,))
