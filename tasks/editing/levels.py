"""The sound of a film at a loudness: measured, raised or lowered by one gain, its peaks held, and measured again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.audio.loudness import Loudness, gain_filters, gain_for, measuring_filter, parse_measurement
from tasks.editing.bench import Bench
from tasks.media.ffmpeg import media_input
from tasks.media.probe import AudioStream
from tasks.video.encoding import SAMPLE_RATE

TRUE_PEAK = -1.0
"""dBTP, as EBU R128 and the platforms ask for."""
_CODEC_ADDS = 0.7
"""Decibels by which lossy codecs raise peaks."""
NEAR = 0.5
"""LU within which sound stays as it is."""


@dataclass(frozen=True)
class Level:
    """What is to be done with a sound."""

    before: Loudness
    filters: tuple[str, ...]
    """Of ffmpeg; none if it is right already."""


def measure_loudness(
    film: Path, track: AudioStream, seconds: float | None, bench: Bench, *, stereo: bool = True
) -> Loudness:
    """How loud a track is; with `stereo` one channel counts as two, as films have it: 3 LU more."""
    both = "pan=stereo|c0=c0|c1=c0," if stereo and track.channels == 1 else ""
    heard = ["-map", f"0:{track.index}", "-vn", "-af", f"{both}{measuring_filter()}", "-f", "null", "-"]
    return parse_measurement(bench.ffmpeg([*media_input(film), *heard], None, seconds).messages)


def level(
    film: Path, track: AudioStream, target: float, seconds: float | None, bench: Bench, *, stereo: bool = True
) -> Level:
    """Measures a track, and says what brings it to `target` LUFS."""
    found = measure_loudness(film, track, seconds, bench, stereo=stereo)
    gain = gain_for(found, target)
    if gain is None or (abs(gain) <= NEAR and (found.peak or -100.0) <= TRUE_PEAK):
        return Level(found, ())
    return Level(found, tuple(gain_filters(gain, found, SAMPLE_RATE, TRUE_PEAK - _CODEC_ADDS)))


def level_warnings(after: Loudness | None, target: float | None) -> Sequence[str]:
    """What is to be said of a sound that was to have a loudness."""
    if after is None or target is None:
        return ()
    if after.integrated is None:
        return ("There is nothing to hear: the sound is silent, or too short to be measured.",)
    if abs(after.integrated - target) > 1:
        return (
            f"The sound has {after.integrated:.1f} LUFS instead of {target:g}: its peaks leave no more room.",
        )
    return ()
