"""Which clause each paragraph of a redline stands in."""

from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

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

    def __init__(
        self,
        old: Lines,
        clauses: Sequence[Clause] = (),
        spans: Sequence[TagSpan] = (),
        numbers: Sequence[str] = (),
    ) -> None:
        """`numbers` are what the old version's paragraphs are numbered with by themselves; see `numbers_of`."""
        self._old = old
        self._clauses = clauses
        self._names = [ClauseName(id=clause.id, numero=clause.numero, nome=clause.nome) for clause in clauses]
        # By identity: equality of models is a hundred times as slow, and each name is made once.
        self._place_of = {id(name): place for place, name in enumerate(self._names)}
        texts = [line.text for line in old.lines]
        numbered = [*map(_numbered, numbers, texts)] if numbers else texts
        self._headings = headings_of(
            [(line.part, text) for line, text in zip(old.lines, numbered, strict=True)]
        )
        self._records = ClauseRecords(clauses, texts, self._headings, numbered)
        self._spans = self._linked(spans)
        self._tagged = self._of_tags()
        self._of_old = list(self._in_order())

    def of_old(self, line: int) -> ClauseName | None:
        """The clause of a paragraph of the old version."""
        return self._of_old[line] if line < len(self._of_old) else None

    def of_redline(self, redline: Lines, numbers: Mapping[int, str] | None = None) -> list[ClauseName | None]:
        """The clause of each paragraph of a redline: that of the old version, or where a new one has come in.

        `numbers` are what the new version's paragraphs are numbered with, by their places in its text.
        """
        numbers = numbers or {}
        found: list[ClauseName | None] = []
        held: ClauseName | None = None
        part = ""
        at: dict[etree._Element, ClauseName | None] = {}
        placed = [*zip(redline.lines, atoms_of(redline), strict=True)]
        headings = headings_of(
            [(line.part, _numbered(numbers.get(atoms[0].new, ""), _new_text(line))) for line, atoms in placed]
        )
        for (line, atoms), heading in zip(placed, headings, strict=True):
            if line.part != part or line.note:
                held, part = _of_reference(line, at), line.part
            if _came_in(line):
                held = self._of_new(heading, held)
            elif not line.is_new:
                held = self.of_old(self._old.line_at(atoms[0].old))
            found.append(held)
            at[line.element] = held
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
        at: dict[etree._Element, ClauseName | None] = {}
        for place, line in enumerate(self._old.lines):
            if line.part != part or line.note or (after_tag and place not in self._tagged):
                held = _of_reference(line, at)
            part, after_tag = line.part, place in self._tagged
            held = self._tagged[place] if after_tag else self._untagged(place, held)
            at[line.element] = held
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
        return ClauseName(numero=heading.full_number, nome=heading.name)


def _of_reference(line: Line, clauses: Mapping[etree._Element, ClauseName | None]) -> ClauseName | None:
    """The clause of the paragraph that a note is of; None for what is no note."""
    return clauses.get(line.referred) if line.referred is not None else None


def _numbered(number: str, text: str) -> str:
    """A paragraph as its reader sees it. One without text of its own begins no clause."""
    return f"{number} {text}" if number and text.strip() else text


def _new_text(line: Line) -> str:
    return "".join(piece.text for piece in line.pieces if piece.kind not in GONE)


def _came_in(line: Line) -> bool:
    """Whether all that a paragraph says is new. Its mark may be an old one: that of the last paragraph always is."""
    said = [piece for piece in line.pieces if piece.text.strip()]
    return bool(said) and all(piece.kind in NEW for piece in said)
