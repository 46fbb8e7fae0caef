"""The sizes and places that the headers of an answer state."""

from __future__ import annotations

from collections.abc import Mapping


def content_length(headers: Mapping[str, str]) -> int | None:
    """Bytes of the body as it is sent; None if the header is missing or no number."""
    return _number(headers.get("Content-Length"))


def content_range(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """First byte of the part that is sent, and bytes of the whole, in "bytes 100-199/200".

    Each is None where the header does not state it: in "bytes */200" (nothing is sent) and "bytes 0-9/*".
    """
    unit, _, rest = headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    return (_number(span.partition("-")[0]), _number(total)) if unit == "bytes" else (None, None)


def _number(value: str | None) -> int | None:
    # Python reads neither endless numbers nor, with `isdigit` alone, only ASCII ones; no file is that long.
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 20 else None
