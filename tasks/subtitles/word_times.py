"""When the parts of a text are said, by the words that an engine heard.

Engines cut and write words as they like: a half of "well-known", two in one, " 250", with the marks of the text or
without. So they are looked for in what is said of the text, without white space, marks and capitals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from tasks.speech.transcript import Segment, Word
from tasks.subtitles.marks import is_said

_REACH = 12
"""Characters that the text may have between two words: one found further off is another that looks like it."""
_SAME_TEXT = 0.3
"""Share of what the words spell that must be found, or they are those of another text."""


@dataclass(frozen=True, slots=True)
class Said:
    """When something is said (seconds), and by whom, where that is known."""

    start: float
    end: float
    speaker: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A word and its place among the characters of a text."""

    word: Word
    first: int
    last: int
    """The place after its last character."""

    def when(self, place: int) -> float:
        """When it is said up to a place; its characters take the same time."""
        share = (min(max(place, self.first), self.last) - self.first) / (self.last - self.first)
        return self.word.start + (self.word.end - self.word.start) * share


def when_said(parts: Sequence[str], segment: Segment) -> list[Said]:
    """When each part of the text of a segment is said.

    Parts of which no word is found, which may be all, share the time between their neighbours by their length.
    """
    letters = [_letters(part) for part in parts]
    edges = list(accumulate(map(len, letters), initial=0))
    found = _found(segment.words, "".join(letters), frozenset(edges))
    known: list[Said | None] = []
    at = 0
    for first, last in pairwise(edges):
        while at < len(found) and found[at].last <= first:
            at += 1
        until = at
        while until < len(found) and found[until].first < last:
            until += 1
        inside = found[at:until]
        known.append(
            Said(inside[0].when(first), inside[-1].when(last), inside[0].word.speaker) if inside else None
        )
    return list(_complete(parts, known, segment))


def _letters(text: str) -> str:
    """What is said of a text, in small letters."""
    return "".join(character.lower()[0] for character in text if is_said(character))


def _found(words: Sequence[Word], text: str, edges: frozenset[int]) -> list[_Found]:
    """The words that are found in a text, in order: each where the one before ends, or at an edge further on."""
    found: list[_Found] = []
    spelt = position = missed = 0
    for word in words:
        letters = _letters(word.word)
        if not letters:
            continue
        spelt += len(letters)
        # What the words before it spell may be written otherwise, such as "250" for "two hundred and fifty".
        reach = position + _REACH + 2 * missed + len(letters)
        first = text.find(letters, position, reach)
        while first > position and first not in edges:
            first = text.find(letters, first + 1, reach)
        if first < 0:
            missed += len(letters)
            continue
        position, missed = first + len(letters), 0
        found.append(_Found(word, first, position))
    same = sum(each.last - each.first for each in found)
    return found if same >= _SAME_TEXT * spelt else []


def _complete(parts: Sequence[str], known: Sequence[Said | None], segment: Segment) -> Iterator[Said]:
    """All parts with times, those that have none between those that have."""
    before: Said | None = None
    waiting: list[str] = []
    for part, said in zip(parts, known, strict=True):
        if said is None:
            waiting.append(part)
            continue
        yield from _shared_out(waiting, before, said, segment)
        yield said
        before, waiting = said, []
    yield from _shared_out(waiting, before, None, segment)


def _shared_out(
    parts: Sequence[str], before: Said | None, after: Said | None, segment: Segment
) -> Iterator[Said]:
    """Parts that share the time between two others, or up to an end of the segment, in proportion to their length."""
    end = after.start if after else segment.end
    start = before.end if before else min(segment.start, end)
    length = max(end - start, 0.0)
    neighbour = before or after
    speaker = neighbour.speaker if neighbour else segment.speaker
    total = sum(map(len, parts))
    passed = 0
    for part in parts:
        begun = start + length * passed / total
        passed += len(part)
        yield Said(begun, start + length * passed / total, speaker)
