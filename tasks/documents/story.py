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

from tasks.documents.fields import codes_of
from tasks.documents.package import Package
from tasks.documents.shown import PICTURES, attribute, characters, children, local, text_boxes

_SKIPPED = frozenset({"del", "moveFrom", "pPr", "rPr", "tblPr", "tblGrid", "tcPr", "sdtPr", "sdtEndPr"})
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
        self._codes: frozenset[etree._Element] = frozenset()
        """Of the fields of the part, of which only the results are shown."""

    def story(self) -> Story:
        return Story(
            tuple(self._paragraphs), "\n".join(each.text for each in self._paragraphs), self._revised
        )

    def read(self, part: str, root: etree._Element) -> None:
        self._part, self._number = part, 0
        self._codes = codes_of(root, self._left_out)
        self._blocks(root)

    def _blocks(self, element: etree._Element) -> None:
        """Reads the paragraphs below an element, however deep."""
        for child in children(element):
            if local(child) == "p":
                self._paragraph(child)
            elif not self._left_out(child):
                self._blocks(child)

    def _left_out(self, element: etree._Element) -> bool:
        name = local(element)
        if name in ("footnote", "endnote"):
            return attribute(element, "type") not in ("", "normal")  # the lines that separate notes from text
        gone = name == "tr" and element.find("{*}trPr/{*}del") is not None
        self._revised = self._revised or gone or name in ("ins", "del", "moveFrom", "moveTo")
        return gone or name in _SKIPPED

    def _paragraph(self, element: etree._Element) -> None:
        self._number += 1
        number, start = self._number, self._length
        text: list[str] = []
        spans: list[Span] = []
        boxes: list[etree._Element] = []
        length = 0
        for run_number, run in enumerate(self._runs(element), 1):
            said = "".join(self._characters(run, boxes))
            if said:
                spans.append(Span(start + length, run_number))
                text.append(said)
                length += len(said)
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
        for child in children(element):
            if local(child) in ("r", "t"):
                yield child
            elif not self._left_out(child):
                yield from self._runs(child)

    def _characters(self, run: etree._Element, boxes: list[etree._Element]) -> Iterator[str]:
        if local(run) == "t":  # of a formula
            yield characters(run) or ""
            return
        for child in children(run):
            if child in self._codes:
                continue
            said = characters(child)
            if said is not None:
                yield said
            elif local(child) in PICTURES:
                boxes += text_boxes(child)
