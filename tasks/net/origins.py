"""Origins of web pages and names of hosts: what a browser says about where a request comes from and where it goes."""

from urllib.parse import urlsplit

from tasks.errors import InvalidInputError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NOT_IN_A_NAME = frozenset("/:*@?#[]%\\ \t\r\n")

Authority = tuple[str, str, int]
"""Scheme, host in lower case, and port."""


def authority(origin: str) -> Authority | None:
    """What an origin names (`https://jobs.example.org:8443`); None for what is none, as `null` or an address of a page.

    See https://www.rfc-editor.org/rfc/rfc6454 for what an origin is.
    """
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port


def host_name(host: str) -> str | None:
    """The name or address in a `Host` header, in lower case, without port and brackets; None for what is none."""
    if any(letter in host for letter in "/@?#\\ "):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname.rstrip(".") if parts.hostname else None


def check_origin(origin: str) -> None:
    """Refuse what is no origin.

    Raises:
        InvalidInputError: it is anything but a scheme (http, https), a host and perhaps a port.
    """
    if authority(origin) is None:
        raise InvalidInputError(
            f'"{origin}" is no origin of pages.',
            hint="Write it as https://panel.example.org, without a path.",
        )


def check_host_name(name: str) -> None:
    """Refuse what is no name of a host.

    Raises:
        InvalidInputError: it has a scheme, a port or a path, or is a pattern.
    """
    if not name or not _NOT_IN_A_NAME.isdisjoint(name):
        raise InvalidInputError(
            f'"{name}" is no name of a host.', hint="Write it as jobs.example.org, without https:// and port."
        )
