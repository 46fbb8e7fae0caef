"""Text that does not fit the speech under it, heard a second time.

Text that follows from the text before reads best, but an engine that slips once can repeat itself for minutes, or skip
what it should write. The doubtful places are heard again by themselves, and the better of both hearings stays. Where
only sentence marks are missing, the words are not in doubt: they stay, and get the marks of the second hearing.
"""

import logging
from collections.abc import Callable, Sequence
from itertools import pairwise

from tasks.speech.activity import join_close, overlap, subtract, total_length, within
from tasks.speech.marks import marked_like
from tasks.speech.quality import LOST_SECONDS, covered, repeated, too_fast, unmarked
from tasks.speech.refrains import written_alike
from tasks.speech.seams import cut_to
from tasks.speech.transcript import Segment, Span

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.4
"""Parts a sentence from the next …"""
_ALIKE = 0.7
"""… and where the same one is said over and over faster than that, a silence of this share of the longest: pauses
between them are about the same, those within are shorter."""
_PHRASES_APART = 2.0
"""Seconds between phrases up to which they are skipped together."""
_LOST_SHARE = 0.25
"""Share of the speech without words from which a hearing has failed."""
_LOST_OF_REFRAIN = 0.2
"""Seconds of speech without words in what is said over and over that are another time."""

Hearing = Callable[[Span], list[Segment]]
"""Hears a stretch of the recording by itself."""


def repaired(
    segments: Sequence[Segment], speech: Sequence[Span], limits: Span, again: Hearing, *, spaced: bool = True
) -> list[Segment]:
    """The segments, with the doubtful places replaced where a second hearing of them is better.

    `segments` and `speech` (what voice activity heard) lie within the `limits`, in order. `spaced` as
    for `tasks.speech.quality.assess`.
    """
    kept = list(segments)
    for hole in holes(kept, doubts(kept, speech, spaced=spaced), limits):
        first = [segment for segment in kept if _inside(segment, hole)]
        heard = within(speech, hole)
        if not heard:
            continue
        second = cut_to(again(hole), hole)
        if _lacks_only_marks(first, heard, spaced):
            best = marked_like(first, second)
        else:
            best = _better(first, second, heard, spaced)
        if _failed(best, heard):
            # What is really said over and over an engine counts only if it hears each by itself.
            counted = _phrase_by_phrase(heard, hole, again, _PAUSE_SECONDS)
            counted = written_alike(counted, [*first, *best, *counted])
            if _badness(counted, heard, True, spaced) <= _badness(
                best, heard, any(repeated(counted, heard)), spaced
            ):
                best = counted
        kept = [segment for segment in kept if not _inside(segment, hole)] + best
        kept.sort(key=lambda segment: segment.start)
    return kept


def _phrase_by_phrase(heard: Sequence[Span], limits: Span, again: Hearing, pause: float) -> list[Segment]:
    """The speech between the limits, heard between its pauses; where that fails, at shorter ones."""
    phrases = join_close(heard, gap=pause)
    found: list[Segment] = []
    for phrase, place in zip(phrases, _places(phrases, limits), strict=True):
        segments = cut_to(again(phrase), place)
        inside = within(heard, phrase)
        longest = max((after.start - before.end for before, after in pairwise(inside)), default=0.0)
        if longest > 0 and _failed(segments, inside):
            segments = _phrase_by_phrase(inside, place, again, _ALIKE * longest)
        found += segments
    return found


def _places(phrases: Sequence[Span], hole: Span) -> list[Span]:
    """What belongs to each phrase: up to the middle of the pauses beside it."""
    middles = [(before.end + after.start) / 2 for before, after in pairwise(phrases)]
    edges = [hole.start, *middles, hole.end]
    return [Span(start=start, end=end) for start, end in pairwise(edges)]


def doubts(segments: Sequence[Segment], speech: Sequence[Span], *, spaced: bool = True) -> list[Span]:
    """Where the text does not fit the speech (speech without words among it), or is none that people write."""
    return [*_skipped(segments, speech), *repeated(segments, speech), *_impossible(segments, speech, spaced)]


def _skipped(segments: Sequence[Segment], speech: Sequence[Span]) -> list[Span]:
    """Speech without words, short phrases that follow each other taken together."""
    lost = subtract(speech, covered(segments))
    return [span for span in join_close(lost, gap=_PHRASES_APART) if overlap(span, lost) > LOST_SECONDS]


def _lacks_only_marks(segments: Sequence[Segment], speech: Sequence[Span], spaced: bool) -> bool:
    """Whether the words of a text are beyond doubt."""
    return all(segment.words for segment in segments) and doubts(segments, speech, spaced=spaced) == list(
        unmarked(segments)
    )


def _impossible(segments: Sequence[Segment], speech: Sequence[Span], spaced: bool) -> list[Span]:
    """Text with more words than can be said, or without sentences."""
    return [*too_fast(segments, speech, spaced), *(unmarked(segments) if spaced else ())]


def holes(segments: Sequence[Segment], doubtful: Sequence[Span], limits: Span) -> list[Span]:
    """The doubtful spans, widened to the ends of the sound segments beside them, in order and apart."""
    widened: list[Span] = []
    for span in sorted(doubtful, key=lambda span: span.start):
        touched = [s for s in segments if s.end > span.start and s.start < span.end]
        start = min([span.start, *(s.start for s in touched)])
        end = max([span.end, *(s.end for s in touched)])
        start = max((s.end for s in segments if s not in touched and s.end <= start), default=limits.start)
        end = min((s.start for s in segments if s not in touched and s.start >= end), default=limits.end)
        widened.append(Span(start=start, end=max(start, end)))
    return join_close(widened, gap=0.01)


def _better(
    first: list[Segment], second: list[Segment], speech: Sequence[Span], spaced: bool
) -> list[Segment]:
    """The second hearing if it fits the speech better, else the first."""
    # What both hearings repeat was said over and over.
    refrain = any(repeated(first, speech)) and any(repeated(second, speech))
    before, after = (_badness(text, speech, refrain, spaced) for text in (first, second))
    logger.info("heard %d s again: %.1f s were bad, now %.1f s", total_length(speech), before, after)
    return second if after < before else first


def _badness(segments: Sequence[Segment], speech: Sequence[Span], refrain: bool, spaced: bool) -> float:
    """Seconds of speech without words, and half of those with words that cannot be what was said."""
    odd = [*_impossible(segments, speech, spaced), *(() if refrain else repeated(segments, speech))]
    return (
        _lost(segments, speech)
        + total_length(join_close(sorted(odd, key=lambda span: span.start), gap=0.0)) / 2
    )


def _failed(segments: Sequence[Segment], speech: Sequence[Span]) -> bool:
    """Whether a text leaves speech out, or repeats itself otherwise, or less often, than it was said."""
    lost = _lost(segments, speech)
    if any(repeated(segments, speech)) or lost > _LOST_SHARE * total_length(speech):
        return True
    return lost > _LOST_OF_REFRAIN and any(repeated(segments))


def _lost(segments: Sequence[Segment], speech: Sequence[Span]) -> float:
    return total_length(subtract(speech, covered(segments)))


def _inside(segment: Segment, hole: Span) -> bool:
    return hole.start <= (segment.start + segment.end) / 2 <= hole.end
