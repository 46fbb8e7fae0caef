"""What the run of a job is called in lists: its operation, the caller's identifier, what it works on.

transcribe · R-34 · How bees dance
img2vid · example.org/a.png and 47 more
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from tasks.foreign_text import one_line

_BETWEEN = " · "
_LONGEST = 120
_LONGEST_PART = 60
_NOT_MATERIAL = (
    "id_roteiro",
    "metadata",
    "webhook_url",
    "priority",
    "correlation_id",
    "name",
    "path",
    "folder",
)
_DRAWN = re.compile(r"[a-z]+-[a-z]+")
"""What Prefect calls a run that nobody named: an adjective and an animal."""


def run_name(operation: str, parameters: Mapping[str, Any], title: str | None = None) -> str:
    """The name of a run by what it was asked for, the same each time; with the title of its material, once known."""
    identifier = parameters.get("id_roteiro")
    parts = [
        operation,
        one_line(str(identifier), _LONGEST_PART) if identifier not in (None, "") else "",
        one_line(title or _material(parameters), _LONGEST_PART),
    ]
    return one_line(_BETWEEN.join(filter(None, parts)), _LONGEST)


def is_free(name: str, operation: str) -> bool:
    """Whether nobody has named the run: the name was drawn by Prefect, or made here."""
    return _DRAWN.fullmatch(name) is not None or f"{name}{_BETWEEN}".startswith(f"{operation}{_BETWEEN}")


def _material(parameters: Mapping[str, Any]) -> str:
    """The first parameter that names a file, or a list of files."""
    for name, value in parameters.items():
        if name in _NOT_MATERIAL:
            continue
        entries = value if isinstance(value, list) else [value]
        sources = [source for entry in entries if (source := _source(entry))]
        if sources:
            return _place(sources[0]) + (f" and {len(entries) - 1} more" if len(entries) > 1 else "")
    return ""


def _source(value: object) -> str:
    """A URL or a key of a file, also as a field of an object; nothing where there is none."""
    if isinstance(value, Mapping):
        return next((source for field in value.values() if (source := _source(field))), "")
    is_source = isinstance(value, str) and ("://" in value or "/" in value or re.search(r"\w\.\w+$", value))
    return str(value) if is_source else ""


def _place(source: str) -> str:
    """Host and file of a URL, without what may be a password; the file of a key."""
    try:
        parts = urlsplit(source)
        host = parts.hostname or ""
    except ValueError:
        return ""
    path = unquote(parts.path).rstrip("/")
    return "/".join(filter(None, [host, path.rpartition("/")[2]]))
