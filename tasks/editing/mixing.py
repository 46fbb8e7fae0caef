"""Sounds mixed under a film: voices, music that makes way for them, effects; at one loudness, its picture untouched."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tasks.audio.loudness import (
    SILENCE,
    Loudness,
    gain_filters,
    gain_for,
    measuring_filter,
    parse_measurement,
)
from tasks.editing.bench import Bench, Made
from tasks.editing.copying import AUDIO_BITRATE, PICTURES, copy_of, encoded_picture, held
from tasks.editing.mixing_filters import (
    RATE,
    Ducking,
    Sound,
    Track,
    make_rounds,
    mix_arguments,
    voice_arguments,
)
from tasks.editing.mixing_plan import LATER, MixOptions, Placing, Slot, plan_mix
from tasks.editing.packets import Pictures, read_pictures
from tasks.editing.reading import in_time, whole_film
from tasks.editing.stretches import for_target
from tasks.errors import ContrapontoError, InvalidInputError
from tasks.media.ffmpeg import media_input
from tasks.media.probe import VideoStream, end_of_sound, probe, require_audio, require_heard
from tasks.video.encoding import encoder_arguments
from tasks.video.upright import upright

_MUSIC_FADE = 2.0
"""Seconds over which music ends that is cut off."""
_SAFETY = 0.5
"""Decibels below the peak that is asked for at which sound is limited: what AAC adds."""
_EXACT = 0.5
"""Decibels by which the loudness of the result may miss before it is made once more."""
_TRIES = 3
_PEAK_STEP = 0.1
"""Decibels by which peaks are held back further than they were too high."""
_TOLERANCE = 1.0
"""Decibels from which a miss is worth a sentence."""


class HeardTrack(BaseModel):
    """When a track is heard, in seconds of the film."""

    model_config = ConfigDict(frozen=True)

    start: float
    end: float
    rounds: float
    """How many times it is played."""


class Mixed(Made):
    """A film with another sound."""

    loudness: float | None
    """LUFS, as measured; None for silence."""
    true_peak: float | None
    """dBTP, as measured; None for silence."""
    limited: bool
    """Whether peaks were held back; else one gain has done it."""
    ducked: bool
    """Whether there were both voices and music, which made way for them."""
    copied: bool
    """Whether the picture is the film's own; else it was encoded again, or there is none."""
    tracks: tuple[HeardTrack, ...]


@dataclass(frozen=True)
class _Film:
    path: Path
    picture: VideoStream
    pictures: Pictures
    copied: bool

    @classmethod
    def read(cls, path: Path, picture: VideoStream) -> "_Film":
        pictures = read_pictures(path)
        return cls(path, picture, pictures, picture.codec in PICTURES and not pictures.lag)

    @property
    def ends(self) -> list[float]:
        """Where its pictures can end without being encoded again."""
        # How many packets that are is not known where some are only there for others.
        found: list[float] = self.pictures.ends().tolist() if self.copied and self.pictures.whole else []
        return found


def mix(inputs: Sequence[Path], options: MixOptions, target: Path, bench: Bench) -> Mixed:
    """Writes an MP4 of the film `inputs[0]` (or of sound alone) with the other inputs mixed under it.

    Raises NotMediaError, NoAudioError, DamagedMediaError, InvalidInputError for times that cannot be, and what
    `run_ffmpeg` raises.
    """
    path, *others = inputs
    info = for_target(probe(path), target)
    film = _Film.read(path, info.video) if info.video is not None else None
    if film is None:
        require_heard(info)
    tracks = [read_track(other, number) for number, other in enumerate(others, 1)]
    own = info.audio if options.own_sound != "none" else None
    own_end = end_of_sound(path, info) if own is not None else 0.0
    end = film.pictures.end if film is not None else info.duration
    plan = plan_mix(
        end, own_end, [track.duration for track in tracks], options, film.ends if film is not None else ()
    )
    if film is not None and plan.total < end - LATER and plan.total not in film.ends:
        film = replace(film, copied=False)
    warnings = [*(film.pictures.warnings if film is not None else ()), *plan.warnings]
    if info.audio is None and options.own_sound != "none":
        warnings.append("The film has no sound of its own.")
    elif own is None and film is None:
        warnings.append("Of the recording itself nothing is heard: its sound is left out.")
    sounds: list[Sound] = []
    if own is not None and options.own_sound != "none":
        track = Track(own.index, own.delay, plan.total, own.channels)
        sounds.append(Sound(path, track, options.own_sound, options.own_gain_db, 0.0, plan.total))
    for number, (other, track, slot) in enumerate(zip(others, tracks, plan.slots, strict=True)):
        if slot.length > 0:
            sounds.append(_placed(other, track, options.tracks[number], slot, number, bench.part(0.0, 0.1)))
    if not sounds:
        raise InvalidInputError(
            "There is nothing to hear: no sound of the film is kept, and none of the tracks falls into it.",
            hint="Check the times of the tracks, or keep the film's own sound.",
        )
    sound = bench.scratch / "sound.m4a" if info.video is not None else target
    made = make_sound(sounds, plan.total, options, sound, bench.part(0.1, 0.8 if info.video else 1.0))
    if film is not None:
        warnings += _put_under(film, sound, plan.total, options, target, bench.part(0.8, 1.0))
    return Mixed(
        loudness=made.measured.integrated,
        true_peak=made.measured.peak,
        limited=made.limited,
        ducked=made.ducked,
        copied=film is not None and film.copied,
        tracks=tuple(
            HeardTrack(
                start=round(slot.start, 3),
                end=round(slot.end, 3),
                rounds=round(slot.length / track.duration, 2) if track.duration else 0.0,
            )
            for slot, track in zip(plan.slots, tracks, strict=True)
        ),
        warnings=(*warnings, *made.warnings),
    )


def read_track(path: Path, number: int) -> Track:
    """The sound of a file, named by its number in what is raised. Raises as `probe` and `require_audio`."""
    try:
        info = probe(path)
        sound = require_audio(info)
    except ContrapontoError as error:
        error.message = f"Track {number}: {error.message}"
        raise
    return Track(sound.index, sound.delay, end_of_sound(path, info), sound.channels)


def _placed(path: Path, track: Track, placing: Placing, slot: Slot, number: int, bench: Bench) -> Sound:
    fade_out = placing.fade_out
    if fade_out is None:
        fade_out = _MUSIC_FADE if placing.role == "music" and slot.cut else 0.0
    # Together they leave nothing of a short sound, each has a half.
    most = slot.length / 2
    repeated = None
    if placing.loop and slot.length > track.duration:
        repeated = make_rounds(path, track, slot.length, bench.scratch / f"track{number}", bench)
    return Sound(
        path,
        track,
        placing.role,
        placing.gain_db,
        slot.start,
        slot.end,
        fade_in=min(placing.fade_in, most),
        fade_out=min(fade_out, most),
        rounds=repeated,
    )


@dataclass(frozen=True)
class MadeSound:
    """A mix at its loudness."""

    measured: Loudness
    limited: bool
    """Whether peaks were held back."""
    ducked: bool
    """Whether music made way for voices."""
    warnings: tuple[str, ...]


def make_sound(
    sounds: Sequence[Sound], total: float, options: MixOptions, target: Path, bench: Bench
) -> MadeSound:
    """Writes the mix at its loudness, measures what came of it, and makes it once more where that is not right.

    `total`: its seconds. Of the options those count that say how loud it is and how music makes way.
    """
    ducking = None
    heard = measuring_filter()
    if options.ducking_db and {sound.role for sound in sounds} >= {"voice", "music"}:
        spoken = _measured(voice_arguments(sounds, total, [heard]), total, bench.part(0.0, 0.2))
        if spoken.integrated is not None and spoken.integrated > SILENCE:
            ducking = Ducking(options.ducking_db, options.ducking_release, spoken.integrated)
    raw = _measured(mix_arguments(sounds, total, ducking, [heard]), total, bench.part(0.2, 0.4))
    gain = 0.0 if options.loudness is None else gain_for(raw, options.loudness)
    if gain is None:
        gain = 0.0
    ceiling = options.true_peak - _SAFETY
    for attempt in range(_TRIES):
        share = bench.part(0.4 + 0.2 * attempt, 0.6 + 0.2 * attempt)
        filters = gain_filters(gain, raw, RATE, ceiling)
        share.part(0.0, 0.7).ffmpeg(
            [
                *mix_arguments(sounds, total, ducking, filters),
                *("-c:a", "aac", "-b:a", AUDIO_BITRATE, "-ar", str(RATE), "-map_metadata", "-1"),
            ],
            target,
            total,
        )
        made = _measured([*media_input(target), "-af", heard], total, share.part(0.7, 1.0))
        short = (
            options.loudness - made.integrated
            if options.loudness is not None and made.integrated is not None and gain_for(raw, 0) is not None
            else 0.0
        )
        over = (made.peak if made.peak is not None else -100.0) - options.true_peak
        if abs(short) <= _EXACT and over <= 0:
            break
        gain += short
        ceiling -= max(0.0, over + _PEAK_STEP) if over > 0 else 0.0
    return MadeSound(made, len(filters) > 1, ducking is not None, _told(raw, made, options, abs(short), over))


def _told(raw: Loudness, made: Loudness, options: MixOptions, missed: float, over: float) -> tuple[str, ...]:
    if raw.integrated is None or raw.integrated < SILENCE:
        return ("There is next to nothing to hear: the sound is silent.",)
    warnings = []
    if missed > _TOLERANCE:
        warnings.append(
            f"The sound has {made.integrated:.1f} LUFS instead of {options.loudness:g}: its peaks leave no more room."
        )
    if over > 0:
        warnings.append(f"The highest peak is {made.peak:.1f} dBTP instead of {options.true_peak:g}.")
    return tuple(warnings)


def _measured(arguments: Sequence[str], total: float, bench: Bench) -> Loudness:
    run = bench.ffmpeg([*arguments, "-f", "null", "-"], None, total)
    return parse_measurement(run.messages)


def _put_under(
    film: _Film, sound: Path, total: float, options: MixOptions, target: Path, bench: Bench
) -> tuple[str, ...]:
    """Writes the film with that sound, and as long as it; what is to be said of a picture that is encoded."""
    picture, pictures = film.picture.index, film.pictures
    shorter = total < pictures.end - LATER
    reading: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    if film.copied:
        count = ["-frames:v", str(pictures.position(total))] if shorter else []
        coding = [*copy_of(film.picture.codec), *held(pictures, total), *count, "-movflags", "+faststart"]
    else:
        seen = upright(film.path, film.picture, bench.scratch)
        reading, told = seen.reading, seen.warnings
        coding = [
            *("-vf", encoded_picture(seen, in_time(-pictures.lag, total - pictures.end))),
            *encoder_arguments(bench.encoder, options.quality, threads=bench.threads),
            *("-t", f"{total:.6f}"),
        ]
    bench.ffmpeg(
        [
            *reading,
            *whole_film(film.path, picture, picture),
            *("-i", f"file:{sound.resolve()}", "-map", f"0:{picture}", *coding),
            *("-map", "1:a:0", "-c:a", "copy", "-sn", "-dn", "-map_metadata", "-1"),
        ],
        target,
        total,
    )
    return told
