"""Which user of this machine is at the other end of a TCP connection within it.

Linux knows of every socket who made it and tells everybody: by a question about one connection (`sock_diag`, 20 µs),
or, where that is not to be had (in some containers), by the table of all of them in /proc.
"""

import errno
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

Address = tuple[str, int]
"""An IP address and a port."""

_IP = IPv4Address | IPv6Address

_SOCK_DIAG = 4
_BY_FAMILY = 20
_REQUEST = 1
_HEADER = struct.Struct("=IHHII")
"""The kernel's `nlmsghdr`: length, type, flags, sequence, port."""
_QUESTION = struct.Struct("=BBBxI")
"""The beginning of `inet_diag_req_v2`: family, protocol, extensions, states; a socket's identity follows."""
_IDENTITY = struct.Struct("!HH16s16s12s")
"""Its own port, that of its other end, both addresses; then the interface and a cookie, any of which will do."""
_ANY_COOKIE = bytes(4) + b"\xff" * 8
_ANSWER = struct.Struct("=4x48x12xII")
"""`inet_diag_msg`: user and inode stand behind the state, the identity and the queues."""
_EVERY_STATE = 0xFFFFFFFF
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def user_of_peer(peer: Address, here: Address) -> int | None:
    """The user whose socket is connected from the address `peer` to ours, at `here`.

    None: no process of this machine has such a socket. Of one that was closed meanwhile the kernel says that it is
    root's; such an answer is none.
    """
    try:
        ends = _end(peer), _end(here)
    except ValueError:
        return None
    found = _asked(*ends)
    return _looked_up(*ends) if found is None else found


def _end(address: Address) -> tuple[_IP, int]:
    found = ip_address(address[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found, address[1]


def _asked(peer: tuple[_IP, int], here: tuple[_IP, int]) -> int | None:
    family = socket.AF_INET if peer[0].version == 4 else socket.AF_INET6
    identity = _IDENTITY.pack(peer[1], here[1], _padded(peer[0]), _padded(here[0]), _ANY_COOKIE)
    question = _QUESTION.pack(family, socket.IPPROTO_TCP, 0, _EVERY_STATE) + identity
    message = _HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _REQUEST, 1, 0) + question
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
            kernel.sendto(message, (0, 0))
            answer = kernel.recv(4096)
    except OSError as error:
        if error.errno in _NOT_TO_BE_HAD:
            return None
        raise
    kind = _HEADER.unpack_from(answer)[1]
    # Whoever listens on a port is found, too, where nothing is connected to it: the identity tells.
    if kind != _BY_FAMILY or answer[_HEADER.size + 4 :][: len(identity) - 12] != identity[:-12]:
        return None
    user, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    return user if inode else None


_NOT_TO_BE_HAD = (errno.EPERM, errno.EACCES, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.ENOENT)


def _padded(address: _IP) -> bytes:
    return address.packed.ljust(16, b"\0")


def _looked_up(peer: tuple[_IP, int], here: tuple[_IP, int]) -> int | None:
    wanted = {
        f"{_as_listed(peer, mapped=mapped)} {_as_listed(here, mapped=mapped)}" for mapped in (False, True)
    }
    for row in _rows():
        columns = row.split()
        if f"{columns[1]} {columns[2]}" in wanted:
            # The ninth is the inode; a socket that no process holds any more has none, and the user 0.
            return int(columns[7]) if int(columns[9]) else None
    return None


def _rows() -> Iterator[str]:
    for table in _TABLES:
        if table.exists():
            yield from table.read_text().splitlines()[1:]


def _as_listed(end: tuple[_IP, int], *, mapped: bool) -> str:
    """As the kernel writes it: words of 32 bits in the machine's order, in hexadecimal digits."""
    address = end[0]
    packed = address.packed
    if mapped and address.version == 4:
        packed = bytes(10) + b"\xff\xff" + packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{end[1]:04X}"
