"""Which clauses a tag is about: by number, by name, else by what it says."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz import fuzz

from tasks.documents.tags import Tag, tag_key

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
    by_number = _places((tag_key(clause.numero), place) for place, clause in enumerate(clauses))
    by_name = _places((tag_key(clause.nome), place) for place, clause in enumerate(clauses))
    texts = _Texts([clause.conteudo for clause in clauses])
    return [by_number.get(tag.key) or by_name.get(tag.key) or texts.like(tag.content) for tag in tags]


def _places(pairs: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = defaultdict(tuple)
    for key, place in pairs:
        if key:
            found[key] += (place,)
    return dict(found)


class _Texts:
    """Texts that are found by another one that says nearly the same."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._words = [_words(text) for text in texts]
        self._holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, words in enumerate(self._words):
            for shingle in _shingles(words):
                self._holders[shingle].append(place)

    def like(self, text: str) -> tuple[int, ...]:
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
