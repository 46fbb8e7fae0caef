"""One recognition: window by window, in memory that does not grow with the audio.

What the engine would do over silence it never gets to do: only stretches with speech reach it.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.inference.devices import Device
from tasks.speech.activity import SAMPLE_RATE, join_close
from tasks.speech.batching import clips, loses_speech
from tasks.speech.echoes import without_echoes
from tasks.speech.engine import call, iterate
from tasks.speech.languages import UNSPACED
from tasks.speech.options import RecognitionOptions
from tasks.speech.quality import assess, is_invented, no_speech
from tasks.speech.splice import Splice
from tasks.speech.transcript import Segment, Span, Transcript, Word, join_text
from tasks.speech.watch import Watch
from tasks.speech.windows import Window, audio_duration, read_windows

logger = logging.getLogger(__name__)

_SILENCE_SECONDS = 2.0
"""Longer silences are cut out; each stretch of speech keeps some of the silence around it."""
_PAD_SECONDS = 0.4
_DETECTION_PIECES = 3
_PIECE_SECONDS = 30.0
"""What the engine looks at to detect a language: one block."""


class Run:
    """What is decided once for an audio (the language), and what is gathered from its windows."""

    def __init__(
        self, model: Any, device: Device, options: RecognitionOptions, language: str | None, watch: Watch
    ) -> None:
        self._model = model
        self._device = device
        self._options = options
        self.watch = watch
        self._language = language
        self._probability = 1.0
        self._segments: list[Segment] = []
        self._speech: list[Span] = []
        self._removed: list[str] = []
        self._batched = False

    def transcribe(self, audio: Path, name: str) -> Transcript:
        """The transcript of a media file; `name` is the model's, for the transcript to record.

        Raises as `tasks.speech.recognition.Recogniser.transcribe`. A run serves one audio only.
        """
        self.watch.duration = audio_duration(audio)
        self.watch.at(0.0)
        duration = 0.0
        # A click or a note can look like speech: windows wait until enough was heard in the file to believe
        # it.
        waiting: list[Window] = []
        for window in read_windows(audio, seconds=self._options.window_seconds):
            duration = window.start + window.duration
            self._speech += _moved(window.speech, window.start)
            if window.speech or not self._options.vad:
                waiting.append(window)
            if not self._options.vad or not no_speech(self._speech):
                while waiting:
                    self._window(waiting.pop(0))
            self.watch.at(duration)
        self.watch.at(duration)
        source = self._language or "en"
        language = "en" if self._options.task == "translate" else source
        spaced = language not in UNSPACED
        return Transcript(
            text=join_text([segment.text for segment in self._segments], spaced=spaced),
            language=language,
            source_language=source,
            language_probability=self._probability if self._language else 0.0,
            duration=duration,
            segments=tuple(self._segments),
            task=self._options.task,
            model=name,
            device=self._device.name,
            compute_type=self._device.compute_type,
            threads=self._device.threads,
            batched=self._batched,
            quality=assess(self._segments, self._speech, removed=self._removed, spaced=spaced),
        )

    def _window(self, window: Window) -> None:
        stretches = (
            join_close(window.speech, gap=_SILENCE_SECONDS, pad=_PAD_SECONDS, limit=window.duration)
            if self._options.vad
            else [Span(start=0.0, end=window.duration)]
        )
        if self._language is None:
            self._language, self._probability = self._detect(Splice(window.audio, stretches).audio)
        heard = _moved(window.speech, window.start)
        segments = self._batches(window, heard) if self._wants_batches else None
        if segments is None:
            segments = list(
                self._sequential(Splice(window.audio, stretches, window.speech, start=window.start))
            )
        else:
            self._batched = True
        for segment in without_echoes(segments, heard):
            if is_invented(segment, heard):
                self._removed.append(segment.text)
            else:
                self._segments.append(
                    segment if self._options.word_timestamps else segment.model_copy(update={"words": ()})
                )

    @property
    def _wants_batches(self) -> bool:
        choice = self._options.batch
        return choice == "on" or (choice == "auto" and self._device.name == "cuda")

    def _detect(self, speech: NDArray[np.float32]) -> tuple[str, float]:
        """The language most probable over several pieces: an introduction may be in another one, or music."""
        piece = int(_PIECE_SECONDS * SAMPLE_RATE)
        count = max(1, min(_DETECTION_PIECES, round(speech.size / piece)))
        votes: dict[str, float] = {}
        for index in range(count):
            self.watch.at()
            begin = (speech.size - piece) * index // max(count - 1, 1) if speech.size > piece else 0
            _, _, probabilities = call(
                partial(self._model.detect_language, audio=speech[begin : begin + piece])
            )
            for code, probability in probabilities:
                votes[code] = votes.get(code, 0.0) + float(probability) / count
        language, probability = max(votes.items(), key=itemgetter(1))
        logger.info("detected %s with probability %.2f in %d pieces", language, probability, count)
        return language, probability

    def _sequential(self, splice: Splice) -> Iterator[Segment]:
        found, _ = call(
            lambda: self._model.transcribe(
                splice.audio,
                vad_filter=False,
                condition_on_previous_text=self._options.condition_on_previous_text,
                word_timestamps=self._options.word_timestamps,
                **self._common,
            )
        )
        for segment in iterate(found):
            converted = _convert(segment, splice)
            self.watch.at(converted.end)
            yield converted

    def _batches(self, window: Window, heard: Sequence[Span]) -> list[Segment] | None:
        """The segments of a window recognised in batches; None when they do not cover its speech."""
        from faster_whisper import BatchedInferencePipeline  # noqa: PLC0415 - an optional engine

        clipped = clips(window.speech, window.duration)
        if not clipped:
            return None
        found, _ = call(
            lambda: BatchedInferencePipeline(self._model).transcribe(
                window.audio,
                clip_timestamps=[{"start": clip.start, "end": clip.end} for clip in clipped],
                without_timestamps=False,  # otherwise a segment is a whole clip
                word_timestamps=True,  # the check needs them
                batch_size=16 if self._device.name == "cuda" else 4,
                **self._common,
            )
        )
        everything = [Span(start=0.0, end=window.duration)]
        whole = Splice(window.audio, everything, window.speech, start=window.start)
        segments: list[Segment] = []
        for segment in iterate(found):
            segments.append(_convert(segment, whole))
            self.watch.at(segments[-1].end)
        segments.sort(key=lambda segment: segment.start)

        if loses_speech(segments, heard, _moved(clipped, window.start)):
            logger.info(
                "batches lost speech in the window at %.0f s: recognising it one by one", window.start
            )
            return None
        return segments

    @property
    def _common(self) -> dict[str, Any]:
        return {
            "language": self._language,
            "task": self._options.task,
            "beam_size": self._options.beam_size,
            "initial_prompt": self._options.initial_prompt,
            "hotwords": self._options.hotwords,
        }


def _moved(spans: Sequence[Span], seconds: float) -> list[Span]:
    return [Span(start=span.start + seconds, end=span.end + seconds) for span in spans]


def _convert(segment: Any, splice: Splice) -> Segment:
    words: list[Word] = []
    for word in segment.words or ():
        text = word.word.strip()
        if not text:
            continue
        at = splice.locate(word.start, word.end)
        words.append(Word(word=text, start=at.start, end=at.end, probability=word.probability))
    at = (
        Span(start=words[0].start, end=max(words[0].start, words[-1].end))
        if words
        else splice.locate_phrase(segment.start, segment.end)
    )
    return Segment(
        text=segment.text.strip(),
        start=at.start,
        end=at.end,
        words=tuple(words),
        avg_logprob=segment.avg_logprob,
        no_speech_prob=segment.no_speech_prob,
        compression_ratio=segment.compression_ratio,
        temperature=segment.temperature or 0.0,
    )
