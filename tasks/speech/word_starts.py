"""Words begin where they are heard to begin.

The engine finds word times by aligning its text to its own attention (dynamic time warping over cross-attention, as
openai-whisper does). Attention goes to a word before its sound begins, since the encoder's frames hold what is around
them, and the median filter over them widens that. So inside speech every boundary is early by a nearly constant
amount, the same for all words, voices and languages; only after a pause, where voice activity says when the sound
begins, is it known exactly.

Measured with `benchmarks/word_starts.py`.
"""

from collections.abc import Sequence

from tasks.speech.activity import overlapping
from tasks.speech.transcript import Segment, Span, Word

EARLY = 0.11
"""Seconds by which the engine's word boundaries lie before the sound."""
_BEFORE_SOUND = 0.15
"""A word that begins less than this before a stretch of speech, in the silence, begins with it."""
_SAME = 0.03
"""Boundaries nearer than this are one: the end of a word and the start of the next."""
_SHORTEST = 0.04
"""Seconds that a word keeps, at least."""

_KEPT = 0.5
"""Share of its length that a word keeps where its end does not move along."""


def on_time(segments: Sequence[Segment], speech: Sequence[Span]) -> list[Segment]:
    """The segments with their words' times as they are heard.

    `speech` are the stretches in which somebody speaks, in order, on the clock of the segments. No word begins earlier
    than it did, after its end, or after the next one if it did not before; joined words stay joined. Segments without
    words stay as they are.
    """
    old = [word for segment in segments for word in segment.words]
    starts = _starts(old, speech)
    timed = iter(
        [
            word.model_copy(update={"start": starts[i], "end": max(starts[i], _end(i, old, starts, speech))})
            for i, word in enumerate(old)
        ]
    )
    settled: list[Segment] = []
    for segment in segments:
        words = tuple(next(timed) for _ in segment.words)
        if words:
            times = {"start": words[0].start, "end": max(words[0].start, words[-1].end)}
            segment = segment.model_copy(update={"words": words, **times})  # noqa: PLW2901
        settled.append(segment)
    return settled


def _starts(words: Sequence[Word], speech: Sequence[Span]) -> list[float]:
    """From the last word to the first: each may move as far as the next one has."""
    starts = [word.start for word in words]
    for i in range(len(words) - 1, -1, -1):
        word = words[i]
        if _joined(words, i):
            latest = starts[i + 1] - _SHORTEST
        else:  # an end that stays where it is, perhaps too soon: voice activity misses quiet endings
            latest = word.end - max(_SHORTEST, (word.end - word.start) * _KEPT)
        if i + 1 < len(words) and word.start <= words[i + 1].start:
            latest = min(latest, starts[i + 1])
        starts[i] = round(max(word.start, min(_start(word, speech), latest)), 3)
    return starts


def _joined(words: Sequence[Word], index: int) -> bool:
    return index + 1 < len(words) and abs(words[index + 1].start - words[index].end) < _SAME


def _start(word: Word, speech: Sequence[Span]) -> float:
    """Where the sound of a word begins."""
    reach = Span(start=word.start - _SAME, end=word.start + max(EARLY, _BEFORE_SOUND))
    begun = [span.start for span in overlapping(reach, speech) if span.start >= reach.start]
    if begun:
        return max(begun[0], word.start)
    inside = any(True for _ in overlapping(Span(start=word.start, end=word.start + EARLY), speech))
    return word.start + EARLY if inside else word.start


def _end(index: int, words: Sequence[Word], starts: Sequence[float], speech: Sequence[Span]) -> float:
    """The end of a word: with the start of the next where they were one, else where its speech ends."""
    if _joined(words, index):
        return starts[index + 1]
    end = words[index].end
    heard = [span.end for span in overlapping(Span(start=end - _SAME, end=end + EARLY), speech)]
    if heard and heard[0] > end:
        end = min(heard[0], end + EARLY)
    if index + 1 < len(words) and words[index + 1].start >= words[index].end:
        end = min(end, starts[index + 1])
    return round(end, 3)
