"""The changes that a redline holds: what was taken out, put in, moved, formatted anew, and where in both versions."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tasks.documents.change import Category
from tasks.documents.revisions import GONE, NEW, Kind, Line, Lines
from tasks.documents.shown import UNSEEN

_GAP = re.compile(r"[\s.,;:/()%$ºª°–-]{0,3}")
"""Equal signs between two changes that are read as one: of 1.000 to 2.500 only the point is the same."""
_BREAK = "[quebra de parágrafo]"
_BLANK = "[linha em branco]"
_SECTION = "[nova seção]"
_SPACE, _TAB, _LINE_BREAK = "[espaço]", "[tabulação]", "[quebra de linha]"


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
    """Empty for a mark."""
    kind: Kind
    shown: str
    move: str
    old: int
    new: int
    is_mark: bool = False


def read_changes(redline: Lines) -> list[RawChange]:
    """The changes of the text, in its order. Those of its looks are in `looks`."""
    runs = [
        (run, line)
        for line, atoms in zip(redline.lines, atoms_of(redline), strict=True)
        for run in _runs(atoms)
    ]
    whole = _whole_moves([run for run, _ in runs])
    changes: list[RawChange] = []
    moves: dict[str, dict[Kind, list[RawChange]]] = {}
    for run, line in runs:
        change = _edit(run)
        changes.append(change)
        if run[0].move in whole:
            moves.setdefault(run[0].move, {}).setdefault(run[0].kind, []).append(change)
        else:
            _tell_unseen(change, run, line)
    return _with_moves(changes, moves)


def _whole_moves(runs: Sequence[Sequence[Atom]]) -> set[str]:
    """The moves that say something and have both ends; half a move is a removal or an inclusion."""
    found: dict[Kind, set[str]] = {"moved_from": set(), "moved_to": set()}
    for run in runs:
        if run[0].kind in found and any(atom.text.strip() for atom in run):
            found[run[0].kind].add(run[0].move)
    return (found["moved_from"] & found["moved_to"]) - {""}


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
        # Where no line break stands on either side nothing has changed.
        kind = line.mark if old_break or new_break else "equal"
        atoms.append(Atom(at, len(line.pieces), "", kind, "", move, old, new, is_mark=True))
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


def _edit(run: Sequence[Atom]) -> RawChange:
    first, last = run[0], run[-1]
    category: Category = "modificacao"
    if all(each.kind in NEW for each in run):
        category = "inclusao"
    elif all(each.kind in GONE for each in run):
        category = "remocao"
    return RawChange(
        category,
        "".join(each.text or each.shown for each in run if each.kind not in NEW),
        "".join(each.text or each.shown for each in run if each.kind not in GONE),
        first.old,
        last.old + len(last.text) * (last.kind not in NEW),
        first.new,
        last.new + len(last.text) * (last.kind not in GONE),
        first.line,
        spots=[(first.line, first.place, last.place + 1)],
    )


def _tell_unseen(change: RawChange, run: Sequence[Atom], line: Line) -> None:
    """Puts into words what has none: a changed mark at the end of a paragraph, changed blanks, and what nobody sees.

    Blanks that leave the words as they were (one for two, another kind) are a change of the looks, and so are accents
    and hyphens that look the same. Where blanks join or part words the text has changed.
    """
    place, behind = run[0].place, run[-1].place + 1
    same = _words(line, place, behind, change.before, NEW) == _words(line, place, behind, change.after, GONE)
    if same and run[-1].is_mark:
        _tell_mark(change, line, came=run[-1].kind in NEW)
    elif same and (change.before or change.after):
        _tell_blanks(change)
    elif not (change.before + change.after).strip():
        change.before, change.after = _blanks(change.before), _blanks(change.after)


def _words(line: Line, place: int, behind: int, text: str, without: frozenset[Kind]) -> list[str]:
    """Those of a changed text on one side, with the characters next to it."""
    before = (piece.text for piece in reversed(line.pieces[:place]) if piece.kind not in without)
    after = (piece.text for piece in line.pieces[behind:] if piece.kind not in without)
    left, right = next(filter(None, before), ""), next(filter(None, after), "")
    return _seen(f"{left[-1:]}{text}{right[:1]}").split()


def _seen(text: str) -> str:
    """What a reader sees of a text: an accent that is a sign of its own looks like one that is not."""
    return unicodedata.normalize("NFC", text.translate(UNSEEN))


def _tell_mark(change: RawChange, line: Line, *, came: bool) -> None:
    if line.element.find("{*}pPr/{*}sectPr") is not None:
        said = _SECTION
    elif any(piece.text.strip() or piece.shown for piece in line.pieces):
        said = _BREAK
    else:
        change.category, change.before, change.after = (
            "formatacao",
            _BLANK,
            "incluída" if came else "retirada",
        )
        return
    change.category = "inclusao" if came else "remocao"
    change.before, change.after = ("", said) if came else (said, "")


def _tell_blanks(change: RawChange) -> None:
    was, now = _blanks(change.before), _blanks(change.after)
    change.category = "formatacao"
    if change.before.split() != change.after.split():
        change.before, change.after = change.after or change.before, "mesmo texto, com outros caracteres"
    elif change.after.strip():
        change.before, change.after = change.after, "espaços alterados"
    elif was and now and was != now:
        change.before, change.after = was, now
    else:
        said = "alterad" if was == now else "retirad" if was else "incluíd"
        change.before = was or now
        change.after = said + ("o" if change.before == _SPACE else "a")


def _blanks(text: str) -> str:
    """What a reader is told of blanks; empty if there are none."""
    if not text:
        return ""
    return _LINE_BREAK if "\n" in text else _TAB if "\t" in text else _SPACE


def _with_moves(changes: list[RawChange], moves: dict[str, dict[Kind, list[RawChange]]]) -> list[RawChange]:
    """What was taken out here and put in there as one change, at its new place."""
    gone: set[int] = set()
    for sides in moves.values():
        sources, targets = sides["moved_from"], sides["moved_to"]
        held = targets[0]
        held.category, held.moved = "modificacao", True
        held.before = "\n".join(each.before for each in sources)
        held.after = "\n".join(each.after for each in targets)
        held.old_start, held.old_end = sources[0].old_start, sources[-1].old_end
        held.new_end = targets[-1].new_end
        held.spots = [spot for each in (*sources, *targets) for spot in each.spots]
        gone |= {id(each) for each in (*sources, *targets[1:])}
    return [change for change in changes if id(change) not in gone and (change.before + change.after).strip()]
