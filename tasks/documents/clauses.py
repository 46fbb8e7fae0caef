"""Which clauses a tag is about: by number, by name, else by what it says."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz import fuzz

from tasks.documents.headings import clause_number
from tasks.documents.tags import Tag, tag_key

Key = TypeVar("Key", str, int)

_SHINGLE = 3
"""Words."""
_CANDIDATES = 5
"""Clauses that share most shingles with a tag, of which the text is compared."""
_ALIKE = 85.0
"""Per cent of agreement from which two texts are the same clause."""
_WORD = re.compile(r"\w+")


class Clause(BaseModel):
    """A clause as the record store has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str | int | None, Field(description="What names it among the caller's records.")] = None
    numero: Annotated[str, Field(max_length=50)] = ""
    nome: Annotated[str, Field(max_length=500)] = ""
    conteudo: Annotated[str, Field(max_length=200_000)] = ""


def link_clauses(tags: Sequence[Tag], clauses: Sequence[Clause]) -> list[tuple[int, ...]]:
    """For each tag the places of its clauses in `clauses`: those of its number, else of its name, else of its text.

    The text decides by shared runs of three words and then by the agreement of the whole (Ratcliff and Metzener's ratio
    as rapidfuzz has it), so that 440 tags and 440 clauses take a fraction of a second.
    """
    written = places_by_key((tag_key(clause.numero), place) for place, clause in enumerate(clauses))
    named = places_by_key((tag_key(clause.nome), place) for place, clause in enumerate(clauses))
    numbered = places_by_key((clause_number(clause.numero), place) for place, clause in enumerate(clauses))
    texts = SimilarTexts([clause.conteudo for clause in clauses])
    return [
        # A number that is written otherwise comes behind a name: "única" is also the first.
        written.get(tag.key)
        or named.get(tag.key)
        or numbered.get(clause_number(tag.name))
        or texts.like(tag.content)
        for tag in tags
    ]


def number_key(written: str) -> str:
    """What all ways to write the number of a clause have in common: "7.", "7ª", "Cláusula sétima" and "TAG-7" are 7."""
    return clause_number(written) or tag_key(written)


def places_by_key(pairs: Iterable[tuple[Key, int]]) -> dict[Key, tuple[int, ...]]:
    """The places that share a key, by that key; empty keys are left out."""
    found: dict[Key, list[int]] = defaultdict(list)
    for key, place in pairs:
        if key != "":
            found[key].append(place)
    return {key: tuple(places) for key, places in found.items()}


class SimilarTexts:
    """Texts that are found by another one that says nearly the same."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._words = [_words(text) for text in texts]
        self._holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, words in enumerate(self._words):
            for shingle in _shingles(words):
                self._holders[shingle].append(place)

    def like(self, text: str) -> tuple[int, ...]:
        """The place of the text that says nearly this; none if there is none."""
        words = _words(text)
        shared = Counter(place for shingle in _shingles(words) for place in self._holders.get(shingle, ()))
        plain = " ".join(words)
        scored = [
            (fuzz.ratio(plain, " ".join(self._words[place]), score_cutoff=_ALIKE), -place)
            for place, _ in shared.most_common(_CANDIDATES)
        ]
        score, place = max(scored, default=(0.0, 0))
        return (-place,) if score >= _ALIKE else ()


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    if len(words) < _SHINGLE:
        return {tuple(words)} if words else set()
    return {tuple(words[at : at + _SHINGLE]) for at in range(len(words) - _SHINGLE + 1)}
