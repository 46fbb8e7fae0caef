"""The text of small files: plain text in any encoding, and Word documents."""

import codecs
from pathlib import Path, PurePath

from pydantic import BaseModel, ConfigDict

from tasks.captions.encodings import decode
from tasks.documents.package import open_package
from tasks.documents.story import read_story
from tasks.errors import InvalidInputError
from tasks.foreign_text import printable

PLAIN = frozenset((
    "ass", "cfg", "conf", "csv", "htm", "html", "ini", "json", "jsonl", "log", "md", "ndjson", "rst", "srt", "ssa",
    "toml", "tsv", "txt", "vtt", "xml", "yaml", "yml",
))  # fmt: skip
"""Endings of files that are text."""
WORD = frozenset(("docm", "docx", "dotx"))
MOST_PLAIN_BYTES = 4 * 1024 * 1024
"""Larger ones are data, not text to read."""


class FileText(BaseModel):
    """The text of a file."""

    model_config = ConfigDict(frozen=True)

    text: str
    encoding: str | None = None
    """Of the letters, as Python names it; None for documents that say it themselves."""
    sure: bool = True
    """Whether no other encoding gives a text that is as likely."""
    cut: bool = False
    """Whether there is more of it."""


def has_text(name: str) -> bool:
    """Whether the name is that of a file whose text can be read."""
    return _ending(name) in PLAIN | WORD


def read_text(path: Path, name: str, most_characters: int) -> FileText:
    """The text of a file of that name, its beginning if it is longer than `most_characters`.

    Raises UnusableDocumentError for a broken Word document, InvalidInputError for a file that is not text, and OSError.
    """
    if _ending(name) in WORD:
        with open_package(path) as package:
            whole = printable(read_story(package).text)
        return FileText(text=whole[:most_characters], cut=len(whole) > most_characters)
    with path.open("rb") as file:
        # A character has four bytes at most.
        data = file.read(min(4 * most_characters + 4, MOST_PLAIN_BYTES))
        more = bool(file.read(1))
    decoded = decode(_whole_characters(data) if more else data)
    if "\0" in decoded.text:
        raise InvalidInputError("It is not text, whatever its name says.")
    whole = printable(decoded.text.replace("\r\n", "\n").replace("\r", "\n"))
    if more:
        whole = whole.rstrip("\N{REPLACEMENT CHARACTER}")
    return FileText(
        text=whole[:most_characters],
        encoding=decoded.encoding,
        sure=decoded.sure,
        cut=more or len(whole) > most_characters,
    )


def _whole_characters(data: bytes) -> bytes:
    """The beginning of a file without a letter of UTF-8 that it cuts: it would look like another encoding."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        return data
    return data[: len(data) - len(decoder.getstate()[0])]


def _ending(name: str) -> str:
    return PurePath(name).suffix[1:].lower()
