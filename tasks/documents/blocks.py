"""Changes that are read together, and what a report shows of the text around them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.documents.change import ClauseName
from tasks.documents.changes import RawChange
from tasks.documents.revisions import GONE, NEW, Kind, Line, Lines

_APART = 200
"""Characters between two changes from which they are read apart."""
_CONTEXT = 400
"""Characters of unchanged text that are shown on each side of a change; the rest of a long paragraph is left out."""
_LEFT_OUT = " […] "


@dataclass(frozen=True, slots=True)
class Segment:
    """Characters of a paragraph that share their fate."""

    text: str
    kind: Kind
    change: int
    """Number of the change (`Change.sort`), or 0."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A paragraph of a block; `place` is its number in the redline, from 0."""

    place: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Changes near each other in one clause."""

    number: int
    clause: ClauseName | None
    part: str
    """Of the document: text, header, footer or notes, in Portuguese; empty for the text."""
    changes: tuple[int, ...]
    """Their numbers (`Change.sort`)."""
    lines: tuple[ShownLine, ...]


def blocks_of(
    lines: Lines, changes: Sequence[RawChange], clauses: Sequence[ClauseName | None]
) -> tuple[tuple[Block, ...], list[int]]:
    """The blocks, and for each change the number of its block. `changes` are in the order of the text."""
    numbers: list[int] = []
    for place, change in enumerate(changes):
        if place and _is_near(lines, changes[place - 1], change) and clauses[place - 1] == clauses[place]:
            numbers.append(numbers[-1])
        else:
            numbers.append(numbers[-1] + 1 if numbers else 1)
    spots = {
        (line, piece): place
        for place, change in enumerate(changes, 1)
        for line, first, behind in change.spots
        for piece in range(first, behind)
    }
    held: dict[int, list[int]] = {}
    for place, number in enumerate(numbers):
        held.setdefault(number, []).append(place)
    blocks = tuple(
        Block(
            number=number,
            clause=clauses[places[0]],
            part=_part_name(lines.lines[changes[places[0]].line]) if lines.lines else "",
            changes=tuple(place + 1 for place in places),
            lines=tuple(_shown([changes[place] for place in places], lines, spots)),
        )
        for number, places in held.items()
    )
    return blocks, numbers


def _is_near(lines: Lines, one: RawChange, other: RawChange) -> bool:
    first, second = lines.lines[one.line], lines.lines[other.line]
    return first.part == second.part and first.note == second.note and other.new_start - one.new_end < _APART


def _shown(
    changes: Sequence[RawChange], lines: Lines, spots: dict[tuple[int, int], int]
) -> Iterator[ShownLine]:
    places = sorted(
        {change.line for change in changes} | {spot[0] for each in changes for spot in each.spots}
    )
    for place in places:
        line = lines.lines[place]
        segments: list[Segment] = []
        for number, piece in enumerate(line.pieces):
            text = piece.text or piece.shown
            change = spots.get((place, number), 0)
            if segments and (segments[-1].kind, segments[-1].change) == (piece.kind, change):
                segments[-1] = Segment(segments[-1].text + text, piece.kind, change)
            elif text:
                segments.append(Segment(text, piece.kind, change))
        if line.mark != "equal" and (
            not line.text or any(_side(each.kind) != _side(line.mark) for each in segments)
        ):
            segments.append(Segment("¶", line.mark, spots.get((place, len(line.pieces)), 0)))
        yield ShownLine(place, tuple(_shortened(segments)))


def _side(kind: Kind) -> int:
    return (kind in NEW) - (kind in GONE)


def _shortened(segments: Sequence[Segment]) -> Iterator[Segment]:
    """Long unchanged stretches without their middle."""
    for place, segment in enumerate(segments):
        text = segment.text
        keep_left = _CONTEXT if place else 0
        keep_right = _CONTEXT if place < len(segments) - 1 else 0
        if segment.change or segment.kind != "equal" or len(text) <= keep_left + keep_right + _CONTEXT:
            yield segment
            continue
        left, right = text[:keep_left], text[len(text) - keep_right :] if keep_right else ""
        yield Segment(f"{left}{_LEFT_OUT}{right}", segment.kind, 0)


def _part_name(line: Line) -> str:
    if line.note:
        return "nota de fim" if line.note.startswith("endnote") else "nota de rodapé"
    root = str(line.element.getroottree().getroot().tag).rpartition("}")[2]
    return {"hdr": "cabeçalho", "ftr": "rodapé"}.get(root, "")
