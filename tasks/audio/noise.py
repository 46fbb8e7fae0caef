"""Neural noise removal: DeepFilterNet 3, run over stretches of sound by ONNX Runtime.

The network sees two feature maps per 10 ms frame (the loudness of 32 bands and the lowest 96 bins of the
spectrum, both normalised by slow averages) and answers with a gain per band and, for the lowest 96 bins, a
complex filter over five neighbouring frames. Running it over some seconds at once instead of frame by frame
is several times faster. A stretch starts a little early, so that the network's memory has settled when its
output is used.
"""

import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tasks.audio.inference import loaded
from tasks.audio.processor import Processor, silence
from tasks.errors import MissingEngineError
from tasks.inference.sessions import load_session
from tasks.media.pcm import Samples

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SAMPLE_RATE = 48_000
MODEL_NAME = "deepfilternet3"
ENGINE = "DeepFilterNet3"

# Those of the published network; other values would need another one. How its input is made below follows libDF,
# DeepFilterNet's own signal processing.
_FFT = 960
_HOP = 480
_BINS = _FFT // 2 + 1
_BANDS = 32
_NARROWEST_BAND = 2
_FILTERED_BINS = 96
_TAPS = 5
_LOOKAHEAD = 2
_AVERAGE = 0.99
"""Weight of the past in the normalising averages: a time constant of one second."""

_STRETCH = 800
_SETTLING = 100
"""Frames of 10 ms. Short stretches need little memory, long ones settle less often; after a second the beginning no
longer matters."""

_KEPT = 10 ** (-12 / 20)
"""Share of the untouched sound that stays in, so that noise sinks by 12 dB at most. What the network takes for
noise between quiet syllables is speech to a recogniser: removed whole, it costs words that were understood before."""

# The window of Vorbis: applied twice, before and after, it adds up to 1 at half overlap.
_WINDOW = np.sin(np.pi / 2 * np.sin(np.pi * (np.arange(_FFT) + 0.5) / _FFT) ** 2).astype(np.float32)

Spectrum = NDArray[np.complex64]
Features = NDArray[np.float32]


class NoiseRemover(Processor):
    """Removes noise from mono or stereo speech at 48 kHz, each channel for itself."""

    sample_rate = SAMPLE_RATE

    def __init__(self, models_dir: Path, *, channels: int, threads: int) -> None:
        """Loads the model from `models_dir`; raises `MissingEngineError` if it is not there."""
        model = models_dir / MODEL_NAME / "DeepFilterNet3_onnx.tar.gz"
        self._network = loaded(model, lambda: _Network(model))
        self._channels = [_Channel() for _ in range(channels)]
        # One thread per stretch, not many threads on one: the recurrent layers cannot be divided.
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="noise")
        self._batch = max(1, threads // channels) * _STRETCH
        self._received = 0
        self._returned = 0

    @override
    def process(self, block: Samples) -> Samples:
        self._received += len(block)
        for channel, samples in zip(self._channels, block.T, strict=True):
            channel.analyse(samples)
        if self._channels[0].ready < self._batch:
            return silence(0, len(self._channels))
        return self._run(self._batch)

    @override
    def flush(self) -> Samples:
        missing = self._received - self._returned
        if missing:
            # Up to the end of the last frame that touches the sound, and what the network wants to see
            # beyond.
            padding = np.zeros(_HOP * (2 + _LOOKAHEAD) - 1, dtype=np.float32)
            for channel in self._channels:
                channel.analyse(padding)
        rest = self._run(self._channels[0].ready)[:missing]
        self._pool.shutdown()
        return rest

    def _run(self, frames: int) -> Samples:
        stretches = [[*channel.take(frames)] for channel in self._channels]
        cleaned = self._pool.map(self._network.clean, [s for channel in stretches for s in channel])
        outputs = []
        for channel, inputs in zip(self._channels, stretches, strict=True):
            spectra = [next(cleaned) for _ in inputs]
            outputs.append(channel.synthesise(spectra))
        output = np.stack(outputs, axis=1)
        self._returned += len(output)
        return output


class _Stretch(NamedTuple):
    """Consecutive frames, with `before` frames of settling ahead and `_LOOKAHEAD` frames behind."""

    spectrum: Spectrum
    loudness: Features
    shape: Spectrum
    before: int


class _Network:
    def __init__(self, model: Path) -> None:
        if not model.is_file():
            raise MissingEngineError(
                "The noise removal model is not installed.",
                hint=f"Run: contraponto models get {MODEL_NAME}; or choose the noise engine afftdn.",
            )
        parts: dict[str, InferenceSession] = {}
        with tarfile.open(model) as archive:
            for member in archive:
                data = archive.extractfile(member)
                if data is not None and member.name.endswith(".onnx"):
                    parts[Path(member.name).stem] = load_session(data.read(), threads=1)
        self._encoder = parts["enc"]
        self._gain_decoder = parts["erb_dec"]
        self._filter_decoder = parts["df_dec"]

    def clean(self, stretch: _Stretch) -> Spectrum:
        """The stretch's own frames without the noise."""
        frames = len(stretch.spectrum) - _LOOKAHEAD
        loudness = stretch.loudness[None, None, _LOOKAHEAD:]
        shape = np.stack((stretch.shape.real, stretch.shape.imag))[None, :, _LOOKAHEAD:]
        names = [output.name for output in self._encoder.get_outputs()]
        encoded = dict(
            zip(names, self._encoder.run(names, {"feat_erb": loudness, "feat_spec": shape}), strict=True)
        )
        gains = _decode(self._gain_decoder, "m", encoded).reshape(frames, _BANDS)
        taps = _decode(self._filter_decoder, "coefs", encoded).reshape(frames, _FILTERED_BINS, _TAPS * 2)

        own = slice(stretch.before, frames)
        clean = stretch.spectrum[own] * np.repeat(gains[own], _BAND_WIDTHS, axis=1)
        low = stretch.spectrum[:, :_FILTERED_BINS]
        first = _TAPS - 1 - _LOOKAHEAD
        low = np.concatenate((np.zeros((first, _FILTERED_BINS), np.complex64), low))
        weights = np.ascontiguousarray(taps).view(np.complex64)[own]
        count = frames - stretch.before
        clean[:, :_FILTERED_BINS] = sum(
            weights[:, :, tap] * low[stretch.before + tap : stretch.before + tap + count]
            for tap in range(_TAPS)
        )
        return clean + _KEPT * (stretch.spectrum[own] - clean)


def _decode(decoder: "InferenceSession", output: str, encoded: dict[str, Features]) -> Features:
    inputs = {wanted.name: encoded[wanted.name] for wanted in decoder.get_inputs()}
    result: Features = decoder.run([output], inputs)[0]
    return result


class _Channel:
    """One channel's way from samples to frames with features, and back."""

    def __init__(self) -> None:
        # The first frame lies half before the sound's start.
        self._samples = np.zeros(_FFT - _HOP, dtype=np.float32)
        # libDF's starting values, from the lowest band (dB) or bin (magnitude) to the highest.
        self._means = np.concatenate(
            (np.linspace(-60, -90, _BANDS), np.linspace(0.001, 0.0001, _FILTERED_BINS))
        ).astype(np.float32)
        self._spectrum = np.zeros((0, _BINS), dtype=np.complex64)
        self._loudness = np.zeros((0, _BANDS), dtype=np.float32)
        self._shape = np.zeros((0, _FILTERED_BINS), dtype=np.complex64)
        self._next = 0
        self._overlap = np.zeros(_HOP, dtype=np.float32)
        self._begun = False

    @property
    def ready(self) -> int:
        """Frames not taken yet whose neighbourhood is complete."""
        return max(0, len(self._spectrum) - self._next - _LOOKAHEAD)

    def analyse(self, samples: NDArray[np.float32]) -> None:
        self._samples = np.concatenate((self._samples, samples))
        frames = (len(self._samples) - _FFT) // _HOP + 1
        if frames < 1:
            return
        windows = np.lib.stride_tricks.sliding_window_view(self._samples, _FFT)[: frames * _HOP : _HOP]
        spectrum = np.fft.rfft(windows * _WINDOW, axis=1) / np.float32(_FFT)
        self._samples = self._samples[frames * _HOP :]

        power = spectrum.real**2 + spectrum.imag**2
        loudness = 10 * np.log10(np.add.reduceat(power, _BAND_STARTS, axis=1) / _BAND_WIDTHS + 1e-10)
        low = spectrum[:, :_FILTERED_BINS]
        means = self._average(np.concatenate((loudness, np.abs(low)), axis=1).astype(np.float32))
        self._spectrum = np.concatenate((self._spectrum, spectrum))
        self._loudness = np.concatenate(
            (self._loudness, (loudness - means[:, :_BANDS]) / 40), dtype=np.float32
        )
        # In digital silence the mean runs towards zero.
        shape = low / np.sqrt(np.maximum(means[:, _BANDS:], 1e-10))
        self._shape = np.concatenate((self._shape, shape), dtype=np.complex64)

    def take(self, frames: int) -> Iterator[_Stretch]:
        """Cuts the next `frames` frames into stretches."""
        for start in range(self._next, self._next + frames, _STRETCH):
            end = min(start + _STRETCH, self._next + frames)
            first = max(0, start - _SETTLING)
            window = slice(first, end + _LOOKAHEAD)
            yield _Stretch(
                self._spectrum[window], self._loudness[window], self._shape[window], before=start - first
            )
        self._next += frames
        done = max(0, self._next - _SETTLING)
        self._spectrum, self._loudness, self._shape = (
            self._spectrum[done:],
            self._loudness[done:],
            self._shape[done:],
        )
        self._next -= done

    def synthesise(self, spectra: list[Spectrum]) -> NDArray[np.float32]:
        """The sound of the next frames; the half frame before the sound's start is left out."""
        parts = [np.fft.irfft(spectrum * np.float32(_FFT), axis=1) * _WINDOW for spectrum in spectra]
        if not parts:
            return np.zeros(0, dtype=np.float32)
        frames = np.concatenate(parts)
        heads, tails = frames[:, :_HOP], frames[:, _HOP:]
        output = heads + np.concatenate((self._overlap[None], tails[:-1]))
        self._overlap = tails[-1]
        if not self._begun:
            self._begun = True
            output = output[1:]
        sound: NDArray[np.float32] = output.astype(np.float32).ravel()
        return sound

    def _average(self, values: Features) -> Features:
        means = np.empty_like(values)
        mean = self._means
        for index, row in enumerate(values * np.float32(1 - _AVERAGE)):
            mean = mean * np.float32(_AVERAGE) + row
            means[index] = mean
        self._means = mean
        return means


def _band_widths() -> list[int]:
    """Bins per band: bands of equal width on the ERB scale, but at least `_NARROWEST_BAND` bins each."""
    per_bin = SAMPLE_RATE / _FFT
    # Glasberg and Moore: a band at f hertz is 24.7 + f / 9.265 hertz wide.
    scale = 24.7 * 9.265
    step = 9.265 * np.log1p(SAMPLE_RATE / 2 / scale) / _BANDS
    widths: list[int] = []
    previous, debt = 0, 0
    for band in range(1, _BANDS + 1):
        edge = round(scale * np.expm1(band * step / 9.265) / per_bin)
        width = edge - previous - debt
        debt = max(0, _NARROWEST_BAND - width)
        widths.append(max(width, _NARROWEST_BAND))
        previous = edge
    widths[-1] += _BINS - sum(widths)
    return widths


_BAND_WIDTHS = np.array(_band_widths())
_BAND_STARTS = np.concatenate(([0], np.cumsum(_BAND_WIDTHS)[:-1]))
