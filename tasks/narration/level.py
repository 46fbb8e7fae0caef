"""A narration at its loudness, its peaks held, its length kept to the sample."""

from pathlib import Path

from tasks.audio.loudness import Loudness, gain_filters, gain_for, measuring_filter, parse_measurement
from tasks.media.ffmpeg import media_input, run_ffmpeg

TRUE_PEAK = -1.0
"""dBTP, as EBU R128 and the platforms ask for."""
_NEAR = 0.3
"""LU within which sound stays as it is."""


def measure(sound: Path, deadline: float) -> Loudness:
    """How loud a sound file is, as it is: one channel counts as one."""
    arguments = [*media_input(sound), "-map", "0:a:0", "-af", measuring_filter(), "-f", "null", "-"]
    return parse_measurement(run_ffmpeg(arguments, output=None, duration=None, deadline=deadline).messages)


def levelled(source: Path, target: Path, lufs: float, frames: int, rate: int, deadline: float) -> Loudness:
    """Writes `source` (WAV of `frames` samples at `rate` Hz) at `lufs` into the WAV file `target`.

    Returns how loud the result is. Silence, and what is shorter than 0.4 s, stays as it is. Raises as `run_ffmpeg`.
    """
    before = measure(source, deadline)
    gain = gain_for(before, lufs)
    peak = before.peak if before.peak is not None else -100.0
    if gain is None or (abs(gain) <= _NEAR and peak <= TRUE_PEAK):
        filters = ["anull"]
    else:
        filters = gain_filters(gain, before, rate, TRUE_PEAK)
    filters += [f"apad=whole_len={frames}", f"atrim=end_sample={frames}"]
    arguments = [*media_input(source), "-map", "0:a:0", "-af", ",".join(filters)]
    arguments += ["-c:a", "pcm_s16le", "-map_metadata", "-1", "-bitexact"]
    run_ffmpeg(arguments, output=target, duration=frames / rate, deadline=deadline)
    return measure(target, deadline)
