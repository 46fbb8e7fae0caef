"""Markdown for the pages and tables that the web page shows of a job.

A browser that shows it loads what it embeds. So foreign text (titles, file names, addresses, errors, answers of
services) becomes `Markdown` only by `text` and `link`, and comes out as the characters that it is made of: no picture,
no link, no HTML, no other format.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

from tasks.foreign_text import one_line

_SPECIAL = re.compile(
    # Formats, links, pictures, HTML, entities, headings, tables; and addresses that become links by themselves.
    r"[\\`*\[\]<>&#|~@]|:(?=//)|(?<=www)\.|!$"
    # An underscore within a word does nothing.
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    # What makes a line of its own; of a list with numbers see below.
    r"|^[-+=]",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?= |$)")
_UNRESERVED = "%/:?=&;,+$@-._~#'"
"""What stays as it is in an address: none of it ends one, or begins something else."""


class Markdown(str):
    """Markdown of our own making. Whoever makes one of foreign text by this name alone opens a door."""

    __slots__ = ()


def text(foreign: str, at_most: int | None = None) -> Markdown:
    """Foreign text as it is, on one line."""
    escaped = _SPECIAL.sub(lambda special: f"\\{special[0]}", one_line(foreign, at_most))
    return Markdown(_NUMBERED.sub(r"\1\\\2", escaped))


def link(address: str, label: str | None = None) -> Markdown:
    """A link to an http(s) address; anything else (`javascript:`, `data:`, `file:` …) is shown as text.

    Without a label it is the address itself, which web pages make a link of.
    """
    line = one_line(address)
    if not _leads_to_the_web(line):
        return text(line if label is None else f"{label}: {line}")
    target = quote(line, safe=_UNRESERVED)
    return Markdown(target if label is None else f"[{text(label)}]({target})")


def _leads_to_the_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def heading(title: str | Markdown, level: int = 1) -> Markdown:
    """A heading."""
    return Markdown(f"{'#' * level} {cell(title)}")


def cell(value: object) -> Markdown:
    """A value on one line: Markdown stays, anything else is text; nothing for None."""
    if isinstance(value, Markdown):
        return value
    if value is None:
        return Markdown("")
    if isinstance(value, bool):
        return Markdown("yes" if value else "no")
    return text(str(value))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Markdown:
    """A table of GitHub's kind."""
    cells = [[cell(name) for name in head], [Markdown("---")] * len(head)]
    cells += [[cell(value) for value in row] for row in rows]
    return Markdown("\n".join(f"| {' | '.join(row)} |" for row in cells))


def page(*blocks: Markdown) -> Markdown:
    """Blocks below each other."""
    return Markdown("\n\n".join(block for block in blocks if block))
