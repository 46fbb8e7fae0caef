"""Which clause each paragraph of a redline stands in."""

import re
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from tasks.documents.change import ClauseName
from tasks.documents.changes import atoms_of
from tasks.documents.clauses import Clause, link_clauses
from tasks.documents.headings import Heading, clause_number, heading_of
from tasks.documents.markers import TagSpan
from tasks.documents.revisions import Line, Lines

_WORD = re.compile(r"\w+")
_SAME_NAME = 80.0
_SAME_TEXT = 60.0
"""Per cent of agreement from which a paragraph with the number of a record is that record's."""


class ClausePlaces:
    """Finds clauses by the tags of the model, by what the records say, by numbers, else by the document's headings."""

    def __init__(self, old: Lines, clauses: Sequence[Clause] = (), spans: Sequence[TagSpan] = ()) -> None:
        self._old = old
        self._clauses = clauses
        self._names = [ClauseName(id=clause.id, numero=clause.numero, nome=clause.nome) for clause in clauses]
        # By identity: equality of models is a hundred times as slow, and each name is made once.
        self._place_of = {id(name): place for place, name in enumerate(self._names)}
        self._by_number: dict[str, list[int]] = {}
        for place, clause in enumerate(clauses):
            self._by_number.setdefault(clause_number(clause.numero), []).append(place)
        self._by_text = _Paragraphs(clauses)
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
        for line, atoms in zip(redline.lines, atoms_of(redline), strict=True):
            if line.part != part:
                held, part = None, line.part
            if not line.is_new:
                held = self.of_old(self._old.line_at(atoms[0].old))
            elif line.text.strip():
                held = self._of_new(line, held)
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
            held = self._tagged[place] if after_tag else self._untagged(line, held)
            yield held

    def _untagged(self, line: Line, held: ClauseName | None) -> ClauseName | None:
        heading = heading_of(line.text)
        if self._clauses:
            record = self._by_text.find(line.text, heading, self._place(held))
            if record is None and heading is not None:
                record = self._numbered(heading, line.text)
            if record is not None:
                return self._names[record]
            if heading is None or self._is_inside(heading, held):
                return held
        return ClauseName(numero=heading.number, nome=heading.name) if heading is not None else held

    def _of_new(self, line: Line, held: ClauseName | None) -> ClauseName | None:
        heading = heading_of(line.text)
        if heading is None:
            return held
        record = self._numbered(heading, line.text)
        if record is not None:
            return self._names[record]
        if self._clauses and self._is_inside(heading, held):
            return held
        return ClauseName(numero=heading.number, nome=heading.name)

    def _place(self, name: ClauseName | None) -> int | None:
        return self._place_of.get(id(name))

    def _is_inside(self, heading: Heading, held: ClauseName | None) -> bool:
        """Whether a paragraph is an item of the clause that it follows: 7.1 of 7."""
        return held is not None and clause_number(held.numero) in heading.parents

    def _numbered(self, heading: Heading, text: str) -> int | None:
        """The record of that number, if name or text are not another one's: numbers shift when a clause comes in."""
        for place in self._by_number.get(heading.number, ()):
            clause = self._clauses[place]
            named = clause.nome and heading.name
            if named and fuzz.partial_ratio(clause.nome.casefold(), heading.name.casefold()) >= _SAME_NAME:
                return place
            if not named and (
                not clause.conteudo or fuzz.partial_ratio(text[:500], clause.conteudo) >= _SAME_TEXT
            ):
                return place
        return None


class _Paragraphs:
    """The paragraphs of the records' texts."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._places: dict[str, list[int]] = {}
        for place, clause in enumerate(clauses):
            for text in clause.conteudo.splitlines():
                self._add(text, place)
            if clause.nome:
                self._add(f"{clause.numero} {clause.nome}", place)

    def _add(self, text: str, place: int) -> None:
        key = _plain(text)
        if key:
            held = self._places.setdefault(key, [])
            if place not in held:
                held.append(place)

    def find(self, text: str, heading: Heading | None, held: int | None) -> int | None:
        """The record that says this; of several the one that the text is in, else the next one."""
        places = self._places.get(_plain(text), [])
        if not places and heading is not None and heading.name:
            places = self._places.get(_plain(f"{heading.number} {heading.name}"), [])
        if not places or held in places:
            return held if places else None
        return next((place for place in places if held is None or place > held), places[0])


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
