"""Spoken sentences joined to one narration, with the times of its written words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.narration.spoken_form import Spoken
from tasks.promotion.materials import SpokenSentence, SpokenWord
from tasks.voice.engine import Interval, Samples16

_SHORTEST = 0.02
"""Seconds that a word is shown at least: written words of one spoken word share its time."""


@dataclass(frozen=True)
class SentenceSound:
    """A sentence that was spoken."""

    text: str
    """As it is written."""
    spoken: Spoken
    samples: Samples16
    """One channel of 16 bit."""
    words: tuple[Interval, ...]
    """When each word of the spoken text is heard, in seconds of the samples."""
    pause: float
    """Seconds of silence behind it."""


def join(sentences: Sequence[SentenceSound], rate: int) -> tuple[Samples16, tuple[SpokenSentence, ...]]:
    """The samples of all with the pauses between them (none behind the last), and when each word is heard."""
    parts: list[Samples16] = []
    told: list[SpokenSentence] = []
    frames = 0
    for number, sentence in enumerate(sentences):
        told.append(_told(sentence, frames / rate, len(sentence.samples) / rate))
        silence = 0 if number + 1 == len(sentences) else round(sentence.pause * rate)
        parts += [sentence.samples, np.zeros(silence, sentence.samples.dtype)]
        frames += len(sentence.samples) + silence
    return np.concatenate(parts), tuple(told)


def _told(sentence: SentenceSound, begin: float, seconds: float) -> SpokenSentence:
    words = written_words(sentence.spoken, sentence.words, seconds)
    moved = tuple(
        SpokenWord(text=word.text, start=round(begin + word.start, 4), end=round(begin + word.end, 4))
        for word in words
    )
    return SpokenSentence(text=sentence.text, start=moved[0].start, end=moved[-1].end, words=moved)


def written_words(spoken: Spoken, times: Sequence[Interval], seconds: float) -> tuple[SpokenWord, ...]:
    """The written words of a sentence with the times of what is said for each: in order, none of no length.

    Args:
        spoken: The sentence in both forms; it has a word at least.
        times: Of each word of `spoken.text`, between blanks.
        seconds: Length of the sentence's sound; every word lies within it.
    """
    places: list[tuple[int, int]] = []
    position = 0
    for word in spoken.text.split(" "):
        places.append((position, position + len(word)))
        position += len(word) + 1
    words: list[SpokenWord] = []
    now = 0.0
    count = len(spoken.spans)
    for number, span in enumerate(spoken.spans):
        heard = [
            time
            for (first, last), time in zip(places, times, strict=True)
            if first < span.spoken_end and last > span.spoken_start and time[1] > time[0]
        ]
        shortest = min(_SHORTEST, seconds / (2 * count))
        # Room is left for those that follow.
        latest = seconds - shortest * (count - number)
        start = min(max(heard[0][0] if heard else now, now), latest)
        end = max(heard[-1][1] if heard else start, start + shortest)
        end = min(end, seconds - shortest * (count - number - 1))
        words.append(SpokenWord(text=span.written, start=start, end=end))
        now = end
    return tuple(words)


def even_times(spoken: Spoken, seconds: float) -> tuple[Interval, ...]:
    """Times by the letters of each word alone, for a voice that does not know better."""
    words = spoken.text.split(" ")
    bounds = np.cumsum([0, *(len(word) + 1 for word in words)]) / (len(spoken.text) + 1) * seconds
    return tuple((float(bounds[number]), float(bounds[number + 1])) for number in range(len(words)))
