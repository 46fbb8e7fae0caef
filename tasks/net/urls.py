"""URLs as people submit them: what is accepted, and how they may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from tasks.errors import InvalidInputError

MAX_LENGTH = 8192

_CONTROL_OR_SPACE = re.compile(r"[\x00-\x20\x7f\\]")
_URL_IN_TEXT = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
_FIELD_IN_TEXT = re.compile(r"([?&;#]([^\s=?&;#]+)=)[^\s&;#'\"<>]+")
_SECRET_NAME = re.compile(
    r"token|signature|^sig$|secret|passw|^pwd$|^pass$|^auth|credential|session|^key$|api[-_]?key|access[-_]?key|policy|"
    r"^code$|jwt|bearer|hmac|senha|chave|segredo|^otp$|ticket|assertion",
    re.IGNORECASE,
)


@dataclass(frozen=True, repr=False)
class CheckedUrl:
    """An http(s) URL with a host, checked once where it came in: no function beyond has to look at it again.

    What it leads to is not checked here but whenever a socket is opened (`tasks.net.addresses`). As text in
    messages and logs it is masked.
    """

    text: str
    """As submitted, credentials and all: for requests only."""

    def __post_init__(self) -> None:
        _require_downloadable(self.text)

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"CheckedUrl({self.masked!r})"

    @cached_property
    def masked(self) -> str:
        """As `mask_url` has it, for messages and logs."""
        return mask_url(self.text)

    @cached_property
    def host(self) -> str:
        """Name or address, in lower case."""
        return urlsplit(self.text).hostname or ""


def check_url(url: str) -> CheckedUrl:
    """The URL without surrounding white space, if it is one that can be downloaded from.

    Raises:
        InvalidInputError: It is anything but an http(s) URL with a host: another scheme, a bare path, odd
            characters.
    """
    return CheckedUrl(url.strip())


def _require_downloadable(text: str) -> None:
    hint = "Give a complete address such as https://example.com/talk.mp3."
    if not text:
        raise InvalidInputError("The URL is empty.", hint=hint)
    if len(text) > MAX_LENGTH:
        raise InvalidInputError(f"The URL is longer than {MAX_LENGTH} characters.", hint=hint)
    shown = _shorten(mask_url(text))
    if _CONTROL_OR_SPACE.search(text):
        raise InvalidInputError(
            f'The URL "{shown}" contains white space, a control character or a backslash.', hint=hint
        )
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidInputError(f'The URL "{shown}" is malformed.', hint=hint) from error
    if parts.scheme not in ("http", "https"):
        if not parts.scheme or "://" not in text:
            raise InvalidInputError(f'"{shown}" is not a URL.', hint=hint)
        raise InvalidInputError(
            f'URLs of the kind "{parts.scheme}:" are not accepted.',
            hint="Only http and https URLs are downloaded.",
        )
    if not host:
        raise InvalidInputError(f'The URL "{shown}" has no host.', hint=hint)


def path_of(url: str) -> str:
    """The path in a URL; empty for what is none."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def mask_url(url: str) -> str:
    """The URL for messages and logs: user name, password and secret-looking values of fields become ***."""
    try:
        parts = urlsplit(url)
        if _begins_with_a_password(parts):
            return f"{parts.scheme}://***@{_harmless_end(url)}"
    except ValueError:
        # Too broken to be taken apart.
        return _harmless_end(url)
    location = parts.netloc
    if "@" in location:
        location = "***@" + location.rpartition("@")[2]
    path, *parameters = parts.path.split(";")
    path = ";".join((path, *map(_mask_fields, parameters)))
    return urlunsplit((parts.scheme, location, path, _mask_fields(parts.query), _mask_fields(parts.fragment)))


def _harmless_end(url: str) -> str:
    """What cannot hold a credential."""
    return re.split("[?#;]", url.rpartition("@")[2], maxsplit=1)[0]


def _begins_with_a_password(parts: SplitResult) -> bool:
    """Whether what looks like the place is the begin of a password with a special character: ana:p#w@host."""
    if ":" not in parts.netloc or "@" not in f"{parts.path}{parts.query}{parts.fragment}":
        return False
    if parts.scheme not in ("http", "https"):
        return True
    # Paths of the web may have an @ of their own.
    try:
        return "@" not in parts.netloc and (not parts.hostname or parts.port is None)
    except ValueError:
        return True


def _mask_fields(fields: str) -> str:
    """Fields as forms send them, "a=1&b=2", also with semicolons between them, or "~" as in signed addresses."""
    masked = []
    for field in re.split("([&;~])", fields):
        name, is_given, value = field.partition("=")
        secret = value and _SECRET_NAME.search(unquote(name).removesuffix("[]"))
        masked.append(f"{name}{is_given}{'***' if secret else _mask_within(value)}")
    return "".join(masked)


def _mask_within(value: str) -> str:
    """The value of a field that may hold an address or fields itself, encoded or not; as it was where it does not."""
    plain = unquote(unquote(value))
    if not any(sign in plain for sign in ("=", "@")):
        return value
    masked = mask_url(plain) if "://" in plain else _mask_fields(plain)
    return value if masked == plain else masked


def mask_urls(text: str) -> str:
    """A text with every URL in it masked as by `mask_url`, and secret-looking values of fields in parts of URLs."""
    whole = _URL_IN_TEXT.sub(lambda match: mask_url(match.group()), text)
    return _FIELD_IN_TEXT.sub(
        lambda match: f"{match[1]}***" if _SECRET_NAME.search(unquote(match[2])) else match.group(), whole
    )


def _shorten(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
