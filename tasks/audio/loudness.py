"""Loudness after EBU R128: measured by ffmpeg's `ebur128` filter, brought to a target by one constant gain.

A constant gain keeps the speaker's dynamics, unlike a compressor. Only where it would push peaks over full
scale does a limiter, working at four times the rate so that it sees the peaks between samples, hold them.
"""

import math
import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

PEAK_CEILING = -1.5
"""dBTP that the output's true peak should not exceed; the lossy codecs that may follow add up to 1 dB."""

SILENCE = -60.0
"""LUFS below which sound counts as silence: noise must not be raised to the level of speech."""

_OVERSAMPLING = 4
# The limiter works on sample peaks at four times the rate, which may lie a little under the true ones.
_MARGIN = 0.3


class Loudness(BaseModel):
    """How loud some sound is."""

    model_config = ConfigDict(frozen=True)

    integrated: float | None
    """LUFS over all of it; None for silence and for less than 0.4 s, where it is not defined."""
    peak: float | None
    """Highest (true) peak in dB of full scale; None for digital silence."""


def measuring_filter(*, true_peak: bool = True) -> str:
    """The ffmpeg filter that measures what passes through; `parse_measurement` reads what it prints.

    True peaks cost three times as much as the highest sample.
    """
    return f"ebur128=peak={'true' if true_peak else 'sample'}:framelog=quiet"


def parse_measurement(messages: Sequence[str]) -> Loudness:
    """Reads the (last) summary of `measuring_filter` out of ffmpeg's output."""
    # -70 LUFS is the absolute gate of ITU-R BS.1770: what is printed where nothing was louder.
    return Loudness(
        integrated=_value(messages, "I", "LUFS", floor=-70.0), peak=_value(messages, "Peak", "dBFS")
    )


def gain_for(measured: Loudness, target: float) -> float | None:
    """Decibels that bring `measured` to `target` LUFS; None where there is only silence."""
    if measured.integrated is None or measured.integrated < SILENCE:
        return None
    return target - measured.integrated


def gain_filters(
    gain: float, measured: Loudness, sample_rate: int, ceiling: float = PEAK_CEILING
) -> list[str]:
    """The ffmpeg filters that apply `gain` dB and, if the peaks need it, limit them to `ceiling` (dBTP)."""
    filters = [f"volume={gain:.2f}dB:precision=float"]
    if measured.peak is not None and measured.peak + gain > ceiling:
        limit = 10 ** ((ceiling - _MARGIN) / 20)
        filters += [
            f"aresample={sample_rate * _OVERSAMPLING}",
            # level=false: without it the filter raises everything back to full scale. latency=true: keep
            # times.
            f"alimiter=limit={limit:.4f}:attack=5:release=50:level=false:latency=true",
            f"aresample={sample_rate}",
        ]
    return filters


def _value(messages: Sequence[str], name: str, unit: str, floor: float = -math.inf) -> float | None:
    pattern = re.compile(rf"^\s*{name}:\s+(\S+) {unit}$")
    for line in reversed(messages):
        if match := pattern.match(line):
            value = float(match[1])
            return value if math.isfinite(value) and value > floor else None
    return None
