"""Which network addresses may be reached from a URL that somebody submitted (protection against SSRF).

The check is made on the address a socket is about to connect to, never on the text of a URL: odd spellings
(`http://2130706433/`), redirects and names whose answer changes between two look-ups all end in a connect.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from tasks.errors import BlockedAddressError, InvalidInputError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

SETTING = "CONTRAPONTO_ALLOWED_PRIVATE_HOSTS"

# Own lists instead of `ipaddress.is_global`: what that calls global differs between Python's patch releases.
_BLOCKED_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # "this" network: Linux connects 0.0.0.0 to loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, holds Alibaba's metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's platform service, though it looks public
        "169.254.0.0/16",  # link-local, holds most clouds' metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocols, holds Oracle's metadata service
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_BLOCKED_IPV6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocols: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address, private ones too
        "3fff::/20",  # documentation
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
"""Services that hand out a machine's credentials: only an entry naming the very address opens them."""


@dataclass(frozen=True)
class _AllowedHost:
    name: str
    port: int | None


@dataclass(frozen=True)
class _AllowedNetwork:
    network: IPNetwork
    port: int | None


@dataclass(frozen=True)
class AddressPolicy:
    """Decides whether a socket may be opened to an address.

    Globally routable addresses may be reached; everything else is blocked unless `allowed` has it. An entry
    is a host name (any address that name resolves to), an IP address, or a network in CIDR notation (any name
    that resolves into it); names and addresses may carry a port (`nas.lan:8080`, `10.0.0.7:9000`,
    `[fd00::7]:9000`). Metadata services of clouds are opened only by an entry that is exactly their address.

    Raises InvalidInputError when an entry cannot be understood.
    """

    allowed: tuple[str, ...] = ()
    _hosts: tuple[_AllowedHost, ...] = field(init=False, repr=False, compare=False)
    _networks: tuple[_AllowedNetwork, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        entries = [_parse_entry(entry) for entry in self.allowed]
        object.__setattr__(self, "_hosts", tuple(e for e in entries if isinstance(e, _AllowedHost)))
        object.__setattr__(self, "_networks", tuple(e for e in entries if isinstance(e, _AllowedNetwork)))

    def permits(self, host: str, ip: str | IPAddress, port: int) -> bool:
        """Whether a connection to `ip`:`port`, found under the name `host`, may be opened."""
        address = effective_address(ip)
        if not is_blocked(address):
            return True
        networks = [e.network for e in self._networks if e.port in (None, port) and address in e.network]
        if address in _METADATA:
            return any(network.num_addresses == 1 for network in networks)
        name = _normalise_name(host)
        return bool(networks) or any(e.name == name and e.port in (None, port) for e in self._hosts)

    def check(self, host: str, ip: str | IPAddress, port: int) -> None:
        """Raises BlockedAddressError unless `ip`:`port`, found under the name `host`, may be reached."""
        if not self.permits(host, ip, port):
            where = f'"{host}"' if host == str(ip) else f'"{host}" ({ip})'
            raise BlockedAddressError(
                f"The address {where} is private or reserved and may not be reached.",
                hint=f"If this host is your own, add it to {SETTING}.",
            )


def is_blocked(ip: str | IPAddress) -> bool:
    """Whether an address is outside the globally routable internet."""
    address = effective_address(ip)
    if isinstance(address, ipaddress.IPv4Address):
        return any(address in network for network in _BLOCKED_IPV4)
    return address not in _GLOBAL_IPV6 or any(address in network for network in _BLOCKED_IPV6)


def effective_address(ip: str | IPAddress) -> IPAddress:
    """The address that is really reached: the IPv4 address inside IPv4-mapped and well-known NAT64 ones.

    Networks that have IPv6 only reach all of the IPv4 internet through NAT64, so its addresses count as what
    they carry.
    """
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            address = ipaddress.IPv6Address(int(address))
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _normalise_name(host: str) -> str:
    name = host.strip().rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _parse_entry(entry: str) -> _AllowedHost | _AllowedNetwork:
    text = entry.strip()
    wrong = InvalidInputError(
        f'"{entry}" in {SETTING} is neither a host name, an IP address nor a network.',
        hint="Write entries like nas.lan, nas.lan:8080, 10.0.0.7, 10.0.0.0/8, fd00::/8 or [fd00::7]:9000.",
    )
    if "/" in text:
        try:
            return _AllowedNetwork(ipaddress.ip_network(text), None)
        except ValueError as error:
            if "host bits" in str(error):
                wider = ipaddress.ip_network(text, strict=False)
                raise InvalidInputError(
                    f'"{entry}" in {SETTING} is not a network: it has bits set after the prefix.',
                    hint=f"Did you mean {wider}?",
                ) from error
            raise wrong from error
    host, port = text, None
    bracketed = text.startswith("[")
    if bracketed:
        host, closing, rest = text[1:].partition("]")
        if not closing or (rest and not rest.startswith(":")):
            raise wrong
        port = rest[1:] if rest else None
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise wrong
    number = int(port) if port is not None else None
    try:
        address = effective_address(host)
    except ValueError:
        address = None
    if address is not None:
        return _AllowedNetwork(ipaddress.ip_network(address), number)
    name = _normalise_name(host)
    labels = name.split(".")
    # A last label of digits or hex is how inet_aton spells addresses ("127.1", "0x7f.1"): not a name.
    looks_numeric = labels[-1].isdigit() or labels[-1].startswith("0x")
    if bracketed or looks_numeric or not all(_is_label(label) for label in labels):
        raise wrong
    return _AllowedHost(name, number)


def _is_label(label: str) -> bool:
    return 0 < len(label) <= 63 and label.isascii() and all(c.isalnum() or c in "-_" for c in label)
