"""Recognition of a window in batches: faster, but known to lose speech, so always checked.

On a GPU batches are several times faster. They decode each clip once, without the retries of the sequential
way; on mixes and on repeated sentences a quarter of the words can be missing. A window's result is used only
when its words cover the speech that was heard.
"""

import math
import statistics
from collections.abc import Iterator, Sequence

from tasks.speech.activity import join_close, overlap, subtract, total_length
from tasks.speech.quality import looping
from tasks.speech.transcript import Segment, Span

_CLIP_SECONDS = 29.0
"""A little under the 30 s that the engine takes: what lies beyond would be dropped without a word."""
_REACH = 0.4
"""Seconds of silence kept around a clip, and the distance up to which a word covers the speech beside it."""


def clips(speech: Sequence[Span], duration: float) -> list[Span]:
    """Consecutive stretches of at most 29 s that together hold all the speech.

    They begin and end in silences, except where speech without a pause is longer than a clip.
    """
    duration = (
        math.floor(duration * 100) / 100
    )  # the engine refuses clips that reach beyond the end, if by rounding
    packed: list[Span] = []
    for span in _shortened(speech):
        if packed and span.end - packed[-1].start <= _CLIP_SECONDS and span.start - packed[-1].end < 2.0:
            packed[-1] = Span(start=packed[-1].start, end=span.end)
        else:
            packed.append(span)
    padded: list[Span] = []
    for index, clip in enumerate(packed):
        before = packed[index - 1].end if index else -1.0
        after = packed[index + 1].start if index + 1 < len(packed) else duration + 1.0
        padded.append(
            Span(
                start=max(0.0, clip.start - min(_REACH, max(0.0, (clip.start - before) / 2 - 0.001))),
                end=min(duration, clip.end + min(_REACH, max(0.0, (after - clip.end) / 2 - 0.001))),
            )
        )
    return padded


def _shortened(speech: Sequence[Span]) -> Iterator[Span]:
    """Spans longer than a clip (speech over music has no pauses), cut into equal parts."""
    for span in speech:
        parts = int(span.length // (_CLIP_SECONDS - 2 * _REACH)) + 1
        step = span.length / parts
        for part in range(parts):
            yield Span(start=span.start + part * step, end=span.start + (part + 1) * step)


def loses_speech(segments: Sequence[Segment], speech: Sequence[Span], clipped: Sequence[Span]) -> bool:
    """Whether a batched result is too thin, or too odd, to be kept. Segments must carry word times.

    Three signs: speech without words; a clip with far fewer words a second than the others (words stretched
    over what was skipped hide the hole from the first sign); a clip that the sequential way would have
    decoded again.
    """
    heard = total_length(speech)
    if heard == 0:
        return False
    words = [Span(start=word.start, end=word.end) for segment in segments for word in segment.words]
    words.sort(key=lambda word: word.start)
    lost = subtract(speech, join_close(words, gap=2 * _REACH, pad=_REACH))
    if total_length(lost) > max(1.0, 0.03 * heard) or any(span.length > 1.5 for span in lost):
        return True
    # Whisper's own thresholds for decoding a block again.
    if any(
        segment.avg_logprob < -1.0 or segment.compression_ratio > 2.4 or looping(segment)
        for segment in segments
    ):
        return True
    rates: list[tuple[float, float]] = []
    for clip in clipped:
        seconds = overlap(clip, speech)
        if seconds >= 3.0:
            middles = sum(clip.start <= (word.start + word.end) / 2 < clip.end for word in words)
            rates.append((middles / seconds, seconds))
    if not rates:
        return False
    usual = max(statistics.median(rate for rate, _ in rates), 1.0)
    longest = max((word.length for word in words), default=0.0)
    return any(rate < 0.6 * usual for rate, _ in rates) or longest > 3.0
