"""Two documents compared by their words alone: for pairs whose redline does not hold what it promises.

Formatting and moves are not seen. What it says of the text is always true. In the same way it is told what changed in
a paragraph that a redline exchanges as a whole.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from lxml import etree
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from tasks.documents.revisions import Kind, Line, Lines, Piece, kind_of

_TOKEN = re.compile(r"\d+(?:[.,/]\d+)*|\w+|\s+|[^\w\s]")
_ALIKE = 50.0
"""Per cent of agreement from which two paragraphs are versions of one."""

_EXCHANGED = 70.0
"""The same of two that an engine, which saw more than their words, took for different ones."""

_OPPOSITE: dict[Kind, Kind] = {"inserted": "deleted", "deleted": "inserted"}

_Story = tuple[Line, ...]
_T = TypeVar("_T")


def compared_by_words(old: Lines, new: Lines) -> Lines:
    """The lines of both, as those of a redline.

    A story is compared with one of its own kind alone: the body with the body, a header with a header, a note with a
    note. On each side the text is that of its version, whatever the parts of the file are called.
    """
    stories = [[*_compared(*pair)] for pair in _paired_stories([*old.stories], [*new.stories])]
    return Lines(tuple(line for lines in stories for line in lines), (), tuple(map(len, stories)))


def by_words_where_exchanged(redline: Lines) -> Lines:
    """The same redline, in which a paragraph that went and one much like it that came in its place are one.

    An engine exchanges a paragraph as a whole for the sake of a content control in it, and a reader looks for the one
    word that is another. Among paragraphs that came, it takes the first one for a version of one that was there, and
    tells "3. RESCISÃO → 3. GARANTIA" where 3. GARANTIA came and RESCISÃO is the fourth now. Each side stays the text
    of its version.
    """
    stories = [[*_by_words(_aligned(story))] for story in redline.stories]
    return Lines(tuple(line for lines in stories for line in lines), (), tuple(map(len, stories)))


def _aligned(story: _Story) -> _Story:
    """A story in which a changed paragraph among ones that came, or went, is a version of the one most like it."""
    lines = [*story]
    for at, line in enumerate(story):
        kinds = {piece.kind for piece in line.pieces if piece.kind != "equal"}
        if line.mark != "equal" or any(piece.shown or piece.move for piece in line.pieces):
            continue
        for kind, other in _OPPOSITE.items():
            if kind in kinds:
                _align(lines, at, kind, other)
    return tuple(lines)


def _align(lines: list[Line], at: int, kind: Kind, other: Kind) -> None:
    """Exchanges the changed paragraph for the best of its neighbours that came (`kind`), or went."""
    changed = lines[at]
    kept, own = (
        "".join(piece.text for piece in changed.pieces if piece.kind != without) for without in (kind, other)
    )
    best, score = at, fuzz.ratio(kept, own)
    for step in (1, -1):
        place = at + step
        while 0 <= place < len(lines) and _is_beside(lines[place], changed, kind):
            if (its := fuzz.ratio(kept, lines[place].text)) > score:
                best, score = place, its
            place += step
    if best == at:
        return
    stays, found = replace(changed, pieces=[Piece(kept)]), lines[best]
    lines[at] = _whole(replace(changed, pieces=[Piece(own)]), kind)
    gone, come = (stays, found) if kind == "inserted" else (found, stays)
    lines[best] = replace(_changed(gone, come), element=found.element, number=found.number)


def _is_beside(line: Line, changed: Line, kind: Kind) -> bool:
    """Whether all of a paragraph came, or went, at the place of the changed one."""
    return (
        line.mark == kind
        and line.element.getparent() is changed.element.getparent()
        and line.element.find("{*}pPr/{*}sectPr") is None
        and all(piece.kind == kind and not piece.shown for piece in line.pieces)
    )


def _by_words(story: _Story) -> Iterator[Line]:
    for cell, held in groupby(story, key=_exchanged_in):
        lines = [*held]
        gone = [line for line in lines if line.mark == "deleted"]
        come = [line for line in lines if line.mark == "inserted"]
        yield from lines if cell is None or not gone or not come else _resembling(gone, come, _EXCHANGED)


def _exchanged_in(line: Line) -> etree._Element | None:
    """What holds a paragraph that came or went as a whole; None for all others.

    Cells are places of their own: where a row went and another one came nothing is said of which is which.
    """
    is_whole = line.mark in ("deleted", "inserted") and bool(line.text)
    if not is_whole or any(piece.kind != line.mark or piece.shown for piece in line.pieces):
        return None
    if line.element.find("{*}pPr/{*}sectPr") is not None:
        return None
    around = line.element.iterancestors("{*}tc", "{*}txbxContent", "{*}footnote", "{*}endnote")
    return next(around, line.element.getroottree().getroot())


def _paired_stories(old: Sequence[_Story], new: Sequence[_Story]) -> Iterator[tuple[_Story, _Story]]:
    """The stories that are versions of each other in the order of both; () for what one version does not have."""
    yield old[0], new[0]
    # A story without characters has no part in the text: one version keeps it, and the other has nothing.
    before, after = ([each for each in stories[1:] if _text(each)] for stories in (old, new))
    for gone, come, same in _runs(before, after, lambda story: (kind_of(story), _text(story))):
        if same:
            yield from zip(gone, come, strict=True)
            continue
        for ones, others, alike in _runs(gone, come, kind_of):
            if alike:
                yield from zip(ones, others, strict=True)
            else:
                yield from ((each, ()) for each in ones)
                yield from (((), each) for each in others)


def _text(story: _Story) -> str:
    """What it says; empty if it has no characters."""
    return "\n".join(line.text for line in story) if any(line.text for line in story) else ""


def _compared(old: _Story, new: _Story) -> Iterator[Line]:
    """The lines of two versions of a story, all of them at the place of the new one."""
    if old and new:
        old = tuple(replace(line, part=new[0].part, note=new[0].note) for line in old)
    for gone, come, same in _runs(old, new, lambda line: line.text):
        if same:
            yield from (_whole(line, "equal") for line in come)
        else:
            yield from _resembling(gone, come)


def _runs(
    before: Sequence[_T], after: Sequence[_T], key: Callable[[_T], Hashable]
) -> Iterator[tuple[Sequence[_T], Sequence[_T], bool]]:
    """Both in their order: what they have in common, and between it what they have not; whether it is the same."""
    gone: list[_T] = []
    come: list[_T] = []
    for step in Indel.opcodes([key(each) for each in before], [key(each) for each in after]):
        ones, others = before[step.src_start : step.src_end], after[step.dest_start : step.dest_end]
        if step.tag != "equal":
            gone += ones
            come += others
            continue
        if gone or come:
            yield gone, come, False
            gone, come = [], []
        yield ones, others, True
    if gone or come:
        yield gone, come, False


def _whole(line: Line, kind: Kind) -> Line:
    return replace(line, pieces=[Piece(line.text, kind)], mark=kind)


def _resembling(gone: Sequence[Line], come: Sequence[Line], alike: float = _ALIKE) -> Iterator[Line]:
    """Of paragraphs that went and came those that resemble each other as one, in their order."""
    left = [*gone]
    for line in come:
        match = next(
            (place for place, each in enumerate(left) if fuzz.ratio(each.text, line.text) >= alike), None
        )
        if match is None:
            yield _whole(line, "inserted")
            continue
        yield from (_whole(each, "deleted") for each in left[:match])
        yield _changed(left[match], line)
        del left[: match + 1]
    yield from (_whole(each, "deleted") for each in left)


def _changed(old: Line, new: Line) -> Line:
    pieces: list[Piece] = []
    # Blanks are alike, whichever they are, so that the words decide what belongs together.
    for gone, come, same in _runs(
        _TOKEN.findall(old.text), _TOKEN.findall(new.text), lambda token: token.strip() or " "
    ):
        if not same:
            pieces += [Piece("".join(gone), "deleted"), Piece("".join(come), "inserted")]
            continue
        for one, other in zip(gone, come, strict=True):
            if one == other:
                pieces.append(Piece(other))
            else:
                pieces += [Piece(one, "deleted"), Piece(other, "inserted")]
    return replace(new, pieces=[*_joined(pieces)], mark="equal")


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Neighbours that share their fate as one."""
    for kind, held in groupby(pieces, key=lambda piece: piece.kind):
        if text := "".join(piece.text for piece in held):
            yield Piece(text, kind)
