"""One recognition: window by window, in memory that does not grow with the audio.

A window is heard as it was recorded, its text following from what was said before: so sentences keep their capitals,
marks and ends. Long silences, over which the engine would invent text, do not reach it. What voice activity heard then
judges the text, and doubtful places are heard again by themselves.
"""

import logging
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tasks.inference.devices import Device
from tasks.speech.activity import join_close, moved, within
from tasks.speech.batching import loses_speech
from tasks.speech.decoding import Decoder
from tasks.speech.echoes import without_echoes
from tasks.speech.faint import any_voice, attentive, voices_under, with_faint
from tasks.speech.languages import UNSPACED
from tasks.speech.options import RecognitionOptions
from tasks.speech.quality import assess, doubtful, is_invented, repeated, too_fast
from tasks.speech.repair import repaired
from tasks.speech.spoken import SpokenLanguages
from tasks.speech.stretches import worth_hearing
from tasks.speech.transcript import Segment, Span, Transcript, join_text
from tasks.speech.watch import Watch
from tasks.speech.windows import Window, audio_duration, read_windows
from tasks.speech.word_starts import on_time

logger = logging.getLogger(__name__)

_CONTEXT_CHARACTERS = 1000
"""Of the text before; the engine uses its last 223 tokens."""
_WILD = 0.5
"""Temperature above which the engine itself lets nothing follow from a text."""


class Run:
    """What is gathered from the windows of one audio."""

    def __init__(
        self, model: Any, device: Device, options: RecognitionOptions, language: str | None, watch: Watch
    ) -> None:
        self._model = model
        self._device = device
        self._options = options
        self.watch = watch
        self._languages = SpokenLanguages(model, language, watch)
        self._language: str | None = None
        self._segments: list[Segment] = []
        self._speech: list[Span] = []
        self._said: list[Span] = []
        self._removed: list[str] = []
        self._decoder = Decoder(model, device, options, watch)
        self._before = options.initial_prompt or ""
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
        voices: list[Span] = []
        for found in read_windows(audio, seconds=self._options.window_seconds):
            duration = found.start + found.duration
            self._speech += moved(found.speech, found.start)
            window = attentive(found) if self._options.vad else found
            voices += window.speech
            if window.speech or not self._options.vad:
                waiting.append(window)
            if not self._options.vad or any_voice(voices):
                while waiting:
                    self._window(waiting.pop(0))
            self.watch.at(duration)
        self.watch.at(duration)
        main = self._languages.main
        source = main.language if main else "en"
        language = "en" if self._options.task == "translate" else source
        spaced = language not in UNSPACED
        return Transcript(
            text=join_text([segment.text for segment in self._segments], spaced=spaced),
            language=language,
            source_language=source,
            languages=self._languages.heard,
            language_probability=main.probability if main else 0.0,
            duration=duration,
            segments=tuple(self._segments),
            task=self._options.task,
            model=name,
            device=self._device.name,
            compute_type=self._device.compute_type,
            threads=self._device.threads,
            batched=self._batched,
            quality=assess(
                self._segments,
                join_close(sorted([*self._speech, *self._said], key=lambda span: span.start), gap=0.0),
                removed=self._removed,
                spaced=spaced,
                about_language=self._languages.warnings(),
            ),
        )

    def _window(self, window: Window) -> None:
        for spoken in self._languages.of(window):
            self._part(window.part(spoken), spoken.language)

    def _part(self, window: Window, language: str) -> None:
        everything = [Span(start=0.0, end=window.duration)]
        stretches = worth_hearing(window.speech, window.duration) if self._options.vad else everything
        if language != self._language:
            self._language, self._before = language, self._options.initial_prompt or ""
        heard = moved(window.speech, window.start)
        segments = self._batches(window, language) if self._wants_batches else None
        if segments is None:
            segments = self._decoder.continuous(window, stretches, language, self._before)
            segments = self._repaired(segments, window, language)
        else:
            self._batched = True
        kept = []
        segments = without_echoes(segments, heard)
        for segment, following in zip_longest(segments, segments[1:]):
            voices = self._voices(segment, window, following)
            if voices is None:
                self._removed.append(segment.text)
                continue
            kept.append(segment)
            self._said += voices
        self._before = self._context(kept)
        wordless = {} if self._options.word_timestamps else {"words": ()}
        self._segments += [segment.model_copy(update=wordless) for segment in on_time(kept, heard)]

    def _voices(self, segment: Segment, window: Window, following: Segment | None) -> list[Span] | None:
        """The voices under a text; None where nobody said it."""
        if doubtful(segment) and not any_voice(self._speech):
            # Nobody has been heard clearly so far: what passes for a faint voice may be noise, and the text a guess.
            return None
        heard = moved(window.speech, window.start)
        if not is_invented(segment, heard):
            return within(heard, Span(start=segment.start, end=segment.end))
        return voices_under(segment, window, following) or None

    def _repaired(self, segments: list[Segment], window: Window, language: str) -> list[Segment]:
        limits = Span(start=window.start, end=window.start + window.duration)
        spaced = language not in UNSPACED
        # More words than can be said in what was heard may be those of a voice that was hardly heard.
        crammed = list(too_fast(segments, moved(window.speech, window.start), spaced))
        speech = with_faint(window, moved(crammed, -window.start)) if crammed else window.speech
        return repaired(
            segments,
            moved(speech, window.start),
            limits,
            lambda hole: self._again(window, within(speech, *moved([hole], -window.start)), language),
            spaced=spaced,
        )

    def _again(self, window: Window, speech: Sequence[Span], language: str) -> list[Segment]:
        """Some speech by itself, in its own language: another one may be why it has no words."""
        if not speech:
            return []
        whole = Span(start=speech[0].start, end=speech[-1].end)
        return self._decoder.alone(window, speech, self._languages.alone(window, whole, language))

    def _context(self, segments: list[Segment]) -> str:
        """What the next window follows from: nothing where the text is in doubt, or a slip would go on for ever."""
        if segments and (segments[-1].temperature > _WILD or repeated(segments[-3:])):
            return self._options.initial_prompt or ""
        return " ".join([self._before, *(segment.text for segment in segments)])[-_CONTEXT_CHARACTERS:]

    def _batches(self, window: Window, language: str) -> list[Segment] | None:
        """The segments of a window recognised in batches; None when they do not cover its speech."""
        segments, clips = self._decoder.batched(window, language)
        if clips and not loses_speech(
            segments, moved(window.speech, window.start), moved(clips, window.start)
        ):
            return segments
        logger.info("batches lost speech in the window at %.0f s: recognising it one by one", window.start)
        return None

    @property
    def _wants_batches(self) -> bool:
        choice = self._options.batch
        return choice == "on" or (choice == "auto" and self._device.name == "cuda")
