"""Changes of the looks alone: words that both versions have, and that are bold, larger or elsewhere on the page in one.

The engine tells some of them; where the runs of a version are divided otherwise it tells too few. So the properties of
both versions are compared here, character by character of what they have in common. What a style means is not looked
up: another style is a change, another meaning of the same style is none.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from lxml import etree

from tasks.documents.changes import Atom, RawChange, atoms_of
from tasks.documents.formatting import block_change, run_change, tables_and_sections
from tasks.documents.revisions import Line, Lines


def read_looks(redline: Lines, old: Lines, new: Lines) -> Iterator[RawChange]:
    """The changes of the looks. What the redline says on each side must be the texts of the versions."""
    before, after = _Runs(old), _Runs(new)
    wide = _of_tables_and_sections(redline)
    for place, (line, atoms) in enumerate(zip(redline.lines, atoms_of(redline), strict=True)):
        found: list[RawChange] = []
        for atom in atoms[:-1]:
            if atom.kind == "equal" and atom.text.strip():
                found += _differences(atom, before, after)
        yield from _joined(found)
        mark = atoms[-1]
        if mark.kind != "equal" or not line.text.strip():
            continue
        was, now = old.line_at(mark.old), new.line_at(mark.new)
        said = block_change(_properties(old.lines[was]), _properties(new.lines[now]))
        for what in (said, wide.get(place, "")):
            if what:
                yield RawChange(
                    "formatacao",
                    new.lines[now].text,
                    what,
                    old.starts[was],
                    mark.old,
                    new.starts[now],
                    mark.new,
                    place,
                    spots=[(place, 0, mark.place)],
                )


class _Runs:
    """The properties of the runs of a document without tracked changes, by place."""

    def __init__(self, lines: Lines) -> None:
        lengths: list[int] = []
        self._properties: list[etree._Element | None] = []
        for line, counts in zip(lines.lines, lines.breaks(), strict=True):
            for piece in line.pieces:
                # Not always right above: between them may be a form of content.
                runs = piece.source.iterancestors("{*}r") if piece.source is not None else iter(())
                run = next(runs, None)
                lengths.append(len(piece.text))
                self._properties.append(run.find("{*}rPr") if run is not None else None)
            lengths.append(counts)
            self._properties.append(None)
        self._ends = list(accumulate(lengths))

    def at(self, offset: int) -> tuple[etree._Element | None, int]:
        """The properties of a character, and where its run ends."""
        place = bisect_right(self._ends, offset)
        return self._properties[place], self._ends[place]


def _differences(atom: Atom, before: _Runs, after: _Runs) -> Iterator[RawChange]:
    at = 0
    while at < len(atom.text):
        was, old_end = before.at(atom.old + at)
        now, new_end = after.at(atom.new + at)
        end = min(len(atom.text), old_end - atom.old, new_end - atom.new)
        said = run_change(was, now)
        text = atom.text[at:end]
        if said and text.strip():
            yield RawChange(
                "formatacao",
                text,
                said,
                atom.old + at,
                atom.old + end,
                atom.new + at,
                atom.new + end,
                atom.line,
                spots=[(atom.line, atom.place, atom.place + 1)],
            )
        at = end


def _joined(changes: Sequence[RawChange]) -> Iterator[RawChange]:
    """Of neighbours in a paragraph that changed alike one."""
    held: RawChange | None = None
    for change in changes:
        if held is not None and held.new_end == change.new_start and held.after == change.after:
            held.before += change.before
            held.old_end, held.new_end = change.old_end, change.new_end
            held.spots += change.spots
            continue
        if held is not None:
            yield held
        held = change
    if held is not None:
        yield held


def _of_tables_and_sections(redline: Lines) -> dict[int, str]:
    """What the redline tells of tables and sections, by the line that it is told at."""
    places = {line.element: place for place, line in enumerate(redline.lines)}
    main = redline.lines[0].part if redline.lines else ""
    last = max((place for place, line in enumerate(redline.lines) if line.part == main), default=0)
    found: dict[int, str] = {}
    for root in dict.fromkeys(line.element.getroottree().getroot() for line in redline.lines):
        for element, said in tables_and_sections(root):
            inside = next(iter(element.iter("{*}p")), None)
            around = next(element.iterancestors("{*}p"), None)
            holder = inside if inside is not None else around
            place = places.get(holder, last) if holder is not None else last
            found[place] = ", ".join(dict.fromkeys([*filter(None, [found.get(place)]), said]))
    return found


def _properties(line: Line) -> etree._Element | None:
    return line.element.find("{*}pPr")
