"""Which sentences of a script are said in a recording, and roughly where: what was recognised beside the script."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from tasks.narration.spoken_form import Spoken, spoken_form
from tasks.promotion.materials import Language
from tasks.speech.activity import overlap
from tasks.speech.transcript import Segment, Span, Transcript

_SAID = 0.4
"""Share of its words that are recognised of a sentence that is surely said."""
_A_WORD = 0.35
"""Seconds of a word that was not recognised, about."""
_ENOUGH_SPEECH = 0.4
"""Share of the time that a sentence needs in which somebody speaks where it must have been."""
_ADDED = 6
"""Words in a row that are not in the script are worth a warning."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word that was recognised, in spoken form, and when (seconds)."""

    word: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence is said, roughly."""

    sentence: int
    """Its index."""
    start: float
    end: float
    sure: bool
    """Whether it was recognised; else there is time and speech for it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """All sentences that have a place, in order."""

    places: tuple[Place, ...]
    warnings: tuple[str, ...]


def heard_words(transcript: Transcript, language: Language) -> list[HeardWord]:
    """The recognised words as they are said: recognisers write "R$ 1.299,90"."""
    found: list[HeardWord] = []
    for segment in transcript.segments:
        if not segment.words:
            continue
        text, starts = _text(segment)
        for span in spoken_form(text, language).spans:
            first = segment.words[max(bisect_right(starts, span.written_start) - 1, 0)]
            last = segment.words[max(bisect_right(starts, span.written_end - 1) - 1, 0)]
            words = span.spoken.split(" ")
            length = max(last.end - first.start, 0.0) / len(words)
            found += [
                HeardWord(plain(word), first.start + number * length, first.start + (number + 1) * length)
                for number, word in enumerate(words)
            ]
    return found


def _text(segment: Segment) -> tuple[str, list[int]]:
    """The text of a segment and where each of its words begins: "555-1234" are two words without a blank."""
    starts: list[int] = []
    position = 0
    for word in segment.words:
        at = segment.text.find(word.word, position)
        if at < 0:
            words = [each.word for each in segment.words]
            return " ".join(words), [sum(len(each) + 1 for each in words[:i]) for i in range(len(words))]
        starts.append(at)
        position = at + len(word.word)
    return segment.text, starts


def plain(word: str) -> str:
    """A word to compare: small letters without accents and marks."""
    apart = unicodedata.normalize("NFD", word.casefold())
    return "".join(letter for letter in apart if letter.isalnum())


def place_sentences(spoken: Sequence[Spoken], heard: Sequence[HeardWord], speech: Sequence[Span]) -> Placed:
    """Where each sentence is said. None has a place where the recording says something else."""
    words = [(number, plain(word)) for number, each in enumerate(spoken) for word in each.text.split()]
    matcher = SequenceMatcher(
        None, [word for _, word in words], [each.word for each in heard], autojunk=False
    )
    partner: dict[int, int] = {}
    for block in matcher.get_matching_blocks():
        partner.update({block.a + i: block.b + i for i in range(block.size)})
    first = _firsts(words, len(spoken))
    sure: dict[int, Place] = {}
    for number in range(len(spoken)):
        own = [i for i in range(first[number], first[number + 1]) if i in partner]
        count = first[number + 1] - first[number]
        if not count or len(own) < _SAID * count:
            continue
        start = heard[partner[own[0]]].start - _A_WORD * (own[0] - first[number])
        end = heard[partner[own[-1]]].end + _A_WORD * (first[number + 1] - 1 - own[-1])
        sure[number] = Place(number, max(start, 0.0), end, sure=True)
    if not sure:
        return Placed((), ())
    places = _with_unsure(spoken, sure, speech)
    return Placed(tuple(_apart(places)), _added(heard, partner))


def _firsts(words: Sequence[tuple[int, str]], count: int) -> list[int]:
    """The first word of each sentence, and the number of all."""
    sizes = [0] * (count + 1)
    for number, _ in words:
        sizes[number + 1] += 1
    for number in range(count):
        sizes[number + 1] += sizes[number]
    return sizes


def _with_unsure(spoken: Sequence[Spoken], sure: dict[int, Place], speech: Sequence[Span]) -> list[Place]:
    """Also sentences that nobody recognised, where between their neighbours somebody says as much as they need."""
    places: list[Place] = []
    limit = max(speech[-1].end if speech else 0.0, *(place.end for place in sure.values()))
    for number, each in enumerate(spoken):
        if number in sure:
            places.append(sure[number])
            continue
        begin = places[-1].end if places else 0.0
        end = next((sure[i].start for i in range(number + 1, len(spoken)) if i in sure), limit)
        needed = _A_WORD * len(each.text.split())
        if not each.spans or end - begin < _ENOUGH_SPEECH * needed:
            continue
        if overlap(Span(start=begin, end=end), speech) >= _ENOUGH_SPEECH * needed:
            # At the edges of the recording there may be more: the sentence is next to its neighbour.
            start = max(begin, end - 2 * needed) if not places else begin
            places.append(Place(number, start, min(end, start + 2 * needed), sure=False))
    return places


def _apart(places: Sequence[Place]) -> list[Place]:
    """Without overlaps: what two claim is shared."""
    found: list[Place] = []
    for place in places:
        if found and place.start < found[-1].end:
            last = found[-1]
            middle = max((place.start + last.end) / 2, last.start)
            found[-1] = Place(last.sentence, last.start, middle, last.sure)
            place = Place(place.sentence, middle, max(place.end, middle), place.sure)  # noqa: PLW2901
        found.append(place)
    return found


def _added(heard: Sequence[HeardWord], partner: dict[int, int]) -> tuple[str, ...]:
    """A warning about words in a row that are not in the script."""
    known = set(partner.values())
    run: list[str] = []
    longest: list[str] = []
    for number, each in enumerate(heard):
        run = [] if number in known else [*run, each.word]
        longest = max(longest, run, key=len)
    if len(longest) < _ADDED:
        return ()
    return (
        f"The recording says more than the script, such as “{' '.join(longest[:12])}”: that has no captions.",
    )
