"""What is really said over and over, beside what an engine writes again and again because it has lost its way.

Both read the same. But who repeats a sentence pauses each time, and takes about as long for it each time, while a loop
is laid over whatever is said there.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from tasks.speech.activity import overlap, subtract
from tasks.speech.transcript import Segment, Span, Word

_REACH = 0.3
"""Seconds around the end of a sentence in which its pause must lie: times of words are not exact."""
_LONGER = 1.3
"""Times as long as the shortest that the longest may be said."""
_FEWEST = 3


def is_refrain(run: Sequence[Segment], speech: Sequence[Span]) -> bool:
    """Whether some segments, all their words the same few again and again, were said so.

    `speech` is what voice activity heard, in order. Without word times nothing can be told.
    """
    words = [word for segment in run for word in segment.words]
    size = _size([_bare(word.word) for word in words])
    if size is None:
        return False
    said = [_whole(words[at : at + size]) for at in range(0, len(words), size)]
    seconds = [overlap(part, speech) for part in said]
    return 0 < max(seconds) <= _LONGER * min(seconds) and all(
        _pause(before, after, speech) for before, after in pairwise(said)
    )


def written_alike(segments: Sequence[Segment], models: Sequence[Segment]) -> list[Segment]:
    """The segments, each written like the best written of the models with the same words.

    What is heard by itself often loses its capital and its mark.
    """
    best: dict[tuple[str, ...], Segment] = {}
    for model in models:
        key = tuple(_bare(word.word) for word in model.words)
        if key not in best or _finish(model) > _finish(best[key]):
            best[key] = model
    return [_like(found, best.get(tuple(_bare(word.word) for word in found.words))) for found in segments]


def _finish(segment: Segment) -> int:
    return segment.text[:1].isupper() + segment.text.endswith((".", "?", "!"))


def _like(segment: Segment, model: Segment | None) -> Segment:
    if model is None or not segment.words or _finish(model) <= _finish(segment):
        return segment
    words = tuple(
        word.model_copy(update={"word": other.word})
        for word, other in zip(segment.words, model.words, strict=True)
    )
    return segment.model_copy(update={"text": model.text, "words": words})


def _size(words: Sequence[str]) -> int | None:
    """Of how many words that which is repeated is; None where it is not repeated as a whole, or not often."""
    for size in range(1, len(words) // _FEWEST + 1):
        if len(words) % size == 0 and words[size:] == words[:-size]:
            return size
    return None


def _whole(words: Sequence[Word]) -> Span:
    return Span(start=words[0].start, end=max(words[0].start, words[-1].end))


def _pause(before: Span, after: Span, speech: Sequence[Span]) -> bool:
    """Whether nobody speaks for a moment between two sentences."""
    around = Span(start=before.end - _REACH, end=max(before.end, after.start) + _REACH)
    return after.start >= around.start and bool(subtract([around], speech))


def _bare(word: str) -> str:
    return re.sub(r"[\W_]+", "", word.casefold())
