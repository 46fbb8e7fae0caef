"""How right a transcript is: words, coverage and word times against what was really said."""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import jiwer

from benchmarks.material import Recording


@dataclass(frozen=True)
class HeardWord:
    """A recognised word and its times in seconds."""

    word: str
    start: float
    end: float


@dataclass(frozen=True)
class Score:
    """One transcript against the truth."""

    word_error_rate: float
    coverage: float
    """Share of the spoken words that have a word in the transcript, right or wrong: the rest was lost."""
    start_error: float
    """Median distance, in seconds, of the first word of a sentence from where the voice begins it."""
    end_error: float
    """The same for the last word and the end."""
    late: float
    """The distance that nine of ten of these times stay under, in seconds."""


def score(recording: Recording, words: Sequence[HeardWord]) -> Score:
    """The score of a transcript of the recording."""
    said: list[str] = []
    firsts: dict[int, float] = {}
    lasts: dict[int, float] = {}
    for sentence in recording.sentences:
        bare = _bare(sentence.text)
        firsts[len(said)] = sentence.start
        said += bare
        lasts[len(said) - 1] = sentence.end
    heard: list[str] = []
    times: list[HeardWord] = []
    for word in words:
        for part in _bare(word.word):
            heard.append(part)
            times.append(word)
    compared = jiwer.process_words([" ".join(said)], [" ".join(heard)])
    starts: list[float] = []
    ends: list[float] = []
    for chunk in compared.alignments[0]:
        if chunk.type != "equal":
            continue
        for offset in range(chunk.ref_end_idx - chunk.ref_start_idx):
            index = chunk.ref_start_idx + offset
            found = times[chunk.hyp_start_idx + offset]
            if index in firsts:
                starts.append(abs(found.start - firsts[index]))
            if index in lasts:
                ends.append(abs(found.end - lasts[index]))
    return Score(
        word_error_rate=float(compared.wer),
        coverage=1 - compared.deletions / len(said),
        start_error=statistics.median(starts),
        end_error=statistics.median(ends),
        late=statistics.quantiles(starts + ends, n=10)[8],
    )


def _bare(text: str) -> list[str]:
    """Lower case without punctuation: what counts when words are compared."""
    return re.sub(r"[^\w\s]", " ", text.lower().replace("'", "")).split()
