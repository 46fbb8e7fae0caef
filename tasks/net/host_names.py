"""By which names a server may be asked for: a page's own name, which leads to this machine as well, is none of them."""

import ipaddress
import socket
from collections.abc import Iterable

from tasks.net.origins import host_name

_ALWAYS = ("localhost", "host.docker.internal")
"""Names that lead to this machine wherever they are asked; no domain that can be bought ends in `.internal`."""


class HostNames:
    """The names of a server: its addresses, this machine's name, and those that are given."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {name.lower() for name in (*_ALWAYS, socket.gethostname(), *names)}

    def __contains__(self, host: str) -> bool:
        """Whether the content of a `Host` header is one of them."""
        name = host_name(host)
        if name is None:
            return False
        if name in self._names or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True  # an address cannot be made to lead elsewhere, as a name can
