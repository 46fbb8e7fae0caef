"""Which clause each paragraph of a redline stands in."""

from collections.abc import Iterator, Sequence

from tasks.documents.change import ClauseName
from tasks.documents.changes import atoms_of
from tasks.documents.clause_records import ClauseRecords
from tasks.documents.clauses import Clause, link_clauses, number_key
from tasks.documents.headings import Heading
from tasks.documents.markers import TagSpan
from tasks.documents.numbering import headings_of
from tasks.documents.revisions import GONE, NEW, Line, Lines


class ClausePlaces:
    """Finds clauses by the tags of the model, by what the records say, by numbers, else by the document's headings."""

    def __init__(self, old: Lines, clauses: Sequence[Clause] = (), spans: Sequence[TagSpan] = ()) -> None:
        self._old = old
        self._clauses = clauses
        self._names = [ClauseName(id=clause.id, numero=clause.numero, nome=clause.nome) for clause in clauses]
        # By identity: equality of models is a hundred times as slow, and each name is made once.
        self._place_of = {id(name): place for place, name in enumerate(self._names)}
        self._headings = headings_of([(line.part, line.text) for line in old.lines])
        self._records = ClauseRecords(clauses, [line.text for line in old.lines], self._headings)
        self._spans = self._linked(spans)
        self._tagged = self._of_tags()
        self._of_old = list(self._in_order())

    def of_old(self, line: int) -> ClauseName | None:
        """The clause of a paragraph of the old version."""
        return self._of_old[line] if line < len(self._of_old) else None

    def of_redline(self, redline: Lines) -> list[ClauseName | None]:
        """The clause of each paragraph of a redline: that of the old version, or where a new one has come in."""
        found: list[ClauseName | None] = []
        held: ClauseName | None = None
        part = ""
        headings = headings_of([(line.part, _new_text(line)) for line in redline.lines])
        for line, atoms, heading in zip(redline.lines, atoms_of(redline), headings, strict=True):
            if line.part != part:
                held, part = None, line.part
            if _came_in(line):
                held = self._of_new(heading, held)
            elif not line.is_new:
                held = self.of_old(self._old.line_at(atoms[0].old))
            found.append(held)
        return found

    def of_range(self, start: int, end: int) -> ClauseName | None:
        """The clause of the innermost tag around a range of the old text, if there is one."""
        around = [
            (span.end - span.start, name)
            for span, name in self._spans
            if span.start <= start and end <= span.end
        ]
        return min(around, key=lambda each: each[0])[1] if around else None

    def _linked(self, spans: Sequence[TagSpan]) -> list[tuple[TagSpan, ClauseName]]:
        """The tags that say which clause something is; where there are records, those that a record is about."""
        if not spans:
            return []
        links = link_clauses([span.tag for span in spans], self._clauses)
        found: list[tuple[TagSpan, ClauseName]] = []
        for span, linked in zip(spans, links, strict=True):
            if linked:
                found.append((span, self._names[linked[0]]))
            elif not self._clauses:
                name = span.tag.name
                numbered = name[:1].isdigit()
                found.append(
                    (span, ClauseName(numero=name if numbered else "", nome="" if numbered else name))
                )
        return found

    def _of_tags(self) -> dict[int, ClauseName]:
        """The clauses of the paragraphs that a tag is around as a whole; the innermost one decides."""
        found: dict[int, ClauseName] = {}
        for span, name in sorted(self._spans, key=lambda each: each[0].start - each[0].end):
            for place in range(self._old.line_at(span.start), len(self._old.lines)):
                start = self._old.starts[place]
                if start >= span.end:
                    break
                if span.start <= start and start + len(self._old.lines[place].text) <= span.end:
                    found[place] = name
        return found

    def _in_order(self) -> Iterator[ClauseName | None]:
        held: ClauseName | None = None
        part, after_tag = "", False
        for place, line in enumerate(self._old.lines):
            if line.part != part or (after_tag and place not in self._tagged):
                held = None
            part, after_tag = line.part, place in self._tagged
            held = self._tagged[place] if after_tag else self._untagged(place, held)
            yield held

    def _untagged(self, place: int, held: ClauseName | None) -> ClauseName | None:
        heading = self._headings[place]
        record = self._records.saying(place, self._place_of.get(id(held)))
        if record is None and heading is not None:
            record = self._records.of_heading(place)
        return self._names[record] if record is not None else self._of_document(heading, held)

    def _of_new(self, heading: Heading | None, held: ClauseName | None) -> ClauseName | None:
        record = self._records.of_new_heading(heading) if heading is not None else None
        return self._names[record] if record is not None else self._of_document(heading, held)

    def _of_document(self, heading: Heading | None, held: ClauseName | None) -> ClauseName | None:
        """What the document itself says. Beside records an item is of the clause that it follows: 7.1 of 7."""
        if heading is None or (self._clauses and held and number_key(held.numero) in heading.parents):
            return held
        return ClauseName(numero=heading.number, nome=heading.name)


def _new_text(line: Line) -> str:
    return "".join(piece.text for piece in line.pieces if piece.kind not in GONE)


def _came_in(line: Line) -> bool:
    """Whether all that a paragraph says is new. Its mark may be an old one: that of the last paragraph always is."""
    said = [piece for piece in line.pieces if piece.text.strip()]
    return bool(said) and all(piece.kind in NEW for piece in said)
