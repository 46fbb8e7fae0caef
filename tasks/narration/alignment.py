"""When the words of a known script are heard in somebody's recording of it.

The recogniser says roughly which sentences are said and where; then the script's own spoken form is laid over each
stretch of the recording by the recogniser's alignment, whose word starts are far better than those of a text matched to
what was recognised. So silence and music at the beginning, long pauses, sentences left out and words added do no harm:
what is not heard is left out, with a warning.

Word starts against the voices' own (a script of 22 sentences with prices, dates and phone numbers each): see
docs/narration.md.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tasks.narration.matching import HeardWord, Place, heard_words, place_sentences
from tasks.narration.spoken_form import Spoken, spoken_form
from tasks.progress import Progress, ignore_progress, part_of
from tasks.promotion.materials import Language, SpokenSentence, SpokenWord
from tasks.speech.activity import overlapping
from tasks.speech.known_text import LONGEST, MOST_TOKENS
from tasks.speech.options import RecognitionOptions
from tasks.speech.transcript import Segment, Span, Transcript, Word
from tasks.speech.windows import read_windows
from tasks.speech.word_starts import on_time

_RATE = 16_000
_BEFORE, _AFTER = 0.6, 0.8
"""Seconds around what is recognised that are heard with it."""
_APART = 2.0
"""A longer time between two sentences holds something else, or nothing."""
_WINDOW = LONGEST - 4.0
"""Sentences that lie within so many seconds are aligned together."""
_UNHEARD = 0.12
"""Mean probability of the words of a sentence below which it is not said here."""
_RECOGNISED = 0.7
"""Share of the progress."""
_SHORTEST = 0.02
"""Seconds that a word is heard at least."""
_SILENCE = 0.1
"""Seconds without a voice that are a pause and no part of a word."""
_EARLY: dict[Language, float] = {"en": 0.03, "pt-BR": 0.0}
"""Seconds by which word starts are early still, behind `tasks.speech.word_starts`: medians over the 220 words of 27
sentences of each language's embedded voice, which knows when it begins each of them."""


class AlignedScript(BaseModel):
    """What is known of a recording."""

    model_config = ConfigDict(frozen=True)

    duration: float
    """Seconds of the recording."""
    sentences: tuple[SpokenSentence, ...]
    """Those that are heard, strictly in order."""
    warnings: tuple[str, ...] = ()


class Aligner(Protocol):
    """A loaded recogniser, as `tasks.speech.recognition.Recogniser` is one."""

    def transcribe(
        self,
        audio: Path,
        options: RecognitionOptions | None = None,
        progress: Progress = ignore_progress,
        deadline: float | None = None,
    ) -> Transcript:
        """What is said in a media file."""

    def align(self, audio: NDArray[np.float32], text: str, language: str) -> tuple[Word, ...]:
        """When each word of a known text is heard in at most 30 seconds of sound."""

    def tokens(self, text: str) -> int:
        """Length of a text as the engine counts."""


@dataclass(frozen=True)
class _Sound:
    samples: NDArray[np.float32]
    speech: tuple[Span, ...]

    @property
    def duration(self) -> float:
        return self.samples.size / _RATE


def align_script(
    recogniser: Aligner,
    audio: Path,
    sentences: Sequence[str],
    language: Language,
    progress: Progress = ignore_progress,
    deadline: float | None = None,
) -> AlignedScript:
    """When each written word of a script is heard in a recording.

    Without sentences, or where the recording says something else altogether, its words are what the recogniser
    understands. Raises as `tasks.speech.recognition.Recogniser.transcribe`.
    """
    code = language.partition("-")[0]
    transcript = recogniser.transcribe(
        audio, RecognitionOptions(language=code), part_of(progress, 0.0, _RECOGNISED), deadline
    )
    sound = _read(audio)
    if not sentences:
        return AlignedScript(
            duration=sound.duration,
            sentences=recognised_sentences(transcript),
            warnings=("There is no script: the captions are what was understood.",) if transcript.segments else (
                "Nothing is said in the recording.",),
        )  # fmt: skip
    spoken = [spoken_form(sentence, language) for sentence in sentences]
    heard = heard_words(transcript, language)
    placed = place_sentences(spoken, heard, sound.speech)
    if not placed.places:
        return AlignedScript(
            duration=sound.duration,
            sentences=recognised_sentences(transcript),
            warnings=(
                "The recording does not say the script: the captions are what was understood.",
                *placed.warnings,
            ),
        )
    timed = _align(
        recogniser, sound, spoken, placed.places, code, part_of(progress, _RECOGNISED, 1 - _RECOGNISED)
    )
    missing = [sentences[i] for i in range(len(sentences)) if i not in timed and spoken[i].spans]
    warnings = [f"Not heard in the recording: {_shortened(sentence)}" for sentence in missing]
    return AlignedScript(
        duration=sound.duration,
        sentences=tuple(
            _in_order([_told(sentences[i], spoken[i], timed[i], _EARLY[language]) for i in sorted(timed)])
        ),
        warnings=(*warnings, *placed.warnings),
    )


def recognised_sentences(transcript: Transcript) -> tuple[SpokenSentence, ...]:
    """The words of a recording as they were understood, by sentence."""
    found: list[SpokenSentence] = []
    words: list[SpokenWord] = []
    all_words = [word for segment in transcript.segments for word in segment.words]
    for number, word in enumerate(all_words):
        words.append(SpokenWord(text=word.word, start=word.start, end=max(word.end, word.start + _SHORTEST)))
        if word.word.endswith((".", "!", "?", "…")) or number + 1 == len(all_words):
            found.append(_sentence(words))
            words = []
    return tuple(_in_order(found))


def _read(audio: Path) -> _Sound:
    parts: list[NDArray[np.float32]] = []
    speech: list[Span] = []
    for window in read_windows(audio):
        parts.append(window.audio)
        speech += [
            Span(start=span.start + window.start, end=span.end + window.start) for span in window.speech
        ]
    return _Sound(np.concatenate(parts) if parts else np.zeros(0, np.float32), tuple(speech))


def _align(
    recogniser: Aligner,
    sound: _Sound,
    spoken: Sequence[Spoken],
    places: Sequence[Place],
    code: str,
    progress: Progress,
) -> dict[int, tuple[Word, ...]]:
    """The spoken words of each sentence that is heard, by its index."""
    timed: dict[int, tuple[Word, ...]] = {}
    groups = list(_groups(places, lambda texts: recogniser.tokens(" ".join(texts)), spoken))
    for number, group in enumerate(groups):
        progress(number / len(groups))
        before = groups[number - 1][-1].end if number else 0.0
        after = groups[number + 1][0].start if number + 1 < len(groups) else sound.duration
        begin = max(0.0, group[0].start - _BEFORE, min((before + group[0].start) / 2, group[0].start))
        end = min(sound.duration, group[-1].end + _AFTER, max((group[-1].end + after) / 2, group[-1].end))
        end = min(end, begin + LONGEST)
        samples = sound.samples[round(begin * _RATE) : round(end * _RATE)]
        text = " ".join(spoken[place.sentence].text for place in group)
        words = _whole_words(recogniser.align(samples, text, code), begin)
        (segment,) = on_time([_segment(text, _without_silence(words, sound.speech))], sound.speech)
        position = 0
        for place in group:
            count = len(spoken[place.sentence].text.split(" "))
            own = segment.words[position : position + count]
            position += count
            if not place.sure and sum(word.probability for word in own) < _UNHEARD * count:
                continue
            if len(own) == count:
                timed[place.sentence] = own
    progress(1.0)
    return timed


def _groups(
    places: Sequence[Place], tokens: Callable[[list[str]], int], spoken: Sequence[Spoken]
) -> Iterator[list[Place]]:
    """Sentences that follow each other closely enough to be aligned together."""
    group: list[Place] = []
    for place in places:
        if group and (
            place.start - group[-1].end > _APART
            or place.end - group[0].start > _WINDOW
            or tokens([spoken[each.sentence].text for each in [*group, place]]) > MOST_TOKENS
        ):
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def _whole_words(parts: Sequence[Word], begin: float) -> list[Word]:
    """Words between blanks, marks with them, on the clock of the recording."""
    words: list[Word] = []
    for part in parts:
        if part.word.startswith(" ") or not words:
            words.append(
                part.model_copy(
                    update={"word": part.word.strip(), "start": part.start + begin, "end": part.end + begin}
                )
            )
        else:
            last = words[-1]
            # A mark lasts for as long as the pause that it makes.
            end = part.end + begin if any(letter.isalnum() for letter in part.word) else last.end
            words[-1] = last.model_copy(update={"word": last.word + part.word, "end": end})
    return words


def _without_silence(words: Sequence[Word], speech: Sequence[Span]) -> list[Word]:
    """Words that begin and end with their sound: the engine gives the silence around a word to it."""
    found: list[Word] = []
    for word in words:
        heard = list(overlapping(Span(start=word.start, end=word.end), speech))
        start, end = word.start, word.end
        if heard and start + _SILENCE < heard[-1].start < end - _SHORTEST:
            start = heard[-1].start
        if heard and start + _SHORTEST < heard[-1].end < end - _SILENCE:
            end = heard[-1].end
        found.append(word.model_copy(update={"start": start, "end": end}))
    return found


def _segment(text: str, words: Sequence[Word]) -> Segment:
    return Segment(
        text=text,
        start=words[0].start if words else 0.0,
        end=words[-1].end if words else 0.0,
        words=tuple(words),
        avg_logprob=0.0,
        no_speech_prob=0.0,
        compression_ratio=1.0,
    )


def _told(sentence: str, spoken: Spoken, words: Sequence[Word], early: float) -> SpokenSentence:
    """The written words of a sentence at the times of what is said for each."""
    written: list[SpokenWord] = []
    position = 0
    for span in spoken.spans:
        own = words[position : position + len(span.spoken.split(" "))]
        position += len(own)
        start = min(own[0].start + early, max(own[-1].end - _SHORTEST, own[0].start))
        written.append(SpokenWord(text=span.written, start=start, end=own[-1].end))
    return _sentence(written, sentence)


def _sentence(words: Sequence[SpokenWord], text: str = "") -> SpokenSentence:
    return SpokenSentence(
        text=text or " ".join(word.text for word in words),
        start=words[0].start,
        end=words[-1].end,
        words=tuple(words),
    )


def _in_order(sentences: Sequence[SpokenSentence]) -> Iterator[SpokenSentence]:
    """With every word after the one before it, and none of no length."""
    now = 0.0
    for sentence in sentences:
        words: list[SpokenWord] = []
        for word in sentence.words:
            start = max(word.start, now)
            end = max(word.end, start + _SHORTEST)
            words.append(SpokenWord(text=word.text, start=round(start, 3), end=round(end, 3)))
            now = words[-1].end
        for number in range(len(words) - 1):
            # A word may not reach into the one after it.
            if words[number].end > words[number + 1].start:
                words[number] = words[number].model_copy(update={"end": words[number + 1].start})
        yield _sentence(words, sentence.text)


def _shortened(sentence: str) -> str:
    return f"“{sentence}”" if len(sentence) <= 80 else f"“{sentence[:77]}…”"


__all__ = ["AlignedScript", "HeardWord", "align_script", "recognised_sentences"]
