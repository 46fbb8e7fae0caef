"""Vocal isolation: Spleeter's two-stem separation, run by ONNX Runtime over overlapping windows."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tasks.audio.inference import loaded
from tasks.audio.processor import Processor, silence
from tasks.audio.spleeter_network import NETWORK_BINS, WINDOW_FRAMES, convert_checkpoint
from tasks.errors import MissingEngineError
from tasks.inference.sessions import load_session
from tasks.media.pcm import Samples

SAMPLE_RATE = 44_100
MODEL_NAME = "spleeter-2stems"
MODEL_FILE = "vocals.onnx"
ENGINE = "Spleeter 2-stems"

# Spleeter's frame length and frame step, with which the network was trained.
_FFT = 4096
_HOP = 1024
_CONTEXT = 64
"""Frames at either side of a window whose mask is not used: their neighbours are missing."""
_TOP_BINS = 256
"""Above the network's reach voices get the mean mask of its highest bins: sibilants keep their brightness."""
_OVERLAP_GAIN = 1.5
"""What the squared window adds up to with a hop of a quarter."""

_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)).astype(np.float32)

Spectrum = NDArray[np.complex64]


class VocalIsolator(Processor):
    """Keeps the voices of stereo sound at 44.1 kHz and takes away music and noise."""

    sample_rate = SAMPLE_RATE

    def __init__(self, models_dir: Path, *, threads: int) -> None:
        """Loads the model from `models_dir`; raises `MissingEngineError` if it is not there."""
        model = _installed_network(models_dir / MODEL_NAME)
        self._session = loaded((model, threads), lambda: load_session(str(model), threads))
        # Frames before the sound, so that its first samples lie under as many windows as all others.
        self._samples = silence(_FFT - _HOP, 2)
        self._spectrum = np.zeros((0, _FFT // 2 + 1, 2), dtype=np.complex64)
        self._before = 0
        self._overlap = silence(_FFT - _HOP, 2)
        self._lead = _FFT - _HOP
        self._received = 0
        self._returned = 0

    @override
    def process(self, block: Samples) -> Samples:
        self._received += len(block)
        self._analyse(block)
        outputs = [silence(0, 2)]
        while len(self._spectrum) >= WINDOW_FRAMES:
            outputs.append(self._advance(WINDOW_FRAMES - _CONTEXT - self._before))
        return np.concatenate(outputs)

    @override
    def flush(self) -> Samples:
        missing = self._received - self._returned
        if not missing:
            return silence(0, 2)
        self._analyse(silence(_FFT, 2))
        outputs = []
        while len(self._spectrum) > WINDOW_FRAMES:
            outputs.append(self._advance(WINDOW_FRAMES - _CONTEXT - self._before))
        outputs.append(self._advance(len(self._spectrum) - self._before))
        return np.concatenate(outputs)[:missing]

    def _analyse(self, block: Samples) -> None:
        self._samples = np.concatenate((self._samples, block))
        frames = (len(self._samples) - _FFT) // _HOP + 1
        if frames < 1:
            return
        windows = np.lib.stride_tricks.sliding_window_view(self._samples, _FFT, axis=0)[
            : frames * _HOP : _HOP
        ]
        spectrum = np.fft.rfft(windows * _WINDOW, axis=2).swapaxes(1, 2)
        self._spectrum = np.concatenate((self._spectrum, spectrum))
        self._samples = self._samples[frames * _HOP :]

    def _advance(self, frames: int) -> Samples:
        """The sound of the next `frames` frames."""
        window = self._spectrum[:WINDOW_FRAMES]
        mask = self._mask(window)[self._before : self._before + frames]
        voices = window[self._before : self._before + frames] * mask
        drop = max(0, self._before + frames - _CONTEXT)
        self._spectrum = self._spectrum[drop:]
        self._before += frames - drop
        return self._synthesise(voices)

    def _mask(self, spectrum: Spectrum) -> NDArray[np.float32]:
        magnitude = np.zeros((1, 2, WINDOW_FRAMES, NETWORK_BINS), dtype=np.float32)
        magnitude[0, :, : len(spectrum)] = np.abs(spectrum[:, :NETWORK_BINS]).transpose(2, 0, 1)
        known = self._session.run(["mask"], {"magnitude": magnitude})[0][0].transpose(1, 2, 0)
        top = known[:, -_TOP_BINS:].mean(axis=1, keepdims=True)
        beyond = np.repeat(top, _FFT // 2 + 1 - NETWORK_BINS, axis=1)
        mask: NDArray[np.float32] = np.concatenate((known, beyond), axis=1)[: len(spectrum)]
        return mask

    def _synthesise(self, spectrum: Spectrum) -> Samples:
        frames = np.fft.irfft(spectrum, axis=1) * (_WINDOW[:, None] / np.float32(_OVERLAP_GAIN))
        sound = np.zeros((len(frames) * _HOP + _FFT - _HOP, 2), dtype=np.float32)
        sound[: len(self._overlap)] = self._overlap
        for index, frame in enumerate(frames):
            sound[index * _HOP : index * _HOP + _FFT] += frame
        self._overlap = sound[len(frames) * _HOP :]
        output = sound[: len(frames) * _HOP]
        lead = min(self._lead, len(output))
        self._lead -= lead
        self._returned += len(output) - lead
        return output[lead:]


def _installed_network(directory: Path) -> Path:
    """The network's file; made out of the published checkpoint where only that is there."""
    network = directory / MODEL_FILE
    if not network.is_file():
        if not (directory / "model.index").is_file():
            raise MissingEngineError(
                "The vocal isolation model is not installed.",
                hint=f"Run: contraponto models get {MODEL_NAME}; or turn isolate_vocals off.",
            )
        convert_checkpoint(directory, network)
    return network
