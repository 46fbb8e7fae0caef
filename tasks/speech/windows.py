"""Audio of any length as windows that end in silences: memory does not grow with the file."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from tasks.errors import DamagedMediaError, NoAudioError, NotMediaError
from tasks.media.clock import has_clock
from tasks.media.pcm import decode
from tasks.media.probe import probe, require_audio
from tasks.speech.activity import SAMPLE_RATE, find_speech, moved, within
from tasks.speech.transcript import Span

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 300.0
"""Long enough that cutting costs nothing measurable, short enough that spectra stay under 150 MB."""
_MIXED = f"aresample={SAMPLE_RATE}:out_chlayout=mono:rematrix_maxval=1.0"
"""As engines read files themselves: with the bound, two equal channels are as loud as one and nothing is cut off."""
_CUT_REGION_SECONDS = 60.0
"""The part at the end of a window in which the best silence to cut at is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A piece of the audio: windows follow each other without gap or overlap."""

    start: float
    """Where it begins in the whole audio, in seconds."""
    audio: NDArray[np.float32]
    """Mono, 16 kHz, -1 to 1."""
    speech: tuple[Span, ...]
    """Stretches of speech, in seconds from the beginning of the window."""

    @property
    def duration(self) -> float:
        """Seconds of audio in the window."""
        return self.audio.size / SAMPLE_RATE

    def part(self, span: Span) -> "Window":
        """The part of the window in `span`, in seconds from its beginning, as a window of its own."""
        first, last = round(span.start * SAMPLE_RATE), round(span.end * SAMPLE_RATE)
        return Window(
            start=self.start + first / SAMPLE_RATE,
            audio=self.audio[first:last],
            speech=tuple(moved(within(self.speech, span), -span.start)),
        )


def audio_duration(path: Path) -> float | None:
    """The length in seconds that the file claims; None where it claims none. The real length may differ."""
    with _open(path) as container:
        if container.duration is not None:
            return float(container.duration / av.time_base)
        stream = container.streams.audio[0]
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
    return None


def read_windows(path: Path, *, seconds: float = WINDOW_SECONDS) -> Iterator[Window]:
    """The audio of a media file, window by window, each at most `seconds` long and cut where nobody speaks.

    Raises NotMediaError, NoAudioError or DamagedMediaError (nothing in the file can be decoded).
    """
    size = int(seconds * SAMPLE_RATE)
    position = 0  # of the first pending sample, in the whole audio
    pending: list[NDArray[np.int16]] = []
    pending_size = 0
    for block in _decode(path):
        pending.append(block)
        pending_size += block.size
        while pending_size >= size:
            samples = np.concatenate(pending)
            window, rest = _cut(samples[:size], position), samples
            rest = samples[window.audio.size :].copy()  # a view would keep the whole window alive
            pending, pending_size = [rest], rest.size
            position += window.audio.size
            del samples, rest
            yield window
            del window
    if pending_size:
        audio = _to_float(np.concatenate(pending))
        pending.clear()
        yield Window(start=position / SAMPLE_RATE, audio=audio, speech=tuple(find_speech(audio)))


def _cut(samples: NDArray[np.int16], position: int) -> Window:
    audio = _to_float(samples)
    speech = find_speech(audio)
    end = audio.size / SAMPLE_RATE
    cut = _best_cut(audio, speech, end)
    kept = tuple(Span(start=span.start, end=min(span.end, cut)) for span in speech if span.start < cut - 1e-3)
    return Window(start=position / SAMPLE_RATE, audio=audio[: round(cut * SAMPLE_RATE)].copy(), speech=kept)


def _best_cut(audio: NDArray[np.float32], speech: list[Span], end: float) -> float:
    """The middle of the longest silence in the last part of the window; without any, its quietest moment."""
    region = max(end - _CUT_REGION_SECONDS, end / 2)
    edges = [Span(start=0.0, end=0.0), *speech, Span(start=end, end=end)]
    gaps = [
        (min(after.start, end) - max(before.end, region), max(before.end, region))
        for before, after in pairwise(edges)
    ]
    length, start = max(gaps)
    if length > 0:
        return start + length / 2
    # Blocks of 20 ms, averaged over five; the cut is the middle of the quietest five.
    hop = SAMPLE_RATE // 50
    tail = audio[int(region * SAMPLE_RATE) :]
    frames = tail[: tail.size // hop * hop].reshape(-1, hop)
    loudness = np.convolve((frames**2).mean(axis=1), np.full(5, 0.2), mode="valid")
    return region + (int(loudness.argmin()) + 2.5) * hop / SAMPLE_RATE


def _to_float(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    return samples.astype(np.float32) / np.float32(32768.0)


def _decode(path: Path) -> Iterator[NDArray[np.int16]]:
    """Blocks of mono 16 kHz samples. Damaged packets are left out, what follows them is still read."""
    damaged = decoded = 0
    with _open(path) as container:
        if has_clock(container):
            container.close()
            yield from _decode_by_clock(path)
            return
        stream = container.streams.audio[0]
        stream.thread_type = "AUTO"
        resampler, layout = _resampler(), None
        try:
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    damaged += 1
                    continue
                for frame in frames:
                    shape = (frame.format.name, frame.layout.name, frame.sample_rate)
                    if layout not in (None, shape):  # streams may change in the middle; a resampler may not
                        yield from _samples(resampler, None)
                        resampler = _resampler()
                    layout = shape
                    frame.pts = None  # gaps between time stamps would be refused
                    decoded += frame.samples
                    yield from _samples(resampler, frame)
        except av.error.InvalidDataError as error:
            logger.warning("the audio of %s breaks off: %s", path.name, error)
            damaged += 1
        if layout is not None:
            yield from _samples(resampler, None)
    if damaged:
        logger.warning("%d damaged packets of %s were left out", damaged, path.name)
    if not decoded:
        raise _nothing_decoded(path)


def _decode_by_clock(path: Path) -> Iterator[NDArray[np.int16]]:
    """The same where the file says when which sound is heard: gaps become silence, and 0 is the picture's."""
    track = require_audio(probe(path))
    with decode(
        path,
        sample_rate=SAMPLE_RATE,
        channels=1,
        stream=track.index,
        delay=track.delay,
        filters=[_MIXED],
        # Whoever reads has a time limit of their own; when they stop, so does this.
        deadline=threading.TIMEOUT_MAX,
    ) as reader:
        for block in reader:
            yield np.clip(np.rint(block[:, 0] * 32768.0), -32768, 32767).astype(np.int16)
    if not reader.seconds:
        raise _nothing_decoded(path)


def _nothing_decoded(path: Path) -> DamagedMediaError:
    return DamagedMediaError(
        f"No audio can be decoded from {path.name}.", hint="Check that the file plays, or export it again."
    )


def _samples(resampler: Any, frame: av.AudioFrame | None) -> Iterator[NDArray[np.int16]]:
    for resampled in resampler.resample(frame):
        yield resampled.to_ndarray().reshape(-1)


def _resampler() -> Any:
    return av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)


def _open(path: Path) -> Any:
    if path.stat().st_size == 0:
        raise NotMediaError(f"The file {path.name} is empty.", hint="Check the source: nothing was in it.")
    try:
        container = av.open(str(path), metadata_errors="ignore")
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        raise NotMediaError(
            f"The file {path.name} is not audio or video.", hint="Give a media file (WAV, MP3, M4A, MP4 …)."
        ) from error
    if not container.streams.audio:
        container.close()
        raise NoAudioError(f"The file {path.name} has no audio track.", hint="Give a file with sound.")
    return container
