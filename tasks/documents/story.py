"""The text of a document as one line of characters, and the way back from each of them to its place in the file.

It is the only coordinate system: tags, clauses and changes are places in this text. Read as it stands when all tracked
changes are accepted: what was deleted is not there, what was inserted is.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from tasks.documents.package import Package

_W = "{*}"  # both editions of the standard, whose names differ
_SKIPPED = frozenset(
    {"del", "moveFrom", "pPr", "rPr", "tblPr", "tblGrid", "tcPr", "sdtPr", "sdtEndPr", "Fallback"}
)
_BREAKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
"""What stands for a character in a run (ECMA-376 part 1, 17.3.3)."""
_STORIES = (
    "/relationships/header",
    "/relationships/footer",
    "/relationships/footnotes",
    "/relationships/endnotes",
)
_PATH = re.compile(
    r"(?P<part>[^#]+)#p\[(?P<number>\d+)\](?:@(?P<identifier>[0-9A-Fa-f]+))?/c\[(?P<offset>\d+)\]"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of one run."""

    start: int
    """In the story."""
    run: int
    """Number of the run in its paragraph, from 1."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph and where it lies."""

    part: str
    number: int
    """In its part, from 1, in the order of the file."""
    identifier: str | None
    """What Word calls it (w14:paraId), which survives edits above it."""
    start: int
    """Of its text in the story."""
    text: str
    spans: tuple[Span, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a character lies in the file."""

    part: str
    paragraph: int
    run: int | None
    """None at the end of a paragraph without runs."""
    offset: int
    """Characters of the paragraph before it."""


@dataclass(frozen=True)
class Story:
    """The paragraphs of a document, and their text with a line break between two."""

    paragraphs: tuple[Paragraph, ...]
    text: str
    revised: bool
    """Whether the file holds tracked changes, which are read as accepted."""

    def paragraph_at(self, offset: int) -> Paragraph:
        """The paragraph that holds the character."""
        if not 0 <= offset <= len(self.text):
            raise IndexError(f"{offset} is outside of a text of {len(self.text)} characters")
        return self.paragraphs[max(0, bisect_right(self._starts, offset) - 1)]

    def place(self, offset: int) -> Place:
        """Where in the file a character of the text lies."""
        paragraph = self.paragraph_at(offset)
        runs = [span.run for span in paragraph.spans if span.start <= offset]
        first = paragraph.spans[0].run if paragraph.spans else None
        return Place(paragraph.part, paragraph.number, runs[-1] if runs else first, offset - paragraph.start)

    def path(self, offset: int) -> str:
        """The address of a place: `word/document.xml#p[412]@1A2B3C4D/c[17]` is in paragraph 412 after 17 characters."""
        paragraph = self.paragraph_at(offset)
        identifier = f"@{paragraph.identifier}" if paragraph.identifier else ""
        return f"{paragraph.part}#p[{paragraph.number}]{identifier}/c[{offset - paragraph.start}]"

    def find(self, path: str) -> int:
        """The place of an address in the text; by the paragraph's own name if it has one, else by its number.

        Raises ValueError for what is no address, and LookupError for one that leads nowhere here.
        """
        match = _PATH.fullmatch(path)
        if match is None:
            raise ValueError(f"no address of a place in a document: {path}")
        part, offset = match["part"], int(match["offset"])
        named = self._by_identifier.get((part, match["identifier"] or ""), [])
        numbered = self._by_number.get((part, int(match["number"])))
        candidates = [*named] if len(named) == 1 else []
        if numbered is not None:
            candidates.append(numbered)
        for paragraph in candidates:
            if offset <= len(paragraph.text):
                return paragraph.start + offset
        raise LookupError(f"the address leads nowhere in this document: {path}")

    @cached_property
    def _starts(self) -> list[int]:
        return [paragraph.start for paragraph in self.paragraphs]

    @cached_property
    def _by_identifier(self) -> dict[tuple[str, str], list[Paragraph]]:
        found: dict[tuple[str, str], list[Paragraph]] = {}
        for paragraph in self.paragraphs:
            if paragraph.identifier:
                found.setdefault((paragraph.part, paragraph.identifier), []).append(paragraph)
        return found

    @cached_property
    def _by_number(self) -> dict[tuple[str, int], Paragraph]:
        return {(paragraph.part, paragraph.number): paragraph for paragraph in self.paragraphs}


def read_story(package: Package) -> Story:
    """The text of a document: of its body, then of headers, footers, footnotes and endnotes.

    It is looked for in tables, text boxes, content controls, links, fields, smart tags and tracked changes.
    Raises UnusableDocumentError.
    """
    reader = _Reader()
    reader.read(package.main, package.xml(package.main))
    seen = {package.main}
    for kind in _STORIES:
        for each in package.relationships(package.main):
            if (
                each.kind == kind
                and each.target not in seen
                and not each.external
                and package.has(each.target)
            ):
                seen.add(each.target)
                reader.read(each.target, package.xml(each.target))
    return reader.story()


class _Reader:
    def __init__(self) -> None:
        self._paragraphs: list[Paragraph] = []
        self._length = 0
        self._revised = False
        self._part = ""
        self._number = 0
        self._fields: list[bool] = []
        """Of each field that is open, the innermost last: whether its result has begun."""

    def story(self) -> Story:
        return Story(
            tuple(self._paragraphs), "\n".join(each.text for each in self._paragraphs), self._revised
        )

    def read(self, part: str, root: etree._Element) -> None:
        self._part, self._number = part, 0
        self._fields.clear()
        self._blocks(root)

    def _blocks(self, element: etree._Element) -> None:
        """Reads the paragraphs below an element, however deep."""
        for child in element.iterchildren(tag=etree.Element):
            name = etree.QName(child).localname
            if name == "p":
                self._paragraph(child)
            elif (
                name in ("footnote", "endnote") and child.get(_attribute(child, "type"), "normal") != "normal"
            ):
                continue  # the lines that separate notes from text
            elif name == "tr" and child.find(f"{_W}trPr/{_W}del") is not None:
                self._revised = True
            elif not self._left_out(name):
                self._blocks(child)

    def _left_out(self, name: str) -> bool:
        self._revised = self._revised or name in ("ins", "del", "moveFrom", "moveTo")
        return name in _SKIPPED

    def _paragraph(self, element: etree._Element) -> None:
        self._number += 1
        number, start = self._number, self._length
        text: list[str] = []
        spans: list[Span] = []
        boxes: list[etree._Element] = []
        length = 0
        for run_number, run in enumerate(self._runs(element), 1):
            characters = "".join(self._characters(run, boxes))
            if characters:
                spans.append(Span(start + length, run_number))
                text.append(characters)
                length += len(characters)
        identifier = next(
            (value for name, value in element.attrib.items() if etree.QName(str(name)).localname == "paraId"),
            None,
        )
        self._paragraphs.append(
            Paragraph(
                self._part,
                number,
                str(identifier) if identifier else None,
                start,
                "".join(text),
                tuple(spans),
            )
        )
        self._length += length + 1
        # After the paragraph that they hang on.
        for box in boxes:
            self._blocks(box)

    def _runs(self, element: etree._Element) -> Iterator[etree._Element]:
        for child in element.iterchildren(tag=etree.Element):
            name = etree.QName(child).localname
            if name == "r" or name == "t":
                yield child
            elif not self._left_out(name):
                yield from self._runs(child)

    def _characters(self, run: etree._Element, boxes: list[etree._Element]) -> Iterator[str]:
        name = etree.QName(run).localname
        if name == "t":  # of a formula
            yield run.text or ""
            return
        for child in run.iterchildren(tag=etree.Element):
            name = etree.QName(child).localname
            if name == "fldChar":
                self._field(child.get(_attribute(child, "fldCharType"), ""))
            elif not all(self._fields):
                continue  # the code of a field, of which only the result is shown
            elif name == "t":
                yield child.text or ""
            elif name == "sym":
                yield _symbol(child)
            elif name in _BREAKS:
                yield _BREAKS[name]
            elif name in ("drawing", "pict", "object", "AlternateContent"):
                boxes += _text_boxes(child)

    def _field(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append(False)
        elif kind == "separate" and self._fields:
            self._fields[-1] = True
        elif kind == "end" and self._fields:
            self._fields.pop()


def _attribute(element: etree._Element, name: str) -> str:
    return f"{{{etree.QName(element).namespace}}}{name}"


def _symbol(element: etree._Element) -> str:
    try:
        symbol = chr(int(element.get(_attribute(element, "char"), ""), 16))
    except (ValueError, OverflowError):
        return ""
    return "" if "\ud800" <= symbol <= "\udfff" else symbol


def _text_boxes(element: etree._Element) -> list[etree._Element]:
    """The texts of the boxes in a drawing; where there are two forms of it, of the newer one."""
    found: list[etree._Element] = []
    for child in element.iterchildren(tag=etree.Element):
        name = etree.QName(child).localname
        if name == "txbxContent":
            found.append(child)
        elif name != "Fallback":
            found += _text_boxes(child)
    return found
