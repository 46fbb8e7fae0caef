"""Two documents compared by their words alone: for pairs whose redline does not hold what it promises.

Formatting and moves are not seen. What it says of the text is always true.
"""

import re
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from tasks.documents.revisions import Kind, Line, Lines, Piece

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 50.0
"""Per cent of agreement from which two paragraphs are versions of one."""


def compared_by_words(old: Lines, new: Lines) -> Lines:
    """The lines of both, as those of a redline."""
    before, after = old.lines, new.lines
    made: list[Line] = []
    for step in Indel.opcodes([line.text for line in before], [line.text for line in after]):
        if step.tag == "equal":
            made += [_whole(line, "equal") for line in after[step.dest_start : step.dest_end]]
        elif step.tag == "delete":
            made += [_whole(line, "deleted") for line in before[step.src_start : step.src_end]]
        else:
            made += [_whole(line, "inserted") for line in after[step.dest_start : step.dest_end]]
    return Lines(tuple(_paired(made)), ())


def _whole(line: Line, kind: Kind) -> Line:
    return Line(
        line.part, line.number, line.identifier, [Piece(line.text, kind)], kind, line.element, note=line.note
    )


def _paired(lines: Sequence[Line]) -> Iterator[Line]:
    """Of a run of deleted and inserted paragraphs those that resemble each other as one, in their order."""
    at = 0
    while at < len(lines):
        if lines[at].mark == "equal":
            yield lines[at]
            at += 1
            continue
        end = at
        while end < len(lines) and lines[end].mark != "equal":
            end += 1
        gone = [line for line in lines[at:end] if line.mark == "deleted"]
        come = [line for line in lines[at:end] if line.mark == "inserted"]
        for line in come:
            match = next(
                (
                    place
                    for place, each in enumerate(gone)
                    if each.note == line.note and fuzz.ratio(each.text, line.text) >= _ALIKE
                ),
                None,
            )
            if match is None:
                yield line
                continue
            yield from gone[:match]
            yield _changed(gone[match], line)
            del gone[: match + 1]
        yield from gone
        at = end


def _changed(old: Line, new: Line) -> Line:
    before, after = _TOKEN.findall(old.text), _TOKEN.findall(new.text)
    kinds: dict[str, Kind] = {"equal": "equal", "delete": "deleted", "insert": "inserted"}
    pieces = [
        Piece(
            "".join(
                before[step.src_start : step.src_end]
                if step.tag == "delete"
                else after[step.dest_start : step.dest_end]
            ),
            kinds[step.tag],
        )
        for step in Indel.opcodes(before, after)
    ]
    return Line(new.part, new.number, new.identifier, pieces, "equal", new.element, note=new.note)
