"""Which of the numbered paragraphs of a document begin its clauses.

Lists inside of a clause have numbers, too, and so have tables, addresses and other documents that are quoted. What
counts is decided by form, as clauses that are called so are not continued by "1)", and by sequence.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest

from tasks.documents.headings import Heading, Style, heading_of, title_of

_WORDED: tuple[Style, ...] = ("clausula", "artigo")
_ALONE: tuple[Style, ...] = ("numero", "lista")
_NAME = 80
"""Characters of a paragraph that may be the name of the clause above it."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: int
    heading: Heading

    @property
    def first(self) -> int:
        """The number of the clause that it is, or is an item of."""
        return int(self.heading.number.partition(".")[0])

    @property
    def is_item(self) -> bool:
        return "." in self.heading.number

    @property
    def is_titled(self) -> bool:
        return self.heading.name.isupper()

    def is_clause_of(self, style: Style | None) -> bool:
        return self.heading.style == style and not self.is_item


def headings_of(paragraphs: Sequence[tuple[str, str]]) -> list[Heading | None]:
    """The heading that each paragraph is; None for those that begin no clause of the document.

    Of a paragraph the part of the document that it stands in, and its text.
    """
    found: list[Heading | None] = [None] * len(paragraphs)
    for _, group in groupby(enumerate(paragraphs), key=lambda each: each[1][0]):
        texts = {place: text for place, (_, text) in group}
        for candidate in _clauses(list(_candidates(texts))):
            found[candidate.place] = candidate.heading
    return found


def _candidates(texts: dict[int, str]) -> Iterator[_Candidate]:
    """The paragraphs that look like headings, with the names that stand in a line of their own below them."""
    filled = [(place, text) for place, text in texts.items() if text.strip()]
    for (place, text), (_, below) in zip_longest(filled, filled[1:], fillvalue=(0, "")):
        heading = heading_of(text)
        if heading is not None and not heading.text and _is_name(below):
            heading = replace(heading, name=title_of(below))
        if heading is not None:
            yield _Candidate(place, heading)


def _is_name(text: str) -> bool:
    plain = text.strip()
    is_title = plain.isupper() or (plain[:1].isupper() and plain[-1] not in ".;:,")
    is_paragraph = plain.casefold().startswith(("parágrafo", "para\u0301grafo"))
    return is_title and len(plain) <= _NAME and not is_paragraph and heading_of(text) is None


def _clauses(candidates: Sequence[_Candidate]) -> Iterator[_Candidate]:
    """Those that count: the ones before the first annex, and those of each annex."""
    boundaries = _boundaries(candidates)
    section: list[_Candidate] = []
    any_before, annex = False, ""
    for candidate in candidates:
        if candidate.heading.style != "anexo":
            section.append(candidate)
        elif candidate.place in boundaries:
            counted = list(_of_section(section, numbers_alone=not any_before))
            has_clauses, any_before = any_before, any_before or bool(counted)
            yield from _of_annex(counted, annex if has_clauses else "")
            yield candidate
            section, annex = [], candidate.heading.number
    yield from _of_annex(_of_section(section, numbers_alone=not any_before), annex if any_before else "")


def _of_annex(candidates: Iterable[_Candidate], annex: str) -> Iterator[_Candidate]:
    return (replace(each, heading=replace(each.heading, annex=annex)) for each in candidates)


def _boundaries(candidates: Sequence[_Candidate]) -> set[int]:
    """The annexes that begin here. One that is only named comes again, or the clauses go on behind it."""
    found: set[int] = set()
    named: set[str] = set()
    following: dict[Style, int] = {}
    for candidate, before in reversed(list(_with_numbers_before(candidates))):
        heading = candidate.heading
        if heading.style == "anexo":
            goes_on = any(following.get(style, 0) > number for style, number in before.items())
            if heading.number not in named and not goes_on:
                found.add(candidate.place)
            named.add(heading.number)
        elif not candidate.is_item:
            following[heading.style] = candidate.first
    return found


def _with_numbers_before(candidates: Sequence[_Candidate]) -> Iterator[tuple[_Candidate, dict[Style, int]]]:
    """Each with the numbers that clauses and lists had come to, by their style; of interest at annexes alone."""
    now: dict[Style, int] = {}
    for candidate in candidates:
        is_annex = candidate.heading.style == "anexo"
        yield candidate, dict(now) if is_annex else {}
        if not is_annex and not candidate.is_item:
            now[candidate.heading.style] = candidate.first


def _of_section(section: Sequence[_Candidate], *, numbers_alone: bool) -> Iterator[_Candidate]:
    """Those of a section that continue its own numbering.

    `numbers_alone`: whether numbers without a word before them may be clauses. Behind the clauses of a contract they
    are the items of its annex.
    """
    style = _style(section, _WORDED + _ALONE if numbers_alone else _WORDED)
    clauses = [each for each in section if each.is_clause_of(style)]
    last_place = {each.first: each.place for each in clauses}
    last_titled = {each.first: each.place for each in clauses if each.is_titled}
    now = 0
    for each in section:
        if each.heading.style in _WORDED:
            counts = each.heading.style in (style, "clausula")
        elif each.is_item:
            # Where its clause comes later under a heading of its own, it is none of its items.
            skipped = range(now + 1, each.first + (style in _WORDED))
            is_next = each.first >= now and not _come_later(skipped, each.place, last_place)
            counts = is_next and (numbers_alone or now > 0)
        else:
            skipped = range(now + 1, each.first)
            is_next = each.first > now and not _come_later(skipped, each.place, last_place)
            # Of two with one number it is the one with a name in capitals, and such a first one begins another part.
            is_listed = not each.is_titled and last_titled.get(each.first, -1) > each.place
            begins = each.is_titled and each.first == 1
            counts = each.heading.style == style and ((is_next and not is_listed) or begins)
        if counts:
            now = each.first
            yield each


def _style(section: Sequence[_Candidate], styles: Sequence[Style]) -> Style | None:
    """How the clauses of a section are headed: with a word if any is, else as most of those with a name in capitals."""
    found = [each for each in section if not each.is_item and each.heading.style in styles]
    used = list(dict.fromkeys(each.heading.style for each in found))
    titled = Counter(each.heading.style for each in found if each.is_titled)
    worded = [style for style in _WORDED if style in used]
    alone = sorted(used, key=lambda style: -titled[style])
    return next(iter(worded + alone), None)


def _come_later(numbers: range, place: int, last_place: Mapping[int, int]) -> bool:
    return any(last_place.get(number, -1) > place for number in numbers)
