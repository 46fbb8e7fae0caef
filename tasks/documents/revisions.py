"""A document as paragraphs whose pieces know whether they were inserted, deleted, moved or formatted anew.

Beside `story`, which reads tracked changes as accepted, this reads both sides of them, and in an order that two
versions have in common: the body, then headers and footers by section, then notes by reference, whatever their parts
are called. Paragraphs are numbered as in `story`.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Literal

from lxml import etree

from tasks.documents.fields import codes_of
from tasks.documents.package import Package
from tasks.documents.shown import PICTURES, attribute, characters, children, local, text_boxes

Kind = Literal["equal", "inserted", "deleted", "moved_from", "moved_to"]
GONE: frozenset[Kind] = frozenset({"deleted", "moved_from"})
"""What is not there once all is accepted."""
NEW: frozenset[Kind] = frozenset({"inserted", "moved_to"})
"""What is not there once all is rejected."""

_KINDS: dict[str, Kind] = {
    "ins": "inserted",
    "del": "deleted",
    "moveTo": "moved_to",
    "moveFrom": "moved_from",
}
_SKIPPED = frozenset({"pPr", "rPr", "tblPr", "tblGrid", "tcPr", "trPr", "sdtPr", "sdtEndPr"})
_NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}


@dataclass(slots=True)
class Piece:
    """Characters that share their fate."""

    text: str
    """As `story` has them."""
    kind: Kind = "equal"
    shown: str = ""
    """What a reader is told of something without characters: a picture."""
    move: str = ""
    """Name of the move that it is part of."""
    author: str = ""
    source: etree._Element | None = field(default=None, repr=False)
    """The element that holds the characters."""


@dataclass(slots=True)
class Line:
    """A paragraph, with what became of the mark at its end."""

    part: str
    number: int
    """In its part, from 1, as in `story`."""
    identifier: str
    pieces: list[Piece]
    mark: Kind
    element: etree._Element = field(repr=False)
    note: str = ""
    """Of a note: its kind and number."""
    referred: etree._Element | None = field(default=None, repr=False)
    """Of a note: the paragraph that refers to it."""

    @property
    def text(self) -> str:
        """Both sides of it."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def is_new(self) -> bool:
        """Whether nothing of it is in the old version."""
        return self.mark in NEW and all(piece.kind in NEW for piece in self.pieces if piece.text)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a comment is hung up."""

    comment: str
    line: int
    offset: int
    """Characters of the line before it."""
    end: bool


@dataclass(frozen=True)
class Lines:
    """The paragraphs of a document and the anchors of its comments."""

    lines: tuple[Line, ...]
    anchors: tuple[Anchor, ...]
    lengths: tuple[int, ...]
    """Lines of each story, in their order: of the body, then of each header, footer and note."""

    @property
    def stories(self) -> Iterator[tuple[Line, ...]]:
        """The lines of each story; the first one is the body."""
        at = 0
        for length in self.lengths:
            yield self.lines[at : at + length]
            at += length

    def text(self, without: frozenset[Kind] = GONE) -> str:
        """The text, each paragraph with a line break behind it, without what has one of the kinds."""
        return "".join(text for _, text in self.texts(without))

    def texts(self, without: frozenset[Kind] = GONE) -> list[tuple[str, str]]:
        """Kind and text of each story that is part of the text; together they are the text."""
        found: list[tuple[str, str]] = []
        breaks = iter(self.breaks(without))
        for lines in self.stories:
            parts: list[str] = []
            for line in lines:
                parts += [piece.text for piece in line.pieces if piece.kind not in without]
                if next(breaks):
                    parts.append("\n")
            if text := "".join(parts):
                found.append((kind_of(lines), text))
        return found

    def breaks(self, without: frozenset[Kind] = GONE) -> list[bool]:
        """Of each line whether a line break stands behind it.

        A header, footer or note without characters has none: the one version keeps an empty paragraph for it, and the
        other has nothing.
        """
        found: list[bool] = []
        for place, lines in enumerate(self.stories):
            counts = not place or any(
                piece.text for line in lines for piece in line.pieces if piece.kind not in without
            )
            found += [counts and line.mark not in without for line in lines]
        return found

    def path(self, offset: int) -> str:
        """The address of a place in the text of a document without tracked changes; see `Story.path`.

        Behind all of the text it is that of the end of the last paragraph; empty if there is no paragraph at all.
        """
        if not self.lines:
            return ""
        at = self.line_at(offset)
        line = self.lines[at]
        named = f"@{line.identifier}" if line.identifier else ""
        return f"{line.part}#p[{line.number}]{named}/c[{min(offset - self.starts[at], len(line.text))}]"

    def line_at(self, offset: int) -> int:
        """Number of the line that holds the character, from 0."""
        return max(0, bisect_right(self.starts, offset) - 1)

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins in the text of a document without tracked changes."""
        lengths = (len(line.text) + counts for line, counts in zip(self.lines, self.breaks(), strict=True))
        return list(accumulate(lengths, initial=0))[:-1]


def kind_of(story: Sequence[Line]) -> str:
    """What the lines are those of: document, hdr, ftr, footnote or endnote."""
    return story[0].note.partition(" ")[0] or local(story[0].element.getroottree().getroot())


def read_lines(package: Package) -> Lines:
    """All paragraphs, each side of tracked changes. Raises UnusableDocumentError."""
    reader = _Reader()
    body = package.xml(package.main)
    reader.read(package.main, body)
    related = {each.identifier: each for each in package.relationships(package.main) if not each.external}
    seen: set[str] = set()
    for reference in _margins(body):
        name = next((value for key, value in reference.attrib.items() if _ending(key) == "id"), "")
        target = related.get(str(name))
        if target is not None and target.target not in seen and package.has(target.target):
            seen.add(target.target)
            reader.read(target.target, package.xml(target.target))
    for kind in ("footnote", "endnote"):
        for each in related.values():
            if each.kind == f"/relationships/{kind}s" and package.has(each.target):
                reader.read_notes(each.target, package.xml(each.target), kind)
    return Lines(tuple(reader.lines), tuple(reader.anchors), tuple(reader.lengths))


def _margins(body: etree._Element) -> Iterator[etree._Element]:
    """The references to headers and footers, by section; word processors write those of one in orders of their own."""
    for section in body.iter("{*}sectPr"):
        yield from sorted(
            section.iterchildren("{*}headerReference", "{*}footerReference"),
            key=lambda reference: (local(reference) != "headerReference", attribute(reference, "type")),
        )


class _Reader:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.anchors: list[Anchor] = []
        self.lengths: list[int] = []
        """Lines of each story."""
        self._part = ""
        self._number = 0
        self._codes: frozenset[etree._Element] = frozenset()
        """Of the fields of the part, of which only the results are shown."""
        self._references: dict[str, tuple[Kind, etree._Element]] = {}
        """Of notes, in the order of the text, and the paragraphs that they stand in."""
        self._note = ""
        self._moves: dict[Kind, str] = {}
        """Names of the moves that are open."""

    def read(self, part: str, root: etree._Element) -> None:
        self._part, self._number = part, 0
        self._codes = codes_of(root)
        first = len(self.lines)
        self._blocks(root, "equal", "")
        self.lengths.append(len(self.lines) - first)

    def read_notes(self, part: str, root: etree._Element, kind: str) -> None:
        """Notes in the order of their references; what nothing refers to is not shown, and not read."""
        first = len(self.lines)
        self._part, self._number = part, 0
        self._codes = codes_of(root)
        found: dict[str, list[Line]] = {}
        for note in children(root):
            if attribute(note, "type") not in ("", "normal"):
                continue
            name = f"{kind} {attribute(note, 'id')}"
            at = len(self.lines)
            self._note = name
            self._blocks(note, self._references[name][0] if name in self._references else "equal", "")
            found[name] = self.lines[at:]
        self._note = ""
        del self.lines[first:]
        for name, (_, paragraph) in self._references.items():
            lines = found.get(name, [])
            for line in lines:
                line.referred = paragraph
            self.lines += lines
            self.lengths.append(len(lines))

    def _blocks(self, element: etree._Element, kind: Kind, author: str) -> None:
        for child in children(element):
            name = local(child)
            if name == "p":
                self._paragraph(child, kind, author)
            elif name in _KINDS:
                self._blocks(child, _nested(kind, _KINDS[name]), _author(child))
            elif name == "tr":
                self._blocks(child, _nested(kind, _row_kind(child)), author)
            elif name == "tc":
                self._blocks(child, _nested(kind, _cell_kind(child)), author)
            elif name in ("moveFromRangeStart", "moveToRangeStart", "moveFromRangeEnd", "moveToRangeEnd"):
                self._move(child, name)
            elif name in ("commentRangeStart", "commentRangeEnd"):
                self._between(child, name)
            elif name not in _SKIPPED:
                self._blocks(child, kind, author)

    def _move(self, element: etree._Element, name: str) -> None:
        kind: Kind = "moved_from" if name.startswith("moveFrom") else "moved_to"
        self._moves[kind] = attribute(element, "name") if name.endswith("Start") else ""

    def _between(self, element: etree._Element, name: str) -> None:
        """An anchor that stands between paragraphs is at the next one."""
        self.anchors.append(Anchor(attribute(element, "id"), len(self.lines), 0, end=name.endswith("End")))

    def _paragraph(self, element: etree._Element, kind: Kind, author: str) -> None:
        self._number += 1
        properties = element.find("{*}pPr")
        mark = _nested(kind, _mark_kind(properties))
        identifier = next(
            (str(value) for key, value in element.attrib.items() if _ending(key) == "paraId"), ""
        )
        line = Line(
            self._part,
            self._number,
            identifier,
            [],
            mark,
            element,
            self._note,
        )
        place = len(self.lines)
        self.lines.append(line)
        boxes: list[tuple[etree._Element, Kind]] = []
        self._inline(element, kind, author, line, place, boxes)
        for box, fate in boxes:
            self._blocks(box, fate, author)

    def _inline(
        self,
        element: etree._Element,
        kind: Kind,
        author: str,
        line: Line,
        place: int,
        boxes: list[tuple[etree._Element, Kind]],
    ) -> None:
        for child in children(element):
            name = local(child)
            if name == "r":
                line.pieces += self._run(child, kind, author, line, place, boxes)
            elif name == "t":  # of a formula
                line.pieces.append(Piece(characters(child) or "", kind, author=author, source=child))
            elif name in _KINDS:
                fate = _nested(kind, _KINDS[name])
                self._inline(child, fate, _author(child), line, place, boxes)
            elif name.startswith("move") and name.endswith(("RangeStart", "RangeEnd")):
                self._move(child, name)
            elif name in ("commentRangeStart", "commentRangeEnd"):
                length = sum(len(piece.text) for piece in line.pieces if piece.kind not in GONE)
                self.anchors.append(Anchor(attribute(child, "id"), place, length, end=name.endswith("End")))
            elif name not in _SKIPPED:
                self._inline(child, kind, author, line, place, boxes)

    def _reference(self, comment: str, line: Line, place: int) -> None:
        """A comment that is hung up at a place, not on words."""
        if not any(anchor.comment == comment for anchor in self.anchors):
            length = sum(len(piece.text) for piece in line.pieces if piece.kind not in GONE)
            self.anchors += [
                Anchor(comment, place, length, end=False),
                Anchor(comment, place, length, end=True),
            ]

    def _run(
        self,
        run: etree._Element,
        kind: Kind,
        author: str,
        line: Line,
        place: int,
        boxes: list[tuple[etree._Element, Kind]],
    ) -> Iterator[Piece]:
        move = self._moves.get(kind, "")

        def piece(text: str, source: etree._Element, shown: str = "") -> Piece:
            return Piece(text, kind, shown, move, author, source)

        for child in children(run):
            name = local(child)
            if child in self._codes:
                continue
            said = characters(child)
            if said is not None:
                yield piece(said, child)
            elif name == "commentReference":
                self._reference(attribute(child, "id"), line, place)
            elif name in _NOTES:
                self._references.setdefault(f"{_NOTES[name]} {attribute(child, 'id')}", (kind, line.element))
            elif name in PICTURES:
                inside = [*text_boxes(child)]
                boxes += [(box, kind) for box in inside]
                yield piece("", child, "" if inside else "[imagem]")


def _nested(outer: Kind, inner: Kind) -> Kind:
    """What was inserted and then deleted is on neither side: the outer one, which removes it first, decides."""
    return inner if outer == "equal" else outer


def _mark_kind(properties: etree._Element | None) -> Kind:
    marks = properties.find("{*}rPr") if properties is not None else None
    if marks is None:
        return "equal"
    return next((_KINDS[local(each)] for each in marks if local(each) in _KINDS), "equal")


def _row_kind(row: etree._Element) -> Kind:
    properties = row.find("{*}trPr")
    if properties is None:
        return "equal"
    return next((_KINDS[local(each)] for each in properties if local(each) in _KINDS), "equal")


def _cell_kind(cell: etree._Element) -> Kind:
    properties = cell.find("{*}tcPr")
    if properties is None:
        return "equal"
    if properties.find("{*}cellDel") is not None:
        return "deleted"
    return "inserted" if properties.find("{*}cellIns") is not None else "equal"


def _author(element: etree._Element) -> str:
    return attribute(element, "author")


def _ending(name: object) -> str:
    """The name of an attribute without its namespace."""
    return str(name).rpartition("}")[2]
