"""How the summaries of operations are written: lines of a label and what it stands for."""

from urllib.parse import unquote, urlsplit


def entry(label: str, text: object) -> str:
    """One line of a summary."""
    return f"{label:<9} {text}"


def place(link: str) -> str:
    """A path for a file on this machine, which a terminal's user can open; else the link."""
    parts = urlsplit(link)
    return unquote(parts.path) if parts.scheme == "file" else link
