"""The sound of a film: a voice, music that makes way for it, at one loudness and exactly as long as the film."""

from dataclasses import dataclass
from pathlib import Path

from tasks.audio.loudness import SILENCE, Loudness, measuring_filter, parse_measurement
from tasks.editing.bench import Bench
from tasks.editing.mixing import make_sound, read_track
from tasks.editing.mixing_filters import RATE, Rounds, Sound, Track, make_rounds
from tasks.editing.mixing_plan import MixOptions
from tasks.film.music import Music
from tasks.media.ffmpeg import media_input

LOUDNESS, TRUE_PEAK = -14.0, -1.0
"""LUFS and dBTP of the whole: what YouTube, TikTok and Spotify play at, and what EBU R128 allows peaks."""
_VOICE = -16.0
"""LUFS to which the voice is brought before it is mixed."""
_UNDER_VOICE = 7.0
"""LU by which music alone is softer than the voice."""
_DUCKING = 11.0
"""Decibels more while somebody speaks: 18 in all, where speech stays clear."""
_FADE_OUT = 1.5
"""Seconds in which music ends with the film."""
_BIT_RATE = "192k"
_BEATS_A_BAR = 4
_SEAM_SHARE, _LONGEST_SEAM = 4, 2.0
"""As `make_rounds` lays the end over the beginning: for 2 s, or a quarter of what is repeated."""


@dataclass(frozen=True)
class Mix:
    """What is heard."""

    voice: Path | None = None
    voice_seconds: float = 0.0
    """Of the narration, as its words are timed."""
    music: Music | None = None
    voice_gain: float = 0.0
    music_gain: float = 0.0
    """Decibels."""


def make_film_sound(mix: Mix, seconds: float, target: Path, bench: Bench) -> tuple[str, ...]:
    """Writes the sound as AAC in 48 kHz and stereo; a silent track if nothing is to be heard. Returns warnings.

    Raises NotMediaError, NoAudioError, DamagedMediaError, and what `run_ffmpeg` raises.
    """
    sounds: list[Sound] = []
    if mix.voice is not None:
        track = read_track(mix.voice, 1)
        gain = _gain_to(_VOICE, mix.voice, track, bench.part(0.0, 0.1)) + mix.voice_gain
        end = min(track.duration, seconds)
        sounds.append(Sound(mix.voice, track, "voice", gain, 0.0, end))
    if mix.music is not None:
        sounds.append(_music(mix, seconds, bench.part(0.1, 0.2)))
    if not sounds:
        _make_silence(seconds, target, bench)
        return ()
    options = MixOptions(
        tracks=(), ducking_db=_DUCKING, ducking_release=0.4, loudness=LOUDNESS, true_peak=TRUE_PEAK
    )
    return make_sound(sounds, seconds, options, target, bench.part(0.2, 1.0)).warnings


def _music(mix: Mix, seconds: float, bench: Bench) -> Sound:
    music = mix.music
    if music is None:
        raise ValueError("there is no music")
    track = read_track(music.path, 2)
    gain = _gain_to(_VOICE - _UNDER_VOICE, music.path, track, bench.part(0.0, 0.4)) + mix.music_gain
    rounds = _rounds(music, track, seconds, bench.part(0.4, 1.0)) if track.duration < seconds else None
    fade = min(_FADE_OUT, seconds / 4)
    return Sound(music.path, track, "music", gain, 0.0, seconds, fade_out=fade, rounds=rounds)


def _rounds(music: Music, track: Track, seconds: float, bench: Bench) -> Rounds:
    """The track repeated; where its beat is known, whole bars of it, so that the beat goes on."""
    scratch = bench.scratch / "music"
    if music.beats_a_minute is None:
        return make_rounds(music.path, track, seconds, scratch, bench)
    bar = _BEATS_A_BAR * 60 / music.beats_a_minute
    seam = min(_LONGEST_SEAM, track.duration / _SEAM_SHARE)
    bars = int((track.duration - seam) / bar)
    if bars < 1:
        return make_rounds(music.path, track, seconds, scratch, bench)
    cut = scratch.with_suffix(".bars.w64")
    length = bars * bar + seam
    bench.ffmpeg(
        [
            *media_input(music.path),
            *("-map", f"0:{track.index}", "-ar", str(RATE), "-t", f"{length:.6f}", "-c:a", "pcm_f32le"),
        ],
        cut,
        length,
    )
    return make_rounds(cut, read_track(cut, 2), seconds, scratch, bench)


def _gain_to(target: float, path: Path, track: Track, bench: Bench) -> float:
    """Decibels that bring a sound to a loudness; 0 for silence."""
    both = "pan=stereo|c0=c0|c1=c0," if track.channels == 1 else ""
    heard = f"{both}{measuring_filter(true_peak=False)}"
    run = bench.ffmpeg(
        [*media_input(path), "-map", f"0:{track.index}", "-af", heard, "-f", "null", "-"],
        None,
        track.duration,
    )
    measured: Loudness = parse_measurement(run.messages)
    if measured.integrated is None or measured.integrated < SILENCE:
        return 0.0
    return target - measured.integrated


def _make_silence(seconds: float, target: Path, bench: Bench) -> None:
    bench.ffmpeg(
        [
            *("-f", "lavfi", "-i", f"anullsrc=r={RATE}:cl=stereo", "-t", f"{seconds:.6f}"),
            *("-c:a", "aac", "-b:a", _BIT_RATE),
        ],
        target,
        seconds,
    )
