"""Where a piece that was heard by itself meets the text beside it: nothing is written twice.

A piece is heard with a little of the sound around it, and in speech without a pause that is a word or two of its
neighbours, who have them already.
"""

from collections.abc import Iterable, Iterator, Sequence

from tasks.speech.transcript import Segment, Span, Word

_AT_EDGE = 0.05
"""Seconds from an edge within which a word lies on it: times of words are not exact, and no word is so short."""


def cut_to(segments: Iterable[Segment], limits: Span) -> list[Segment]:
    """The segments without the words that lie before or after the limits.

    Segments without words, and those whose words do not spell their text, stay as they are.
    """
    return list(_cut(segments, limits))


def _cut(segments: Iterable[Segment], limits: Span) -> Iterator[Segment]:
    for segment in segments:
        inside = [number for number, word in enumerate(segment.words) if _is_inside(word, limits)]
        places = _places(segment)
        if len(inside) == len(segment.words) or places is None:
            yield segment
        elif inside:
            first, last = inside[0], inside[-1]
            words = segment.words[first : last + 1]
            begin = places[first] if first else 0
            end = places[last + 1] if last + 1 < len(places) else len(segment.text)
            yield segment.model_copy(
                update={
                    "text": segment.text[begin:end].strip(),
                    "words": words,
                    "start": words[0].start if first else segment.start,
                    "end": max(words[0].start, words[-1].end) if last + 1 < len(places) else segment.end,
                }
            )


def _is_inside(word: Word, limits: Span) -> bool:
    return word.end > limits.start + _AT_EDGE and word.start < limits.end - _AT_EDGE


def _places(segment: Segment) -> Sequence[int] | None:
    """Where each word begins in the text."""
    places: list[int] = []
    position = 0
    for word in segment.words:
        at = segment.text.find(word.word, position)
        if at < 0:
            return None
        places.append(at)
        position = at + len(word.word)
    return places
