"""Log mel spectra as Kaldi computes them (`compute-fbank-feats` without dither): speaker networks know no others."""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
HOP = 160
"""Samples from one frame to the next: 10 ms."""
_LENGTH = 400
_FFT = 512
_LOWEST_HZ = 20.0
_PREEMPHASIS = 0.97
_FLOOR = float(np.finfo(np.float32).eps)

Shape = Literal["povey", "hamming"]


def log_mel(samples: NDArray[np.float32], bands: int = 80, *, window: Shape = "povey") -> NDArray[np.float32]:
    """The spectrum of mono sound at 16 kHz, one row for each whole frame of 25 ms every 10 ms.

    `window` is "povey" (Kaldi's own) or "hamming".
    """
    count = 1 + (samples.size - _LENGTH) // HOP if samples.size >= _LENGTH else 0
    if not count:
        return np.zeros((0, bands), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, _LENGTH)[::HOP][:count]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames = (frames - np.float32(_PREEMPHASIS) * before) * _window(window)
    power = np.abs(np.fft.rfft(frames, _FFT, axis=1)).astype(np.float32) ** 2
    energies: NDArray[np.float32] = np.log(np.maximum(power[:, : _FFT // 2] @ _mel_filters(bands), _FLOOR))
    return energies


@cache
def _window(kind: Shape) -> NDArray[np.float32]:
    turn = 2 * np.pi * np.arange(_LENGTH) / (_LENGTH - 1)
    shape = (0.5 - 0.5 * np.cos(turn)) ** 0.85 if kind == "povey" else 0.54 - 0.46 * np.cos(turn)
    return shape.astype(np.float32)


@cache
def _mel_filters(bands: int) -> NDArray[np.float32]:
    """Triangles, equally spaced in mel from 20 Hz to half the sample rate; (bin, band)."""
    edges = np.linspace(_mel(_LOWEST_HZ), _mel(SAMPLE_RATE / 2), bands + 2)
    bins = _mel(np.arange(_FFT // 2) * SAMPLE_RATE / _FFT)[:, None]
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rise, fall)).astype(np.float32)


def _mel(hertz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0))
