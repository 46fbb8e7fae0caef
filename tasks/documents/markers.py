"""The markers of a tagged model taken out of it, so that it reads as the contracts that are made of it."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from lxml import etree

from tasks.documents.clean_copy import packed
from tasks.documents.package import package_of
from tasks.documents.revisions import Line, Lines, read_lines
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

    data: bytes
    spans: tuple[TagSpan, ...]
    markers: int
    """How many were taken out."""


def without_markers(data: bytes) -> Unmarked:
    """Takes the markers out of a clean copy. Paragraphs that held nothing else go with them."""
    package = package_of(data)
    lines = read_lines(package)
    story = _as_story(lines)
    markers = find_markers(story)
    if not markers:
        return Unmarked(data, (), 0)
    gone = _cut(lines, markers)
    tags = find_tags(story).tags
    changed = {line.part: line.element.getroottree().getroot() for line in lines.lines}
    _drop_hollow(lines, {lines.line_at(marker.start) for marker in markers}, gone)
    parts = {name: package.read(name) for name in package.parts}
    for name, root in changed.items():
        parts[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    shift = _Shift(gone)
    spans = tuple(TagSpan(tag, shift(tag.start), shift(tag.end)) for tag in tags)
    return Unmarked(packed(parts), spans, len(markers))


def _as_story(lines: Lines) -> Story:
    paragraphs = tuple(
        Paragraph(line.part, line.number, line.identifier or None, start, line.text, ())
        for line, start in zip(lines.lines, lines.starts, strict=True)
    )
    return Story(paragraphs, "\n".join(each.text for each in paragraphs), revised=False)


def _cut(lines: Lines, markers: Sequence[Marker]) -> list[tuple[int, int]]:
    """Takes the characters out of the runs; returns the ranges that are gone."""
    gone: list[tuple[int, int]] = []
    for marker in reversed(markers):
        if gone and marker.end > gone[-1][0]:
            continue
        at = lines.line_at(marker.start)
        start = lines.starts[at]
        for piece in lines.lines[at].pieces:
            end = start + len(piece.text)
            if start < marker.end and marker.start < end and piece.source is not None:
                left, right = max(0, marker.start - start), min(len(piece.text), marker.end - start)
                _take_out(piece.source, left, right)
            start = end
        gone.append((marker.start, marker.end))
    return gone[::-1]


def _take_out(element: etree._Element, left: int, right: int) -> None:
    parent = element.getparent()
    if element.text is not None and str(element.tag).endswith("}t"):
        # Markers are taken out from behind, so what stands before one is as it was read.
        element.text = element.text[:left] + element.text[right:]
        element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    elif parent is not None:
        parent.remove(element)


def _drop_hollow(lines: Lines, places: set[int], gone: list[tuple[int, int]]) -> None:
    """Takes out the paragraphs that held markers alone, and adds their ends to what is gone."""
    for place in sorted(places):
        line, start = lines.lines[place], lines.starts[place]
        cut = sum(end - begin for begin, end in gone if start <= begin < start + len(line.text))
        parent = line.element.getparent()
        if cut == len(line.text) and parent is not None and _is_spare(line, parent):
            parent.remove(line.element)
            gone.append((start + len(line.text), start + len(line.text) + 1))
    gone.sort()


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
    """Where a place is once ranges before it are gone."""

    def __init__(self, gone: Sequence[tuple[int, int]]) -> None:
        self._gone = gone
        self._starts = [start for start, _ in gone]
        self._lost = [0, *accumulate(end - start for start, end in gone)]

    def __call__(self, offset: int) -> int:
        at = bisect_right(self._starts, offset)
        if at and offset < self._gone[at - 1][1]:
            return self._gone[at - 1][0] - self._lost[at - 1]
        return offset - self._lost[at]
