"""Which record of a clause a heading of a document is: by name, by text, and by number among what is left."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz

from tasks.documents.clauses import Clause, SimilarTexts, number_key, places_by_key
from tasks.documents.headings import Heading
from tasks.documents.numerals import without_accents

_WORD = re.compile(r"\w+")
_OF = re.compile(r"d[aoe]s? ")
_SAME_NAME = 80.0
"""Per cent of agreement from which a heading with the number of a record has its name, too."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading with the paragraphs up to the next one that is none of its items."""

    heading: Heading
    text: str
    """Of the heading's own paragraph; empty where it has none."""
    start: int
    end: int


class ClauseRecords:
    """The records of clauses, found in a document by its paragraphs and their headings.

    A number alone does not say which record a clause is: numbers shift when another clause comes in. So a record goes
    to the heading of its number if nothing says that it stands elsewhere, or that another one stands here.
    """

    def __init__(
        self,
        clauses: Sequence[Clause],
        texts: Sequence[str],
        headings: Sequence[Heading | None],
        numbered: Sequence[str] = (),
    ) -> None:
        """`numbered` are the texts with the numbers that Word writes before them, which records may have."""
        self._clauses = clauses
        self._keys = [number_key(clause.numero) for clause in clauses]
        self._by_number = places_by_key((key, record) for record, key in enumerate(self._keys))
        self._by_name = places_by_key((_name(clause.nome), record) for record, clause in enumerate(clauses))
        by_text = places_by_key(
            (line, record)
            for record, clause in enumerate(clauses)
            for line in dict.fromkeys(_plain(line) for line in clause.conteudo.splitlines())
        )
        self._saying = [
            (by_text.get(_plain(seen)) or by_text.get(_plain(text), ())) if clauses else ()
            for text, seen in zip(texts, numbered or texts, strict=True)
        ]
        """The records that say each paragraph."""
        self._said = places_by_key(
            (records[0], place) for place, records in enumerate(self._saying) if len(records) == 1
        )
        """The paragraphs that no other record says, by record."""
        self._claimed: set[int] = set()
        self._of_heading = self._found(list(_sections(texts, headings)) if clauses else [])

    def saying(self, place: int, held: int | None) -> int | None:
        """The record that says a paragraph; of several the one that the text is in, else the next one."""
        records = self._saying[place]
        if held in records:
            return held
        return next(
            (record for record in records if held is None or record > held), next(iter(records), None)
        )

    def of_heading(self, place: int) -> int | None:
        """The record of a heading of the document, by the place of its paragraph; of an item that of its clause."""
        return self._of_heading.get(place)

    def of_new_heading(self, heading: Heading) -> int | None:
        """The record of a heading that came into the document."""
        alone = _Section(heading, "", 0, 0)
        ways = (self._of_number_and_name, self._of_name, self._of_number)
        return next((record for way in ways for record in way(alone)), None)

    def _found(self, sections: Sequence[_Section]) -> dict[int, int]:
        """The records of headings: each way looks at what those before it have left."""
        records: dict[int, int] = {}
        for way in (self._of_number_and_name, self._of_free_name, self._of_contents, self._of_number):
            for at, section in enumerate(sections):
                if at not in records and (record := next(way(section), None)) is not None:
                    records[at] = record
                    self._claimed.add(record)
        found: dict[int, int] = {}
        now: dict[str, int | None] = {}
        for at, section in enumerate(sections):
            of_parents = (now[number] for number in section.heading.parents if now.get(number) is not None)
            held = records.get(at, next(of_parents, None))
            now[section.heading.number] = held
            if held is not None:
                found[section.start] = held
        return found

    def _of_number_and_name(self, section: _Section) -> Iterator[int]:
        name = _name(section.heading.name)
        for record in self._by_number.get(section.heading.number, ()) if name else ():
            its_name = _name(self._clauses[record].nome)
            if section.heading.annex and record in self._claimed:
                continue  # an annex has an object and a price of its own
            if its_name and fuzz.partial_ratio(its_name, name) >= _SAME_NAME:
                yield record

    def _of_name(self, section: _Section) -> Iterator[int]:
        records = self._by_name.get(_name(section.heading.name), ())
        if len(records) == 1 and self._is_as_deep(records[0], section):
            yield records[0]

    def _of_free_name(self, section: _Section) -> Iterator[int]:
        return (record for record in self._of_name(section) if record not in self._claimed)

    def _of_contents(self, section: _Section) -> Iterator[int]:
        """The record that most of the paragraphs are of, or that says nearly what the heading's own one says."""
        alone = (records[0] for records in self._saying[section.start : section.end] if len(records) == 1)
        likely = [record for record, _ in Counter(alone).most_common()]
        if section.text and not section.heading.name and not likely:
            likely += self._similar.like(section.text)
        return (
            record for record in likely if record not in self._claimed and self._is_as_deep(record, section)
        )

    def _of_number(self, section: _Section) -> Iterator[int]:
        """What has that number and stands nowhere else, if no other record has the heading's name."""
        if self._by_name.get(_name(section.heading.name)):
            return
        for record in self._by_number.get(section.heading.number, ()):
            places = self._said.get(record, ())
            is_here = not places or any(section.start <= place < section.end for place in places)
            if is_here and record not in self._claimed:
                yield record

    def _is_as_deep(self, record: int, section: _Section) -> bool:
        return not self._keys[record] or self._keys[record].count(".") == len(section.heading.parents)

    @cached_property
    def _similar(self) -> SimilarTexts:
        return SimilarTexts([clause.conteudo for clause in self._clauses])


def _sections(texts: Sequence[str], headings: Sequence[Heading | None]) -> Iterator[_Section]:
    """The sections in their order, those of items inside of those of their clauses."""
    found = list(_with_clauses(headings))
    for at, (start, heading, has_line) in enumerate(found):
        following = (found[later] for later in range(at + 1, len(found)))
        end = next(
            (place for place, other, _ in following if heading.number not in other.parents), len(texts)
        )
        yield _Section(heading, texts[start] if has_line else "", start, end)


def _with_clauses(headings: Sequence[Heading | None]) -> Iterator[tuple[int, Heading, bool]]:
    """The headings with their places, and one without a line of its own before items whose clause has none."""
    now = ""
    for place, heading in enumerate(headings):
        if heading is None:
            continue
        clause = heading.parents[-1] if heading.parents else heading.number
        if heading.parents and clause != now:
            yield place, Heading(clause, ""), False
        now = clause
        yield place, heading, True


def _name(written: str) -> str:
    """A name without case, accents, signs and the "do" before it."""
    return _OF.sub("", _plain(without_accents(written)), count=1) if written else ""


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
