"""Brings a film to the size, rate, container, file size and loudness that a platform wants."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.editing.aims import GIF_MOST_FPS, SOUND_ONLY, Aim, Container, ConvertOptions, aim
from tasks.editing.bench import Bench, Made
from tasks.editing.budget import Budget, budget
from tasks.editing.clips import Clip, read_clip
from tasks.editing.copying import as_long, copy_of, held
from tasks.editing.levels import Level, level, level_warnings, measure_loudness
from tasks.editing.presets import Preset
from tasks.editing.reading import whole_film
from tasks.errors import LimitExceededError
from tasks.media.clock import steady
from tasks.media.ffmpeg import media_input
from tasks.media.probe import AudioStream, MediaInfo, end_of_sound, probe, require_audio, require_heard
from tasks.video.encoding import (
    SAMPLE_RATE,
    Quality,
    bitrate_arguments,
    encoder_arguments,
    sound_arguments,
    sound_rate,
)

_LONGEST_GIF = 60.0
_WEBM: dict[Quality, tuple[str, ...]] = {
    "draft": ("-crf", "38", "-deadline", "realtime", "-cpu-used", "8"),
    "standard": ("-crf", "31", "-deadline", "good", "-cpu-used", "5"),
    "high": ("-crf", "24", "-deadline", "good", "-cpu-used", "2"),
}
_SOUNDS: dict[Container, tuple[str, ...]] = {
    "webm": ("-c:a", "libopus", "-b:a", "128k"),
    "mp3": ("-c:a", "libmp3lame", "-b:a", "192k"),
    "m4a": ("-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"),
    "wav": ("-c:a", "pcm_s16le", "-rf64", "auto"),
}
_ROOMY = 0.1
"""Bits a pixel from which a film needs no second pass to be good."""
_TRIES = 3


class Converted(Made):
    """A film brought to what was asked."""

    copied: bool
    """Whether the picture is the film's own; else it was encoded again."""
    sound_copied: bool
    preset: Preset | None
    container: Container
    bitrate: int
    """Bits a second, of everything."""
    loudness_before: float | None
    """LUFS; None where it was not measured, or there is nothing to hear."""
    loudness_after: float | None
    true_peak: float | None
    """dBTP of the result."""


def convert(inputs: Sequence[Path], options: ConvertOptions, target: Path, bench: Bench) -> Converted:
    """Writes the film, or its sound, as it is asked for.

    Raises InvalidInputError, NoVideoError, NoAudioError, NotMediaError, DamagedMediaError, LimitExceededError and what
    `run_ffmpeg` raises.
    """
    (path,) = inputs
    info = probe(path)
    clip: Clip | None = None
    track: AudioStream | None
    if options.container in SOUND_ONLY:
        track, seconds = require_heard(info), info.duration
    else:
        clip = read_clip(path, bench.scratch, bench.part(0.0, 0.05).progress)
        track, seconds = clip.sound, clip.pictures.end
    if options.container == "gif":
        track = None
    heard = end_of_sound(path, info) if track is not None else 0.0
    if clip is not None and heard > seconds + clip.pictures.last:
        # Nothing that is heard is cut off: the last picture stays until then.
        seconds = heard
    found = None
    if track is not None and options.loudness is not None:
        measuring = bench.part(0.05, 0.15)
        found = level(path, track, options.loudness, seconds, measuring, stereo=clip is not None)
    working, checking = bench.part(0.15, 0.95), bench.part(0.95, 1.0)
    if clip is None:
        assert track is not None  # noqa: S101 - required above
        copied, sound_copied = False, _only_sound(path, info, track, found, options, target, working)
    else:
        copied, sound_copied = _film(_Film(clip, track, heard, found, seconds), options, target, working)
    after = None
    if track is not None and found is not None:
        made = require_audio(probe(target))
        after = measure_loudness(target, made, seconds, checking, stereo=clip is not None)
    return Converted(
        copied=copied,
        sound_copied=sound_copied,
        preset=options.preset,
        container=options.container,
        bitrate=round(target.stat().st_size * 8 / max(seconds, 0.001)),
        loudness_before=found.before.integrated if found else None,
        loudness_after=after.integrated if after else None,
        true_peak=after.peak if after else None,
        warnings=(
            *((*clip.warnings, *clip.seen.warnings) if clip else ()),
            *_rate_warnings(options),
            *level_warnings(after, options.loudness),
        ),
    )


@dataclass(frozen=True)
class _Film:
    clip: Clip
    track: AudioStream | None
    heard: float
    """When the sound ends."""
    level: Level | None
    seconds: float
    """Of the result."""

    @property
    def reading(self) -> list[str]:
        """Arguments of ffmpeg that read the film."""
        sound = [self.track.index] if self.track is not None else []
        return [
            *self.clip.seen.reading,
            *whole_film(self.clip.path, self.clip.picture, self.clip.picture, *sound),
        ]

    @property
    def reading_picture(self) -> list[str]:
        """The same for its picture alone."""
        return [*self.clip.seen.reading, *whole_film(self.clip.path, self.clip.picture, self.clip.picture)]


def _rate_warnings(options: ConvertOptions) -> tuple[str, ...]:
    if options.container != "gif" or options.fps is None or options.fps <= GIF_MOST_FPS:
        return ()
    return (f"A GIF has at most {GIF_MOST_FPS} frames a second: browsers show one with more too slowly.",)


def _only_sound(
    path: Path,
    info: MediaInfo,
    track: AudioStream,
    found: Level | None,
    options: ConvertOptions,
    target: Path,
    bench: Bench,
) -> bool:
    """Writes the sound alone; whether it was copied."""
    changed = found is not None and found.filters
    names = {"mp3": "mp3", "m4a": "aac", "wav": "pcm_s16le"}
    copied = not changed and names[options.container] == track.codec
    filters = list(found.filters) if found else []
    shaped = ["-af", ",".join([steady(), *filters])]
    rate = track.sample_rate if options.container == "wav" else sound_rate(track.sample_rate)
    rate = min(max(rate, 8_000), SAMPLE_RATE)
    coding = ["-c:a", "copy"] if copied else [*shaped, "-ar", str(rate), *_SOUNDS[options.container]]
    if not copied and track.channels > 2:
        coding += ["-ac", "2"]
    picture = info.video.index if info.video is not None else None
    reading = media_input(path) if copied else whole_film(path, picture, track.index)
    bench.ffmpeg(
        [*reading, "-map", f"0:{track.index}", "-vn", *coding, "-map_metadata", "-1"],
        target,
        info.duration,
    )
    return copied


def _film(film: _Film, options: ConvertOptions, target: Path, bench: Bench) -> tuple[bool, bool]:
    """Writes the film; whether its picture and its sound were copied."""
    wish = aim(film.clip, options)
    if options.container == "gif":
        _gif(film, wish, target, bench)
        return False, False
    clip, most = film.clip, (options.max_mb or 0) * 1e6
    sound_copied = _sound_stays(film, options.container)
    same = (clip.width, clip.height, clip.rate) == (wish.width, wish.height, wish.rate)
    if same and _picture_stays(clip, options.container) and not (most and clip.path.stat().st_size > most):
        heard = _sound(film, options, copied=sound_copied, bits=None)
        picture = ["-map", f"0:{clip.picture}", *copy_of(clip.codec), *held(clip.pictures, film.seconds)]
        _write(film, picture, heard, target, bench)
        if not most or target.stat().st_size <= most:
            return True, sound_copied
        target.unlink()
    if most:
        plan = budget(
            most, film.seconds, wish.width, wish.height, float(wish.rate), sound=film.track is not None
        )
        _sized(film, wish, plan, options, most, target, bench)
        return False, False
    heard = _sound(film, options, copied=sound_copied, bits=None)
    if options.container == "webm":
        coding = ["-c:v", "libvpx-vp9", "-b:v", "0", "-row-mt", "1", *_WEBM[options.quality]]
    else:
        coding = encoder_arguments(bench.encoder, options.quality, threads=bench.threads)
    _write(film, [*_picture(film, wish), *coding], heard, target, bench)
    return False, sound_copied


def _picture_stays(clip: Clip, container: Container) -> bool:
    if clip.likeness is None or clip.seen.filters or clip.start > 0.1 or container not in ("mp4", "mov"):
        return False
    return clip.codec == "h264" and clip.pixels == "yuv420p"


def _sound_stays(film: _Film, container: Container) -> bool:
    plain = {"mp4": "aac", "mov": "aac", "webm": "opus"}.get(container)
    if film.track is None or film.track.codec != plain or (film.level is not None and film.level.filters):
        return False
    return as_long(film.heard, film.seconds, film.clip.pictures.last)


def _picture(film: _Film, wish: Aim) -> list[str]:
    return [
        "-filter_complex",
        f"[0:{film.clip.picture}]{wish.filters(film.clip, film.seconds)}[picture]",
        "-map",
        "[picture]",
    ]


def _sound(film: _Film, options: ConvertOptions, *, copied: bool, bits: int | None) -> list[str]:
    """Arguments for the sound, which is as long as the picture."""
    track = film.track
    if track is None:
        return ["-an"]
    chosen = ["-map", f"0:{track.index}"]
    if copied:
        return [*chosen, "-c:a", "copy"]
    plain = sound_arguments(track)
    chain = plain[plain.index("-af") + 1]
    filters = [chain, *(film.level.filters if film.level else ()), f"apad=whole_dur={film.seconds:.6f}"]
    if bits is not None:
        filters.append("aformat=channel_layouts=stereo")
        coding: Sequence[str] = ("-c:a", "aac", "-b:a", str(bits))
    else:
        coding = _SOUNDS.get(options.container, tuple(plain[plain.index("-c:a") :]))
    return [*chosen, "-af", ",".join(filters), *coding]


def _write(film: _Film, picture: Sequence[str], sound: Sequence[str], target: Path, bench: Bench) -> None:
    bench.ffmpeg(
        [
            *film.reading,
            *(*picture, *sound, "-sn", "-dn", "-t", f"{film.seconds:.6f}", "-map_metadata", "-1"),
            *(["-movflags", "+faststart"] if target.suffix in (".mp4", ".mov") else []),
        ],
        target,
        film.seconds,
    )


def _sized(
    film: _Film, wish: Aim, plan: Budget, options: ConvertOptions, most: float, target: Path, bench: Bench
) -> None:
    """Encodes the film so that it is no larger than `most` bytes."""
    small = replace(wish, width=plan.width, height=plan.height)
    picture = _picture(film, small)
    heard = _sound(film, options, copied=False, bits=plan.sound or None)
    bits = plan.picture
    if bits / (small.width * small.height * float(small.rate)) >= _ROOMY:
        limit = ["-maxrate", str(bits), "-bufsize", str(2 * bits)]
        coding = [*encoder_arguments(bench.encoder, options.quality, threads=bench.threads), *limit]
        _write(film, [*picture, *coding], heard, target, bench.part(0.0, 0.4))
        if target.stat().st_size <= most:
            return
    log = ("-passlogfile", str(bench.scratch / "passes"))
    for attempt in range(_TRIES):
        share = bench.part(0.4 + 0.2 * attempt, 0.6 + 0.2 * attempt)
        coding = [*bitrate_arguments(bits, options.quality, threads=bench.threads), *log]
        first = [
            *film.reading_picture,
            *picture,
            *coding,
            *("-pass", "1", "-an", "-sn", "-dn"),
        ]
        share.part(0.0, 0.4).ffmpeg(
            [*first, "-t", f"{film.seconds:.6f}", "-f", "null", "-"], None, film.seconds
        )
        _write(film, [*picture, *coding, "-pass", "2"], heard, target, share.part(0.4, 1.0))
        size = target.stat().st_size
        if size <= most:
            return
        bits = int(bits * most / size * 0.95)
    target.unlink()
    raise LimitExceededError(
        f"The video cannot be made smaller than {size / 1e6:.1f} MB.",
        hint="Allow more with max_mb, or trim it.",
    )


def _gif(film: _Film, wish: Aim, target: Path, bench: Bench) -> None:
    """In two runs, because the colours must be known before the first picture: memory does not grow with length."""
    if film.seconds > _LONGEST_GIF:
        raise LimitExceededError(
            f"A GIF of {film.seconds:.0f} s would be huge; {_LONGEST_GIF:.0f} s is the most.",
            hint="Trim the video.",
        )
    palette = bench.scratch / "palette.png"
    shape = f"[0:{film.clip.picture}]{wish.filters(film.clip, film.seconds)}"
    limit = ("-t", f"{film.seconds:.6f}")
    reading = film.reading_picture
    bench.part(0.0, 0.4).ffmpeg(
        [
            *reading,
            *("-filter_complex", f"{shape},palettegen=stats_mode=diff[colours]", "-map", "[colours]"),
            *limit,
            "-frames:v",
            "1",
        ],
        palette,
        film.seconds,
    )
    drawing = f"{shape}[film];[film][1:v]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle[picture]"
    bench.part(0.4, 1.0).ffmpeg(
        [
            *reading,
            "-i",
            f"file:{palette.resolve()}",
            "-filter_complex",
            drawing,
            "-map",
            "[picture]",
            *limit,
            "-loop",
            "0",
        ],
        target,
        film.seconds,
    )
