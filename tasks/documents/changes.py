"""The changes that a redline holds: what was taken out, put in, moved, formatted anew, and where in both versions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tasks.documents.change import Category
from tasks.documents.revisions import GONE, NEW, Kind, Line, Lines

_GAP = re.compile(r"[\s.,;:/()%$ºª°–-]{0,3}")
"""Equal signs between two changes that are read as one: of 1.000 to 2.500 only the point is the same."""
_BREAK = "[quebra de parágrafo]"
_BLANK = "[linha em branco]"
_SECTION = "[nova seção]"


@dataclass(slots=True)
class RawChange:
    """A change in the offsets of both texts (`Lines.text`)."""

    category: Category
    before: str
    after: str
    old_start: int
    old_end: int
    new_start: int
    new_end: int
    line: int
    """Of the redline, from 0."""
    moved: bool = False
    spots: list[tuple[int, int, int]] = field(default_factory=list)
    """Its pieces in the redline: line, first piece, piece behind the last; the mark of a line counts as its last."""


@dataclass(slots=True)
class Atom:
    """A piece, or the mark at the end of a line, with its place in both texts."""

    line: int
    place: int
    text: str
    kind: Kind
    shown: str
    move: str
    old: int
    new: int


def read_changes(redline: Lines) -> list[RawChange]:
    """The changes of the text, in its order. Those of its looks are in `looks`."""
    changes: list[RawChange] = []
    moves: dict[str, dict[Kind, list[RawChange]]] = {}
    for at, atoms in enumerate(atoms_of(redline)):
        line = redline.lines[at]
        for run in _runs(atoms):
            if run[0].move:
                change = _edit(run, line)
                moves.setdefault(run[0].move, {}).setdefault(run[0].kind, []).append(change)
                changes.append(change)
            else:
                changes.append(_edit(run, line))
    return _with_moves(changes, moves)


def atoms_of(redline: Lines) -> Iterator[list[Atom]]:
    """The atoms of each line."""
    old = new = 0
    breaks = zip(redline.lines, redline.breaks(NEW), redline.breaks(GONE), strict=True)
    for at, (line, old_break, new_break) in enumerate(breaks):
        atoms: list[Atom] = []
        for place, piece in enumerate(line.pieces):
            atoms.append(Atom(at, place, piece.text, piece.kind, piece.shown, piece.move, old, new))
            old += len(piece.text) * (piece.kind not in NEW)
            new += len(piece.text) * (piece.kind not in GONE)
        sides = NEW if line.mark in NEW else GONE if line.mark in GONE else frozenset()
        move = next((piece.move for piece in line.pieces if piece.kind in sides and piece.move), "")
        atoms.append(Atom(at, len(line.pieces), "\n", line.mark, "", move, old, new))
        old += old_break
        new += new_break
        yield atoms


def _runs(atoms: Sequence[Atom]) -> Iterator[list[Atom]]:
    """The atoms of a line that are one change each."""
    run: list[Atom] = []
    gap: list[Atom] = []
    for atom in atoms:
        if atom.kind == "equal":
            gap.append(atom)
            if run and not (_GAP.fullmatch("".join(each.text for each in gap)) and "\n" not in atom.text):
                yield run
                run = []
        elif run and run[-1].move == atom.move:
            run += [*gap, atom]
            gap = []
        else:
            if run:
                yield run
            run, gap = [atom], []
    if run:
        yield run


def _edit(run: Sequence[Atom], line: Line) -> RawChange:
    before = "".join(each.text or each.shown for each in run if each.kind not in NEW)
    after = "".join(each.text or each.shown for each in run if each.kind not in GONE)
    first, last = run[0], run[-1]
    category: Category = "modificacao"
    if all(each.kind in NEW for each in run):
        category = "inclusao"
    elif all(each.kind in GONE for each in run):
        category = "remocao"
    if not (before + after).strip():
        said = _BREAK if line.text.strip() else _BLANK
        if line.element.find("{*}pPr/{*}sectPr") is not None:
            said = _SECTION
        if said == _BLANK:
            category, before, after = "formatacao", said, "incluída" if first.kind in NEW else "retirada"
        else:
            before, after = ("", said) if category == "inclusao" else (said, "")
    return RawChange(
        category,
        before.strip("\n"),
        after.strip("\n"),
        first.old,
        last.old + len(last.text.strip("\n")) * (last.kind not in NEW),
        first.new,
        last.new + len(last.text.strip("\n")) * (last.kind not in GONE),
        first.line,
        spots=[(first.line, first.place, last.place + 1)],
    )


def _with_moves(changes: list[RawChange], moves: dict[str, dict[Kind, list[RawChange]]]) -> list[RawChange]:
    """What was taken out here and put in there as one change, at its new place."""
    gone: set[int] = set()
    for sides in moves.values():
        sources, targets = sides.get("moved_from", []), sides.get("moved_to", [])
        if not sources or not targets:
            continue  # half a move: a removal or an inclusion
        held = targets[0]
        held.category, held.moved = "modificacao", True
        held.before = "\n".join(each.before for each in sources)
        held.after = "\n".join(each.after for each in targets)
        held.old_start, held.old_end = sources[0].old_start, sources[-1].old_end
        held.new_end = targets[-1].new_end
        held.spots = [spot for each in (*sources, *targets) for spot in each.spots]
        gone |= {id(each) for each in (*sources, *targets[1:])}
    return [
        change for change in changes if id(change) not in gone and (change.before or change.after).strip()
    ]
