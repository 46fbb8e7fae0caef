"""The three ways in which the engine hears a window: continuously, in pieces by themselves, in batches."""

from collections.abc import Iterable, Sequence
from typing import Any

from tasks.inference.devices import Device
from tasks.speech.activity import join_close
from tasks.speech.batching import clips
from tasks.speech.engine import call, iterate
from tasks.speech.options import RecognitionOptions
from tasks.speech.splice import Splice
from tasks.speech.transcript import Segment, Span, Word
from tasks.speech.watch import Watch
from tasks.speech.windows import Window

_SILENCE_SECONDS = 2.0
_PAD_SECONDS = 0.4
"""What is heard by itself is heard without its longer silences; each stretch of speech keeps some of the silence around
it."""
_HOTWORD_TOKENS = 40
"""The engine puts hotwords and the text before into the same 448 tokens as the text to come: with more hotwords there
is no room left for it."""


class Decoder:
    """Hears windows of one recording. Stretches and speech are in order, in seconds of their window."""

    def __init__(self, model: Any, device: Device, options: RecognitionOptions, watch: Watch) -> None:
        self._model = model
        self._device = device
        self._options = options
        self._watch = watch
        hotwords = len(model.hf_tokenizer.encode(options.hotwords).ids) if options.hotwords else 0
        self._in_context = hotwords <= _HOTWORD_TOKENS

    def continuous(
        self, window: Window, stretches: Sequence[Span], language: str, before: str
    ) -> list[Segment]:
        """The stretches as they were recorded, each text following from the one `before` it."""
        found, _ = call(
            lambda: self._model.transcribe(
                window.audio,
                clip_timestamps=[edge for stretch in stretches for edge in (stretch.start, stretch.end)],
                condition_on_previous_text=self._in_context,
                initial_prompt=before or None,
                word_timestamps=self._options.word_timestamps,
                **self._common(language),
            )
        )
        return self._segments(found, _whole(window), language)

    def alone(self, window: Window, speech: Sequence[Span], language: str) -> list[Segment]:
        """The speech without its silences and without what was said before.

        A mistake cannot be carried on from one block to the next. Always with word times.
        """
        if not speech:
            return []
        stretches = join_close(speech, gap=_SILENCE_SECONDS, pad=_PAD_SECONDS, limit=window.duration)
        splice = Splice(window.audio, stretches, window.speech, start=window.start)
        found, _ = call(
            lambda: self._model.transcribe(
                splice.audio,
                condition_on_previous_text=False,
                initial_prompt=self._options.initial_prompt,
                word_timestamps=True,  # what was heard beside it is known by them
                **self._common(language),
            )
        )
        return self._segments(found, splice, language)

    def batched(self, window: Window, language: str) -> tuple[list[Segment], list[Span]]:
        """The speech in clips that are heard at the same time, and those clips. Always with word times."""
        from faster_whisper import BatchedInferencePipeline  # noqa: PLC0415 - an optional engine

        clipped = clips(window.speech, window.duration)
        if not clipped:
            return [], []
        found, _ = call(
            lambda: BatchedInferencePipeline(self._model).transcribe(
                window.audio,
                clip_timestamps=[{"start": clip.start, "end": clip.end} for clip in clipped],
                initial_prompt=self._options.initial_prompt,
                without_timestamps=False,  # otherwise a segment is a whole clip
                word_timestamps=True,
                batch_size=16 if self._device.name == "cuda" else 4,
                **self._common(language),
            )
        )
        return sorted(
            self._segments(found, _whole(window), language), key=lambda segment: segment.start
        ), clipped

    def _common(self, language: str) -> dict[str, Any]:
        return {
            "language": language,
            "task": self._options.task,
            "beam_size": self._options.beam_size,
            "hotwords": self._options.hotwords,
        }

    def _segments(self, found: Iterable[Any], splice: Splice, language: str) -> list[Segment]:
        written = language if self._options.task == "transcribe" else None
        segments: list[Segment] = []
        for segment in iterate(found):
            segments.append(_convert(segment, splice, written))
            self._watch.at(segments[-1].end)
        return segments


def _whole(window: Window) -> Splice:
    everything = [Span(start=0.0, end=window.duration)]
    return Splice(window.audio, everything, window.speech, start=window.start)


def _convert(segment: Any, splice: Splice, language: str | None) -> Segment:
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
        language=language,
    )
