"""Holds a whole Python process to an `AddressPolicy`, whatever library opens the sockets.

Audit hooks run inside the interpreter before a socket connects and cannot be removed again. They do not see
sockets that C libraries open by themselves; so curl's bindings are kept out, and no child process but the
named ones starts.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
from typing import Any

from tasks.errors import BlockedAddressError
from tasks.net.addresses import AddressPolicy

_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_SPAWNING = frozenset({"os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"})


class BlockedConnectionError(OSError):
    """A connection that the policy does not permit. An OSError, so that libraries try the next one."""

    def __init__(self, reason: BlockedAddressError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _LastLookup(threading.local):
    host = ""
    addresses: frozenset[str] = frozenset()


def guard_process(policy: AddressPolicy, programs: frozenset[str]) -> list[BlockedAddressError]:
    """From now on this process reaches only what `policy` permits, and starts no program but `programs`.

    Returns a list that each refused connection is added to.
    """
    refused: list[BlockedAddressError] = []
    # libcurl connects on its own, unseen by audit hooks.
    sys.modules["curl_cffi"] = None  # type: ignore[assignment]
    last = _LastLookup()
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        found = look_up(host, *args, **kwargs)
        # A connect follows the look-up on the same thread: so the name is known when the address is checked.
        last.host = host.decode() if isinstance(host, bytes) else str(host)
        last.addresses = frozenset(str(sockaddr[0]) for *_, sockaddr in found)
        return found

    socket.getaddrinfo = getaddrinfo

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event in _SENDING:
            try:
                _check(policy, last, args[0], args[1])
            except BlockedAddressError as error:
                refused.append(error)
                raise BlockedConnectionError(error) from error
        elif event == "subprocess.Popen":
            if str(args[0]) not in programs:
                raise PermissionError(f"starting {args[0]} is not permitted here")
        elif event in _SPAWNING:
            raise PermissionError(f"{event} is not permitted here")

    sys.addaudithook(audit)
    return refused


def _check(policy: AddressPolicy, last: _LastLookup, opened: socket.socket, address: Any) -> None:
    if address is None:
        return  # sendmsg on a connected socket: its connect has been checked
    if opened.family not in (socket.AF_INET, socket.AF_INET6):
        raise BlockedAddressError("Only internet addresses may be reached.")
    ip, port = str(address[0]), int(address[1])
    try:
        ipaddress.ip_address(ip)
    except ValueError:
        # The interpreter would look the name up out of sight; nobody who connects properly passes a name
        # here.
        raise BlockedAddressError(f'The name "{ip}" may not be reached without a look-up.') from None
    host = last.host if ip in last.addresses else ip
    policy.check(host, ip, port)
