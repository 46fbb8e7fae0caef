"""The markers of a tagged model taken out of it, so that it reads as the contracts that are made of it."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from lxml import etree

from tasks.documents.package import MadePackage
from tasks.documents.revisions import Line, Lines, Piece, read_lines
from tasks.documents.story import Paragraph, Story
from tasks.documents.tags import Marker, Tag, find_markers, find_tags


@dataclass(frozen=True, slots=True)
class TagSpan:
    """A sound tag and the range of the text (`Lines.text`) that it was around."""

    tag: Tag
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A document without markers."""

    document: MadePackage
    lines: Lines
    """Of the document."""
    spans: tuple[TagSpan, ...]
    markers: int
    """How many were taken out."""


def without_markers(document: MadePackage) -> Unmarked:
    """Takes the markers out of a clean copy, those of `find_markers` and nothing else.

    Paragraphs that held nothing else go with them.
    """
    lines = read_lines(document)
    story = _as_story(lines)
    markers = find_markers(story)
    if not markers:
        return Unmarked(document, lines, (), 0)
    tags = find_tags(story).tags
    roots = {line.part: line.element.getroottree().getroot() for line in lines.lines}
    gone = _cut(lines, markers)
    kept = _drop_hollow(lines, {lines.line_at(marker.start) for marker in markers})
    parts = dict(document.contents)
    for name, root in roots.items():
        parts[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    shift = _Shift(lines, gone, kept)
    spans = tuple(TagSpan(tag, shift(tag.start), shift(tag.end)) for tag in tags)
    made = MadePackage(parts)
    return Unmarked(made, read_lines(made), spans, len(markers))


def _as_story(lines: Lines) -> Story:
    paragraphs = tuple(
        Paragraph(line.part, line.number, line.identifier or None, start, line.text, ())
        for line, start in zip(lines.lines, lines.starts, strict=True)
    )
    return Story(paragraphs, lines.text(), revised=False)


def _cut(lines: Lines, markers: Sequence[Marker]) -> list[tuple[int, int]]:
    """Takes the characters out of lines and runs; returns the ranges that are gone."""
    gone: list[tuple[int, int]] = []
    for marker in reversed(markers):
        if gone and marker.end > gone[-1][0]:
            continue
        at = lines.line_at(marker.start)
        start = lines.starts[at]
        for piece in lines.lines[at].pieces:
            # Markers are taken out from behind, so what stands before one is as it was read.
            end = start + len(piece.text)
            if start < marker.end and marker.start < end:
                _take_out(piece, max(0, marker.start - start), min(len(piece.text), marker.end - start))
            start = end
        gone.append((marker.start, marker.end))
    return gone[::-1]


def _take_out(piece: Piece, left: int, right: int) -> None:
    piece.text = piece.text[:left] + piece.text[right:]
    element = piece.source
    parent = element.getparent() if element is not None else None
    if element is not None and str(element.tag).endswith("}t"):
        element.text = piece.text
        element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    elif element is not None and parent is not None:
        parent.remove(element)


def _drop_hollow(lines: Lines, places: set[int]) -> Lines:
    """Takes out the paragraphs that held markers alone; returns those that stay."""
    hollow: set[int] = set()
    for place in sorted(places):
        line = lines.lines[place]
        parent = line.element.getparent()
        if not line.text and parent is not None and _is_spare(line, parent):
            parent.remove(line.element)
            hollow.add(id(line))
    stories = [[line for line in story if id(line) not in hollow] for story in lines.stories]
    return Lines(tuple(line for story in stories for line in story), (), tuple(map(len, stories)))


def _is_spare(line: Line, parent: etree._Element) -> bool:
    if any(piece.shown for piece in line.pieces) or line.element.find("{*}pPr/{*}sectPr") is not None:
        return False
    # What holds paragraphs holds at least one, and a cell ends with one.
    following = [
        each for each in line.element.itersiblings(etree.Element) if not str(each.tag).endswith("}sectPr")
    ]
    others = [each for each in parent if each is not line.element and str(each.tag).endswith("}p")]
    return bool(others) and (bool(following) or not str(parent.tag).endswith("}tc"))


class _Shift:
    """Where a place is once markers are gone, and the paragraphs that held nothing else."""

    def __init__(self, lines: Lines, gone: Sequence[tuple[int, int]], kept: Lines) -> None:
        self._lines = lines
        self._gone = gone
        self._begins = [start for start, _ in gone]
        self._lost = [0, *accumulate(end - start for start, end in gone)]
        starts = {id(line): start for line, start in zip(kept.lines, kept.starts, strict=True)}
        at = len(kept.text())
        behind: list[int] = []
        for line in reversed(lines.lines):
            at = starts.get(id(line), at)
            behind.append(at)
        self._starts = behind[::-1]
        """Of each line, or of what stands behind it, once it is gone."""

    def __call__(self, offset: int) -> int:
        at = self._lines.line_at(offset)
        start = self._lines.starts[at]
        return self._starts[at] + offset - start - (self._cut(offset) - self._cut(start))

    def _cut(self, offset: int) -> int:
        """Characters before a place that are gone."""
        at = bisect_right(self._begins, offset)
        return self._lost[at] - max(0, self._gone[at - 1][1] - offset if at else 0)
