"""Stretches or squeezes a video to the length of a sound, and puts the sound under it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.errors import DamagedMediaError, EngineError, LimitExceededError
from tasks.media.ffmpeg import media_input, run_ffmpeg
from tasks.media.probe import probe, require_heard, require_video
from tasks.media.shown import shown
from tasks.progress import Progress, ignore_progress, part_of
from tasks.video.encoding import Encoder, Quality, encoder_arguments, sound_arguments
from tasks.video.upright import upright

log = logging.getLogger(__name__)

MAX_SECONDS = 36_000.0
"""Ten hours, of the picture and of the sound."""

_AUDIO_SHARE = 0.15
"""Of the progress; the rest is the picture."""
_TIME_BASE = "1/90000"
"""Fine enough that a new speed moves no frame by a visible amount."""


@dataclass(frozen=True)
class FittedVideo:
    """A video that lasts as long as its sound."""

    speed_factor: float
    """How many times faster than before the picture runs; below 1 it is slowed down."""
    seconds: float
    frames: int
    fps: float
    width: int
    height: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Way:
    """How the picture is read, changed and encoded."""

    reading: Sequence[str]
    filters: Sequence[str]
    encoding: Sequence[str]


def on_gpu(retimed: Sequence[str], quality: Quality) -> _Way:
    """Decodes, retimes and encodes without a frame leaving the GPU's memory."""
    return _Way(
        ("-hwaccel", "cuda", "-hwaccel_output_format", "cuda"),
        [*retimed, "scale_cuda=format=yuv420p"],
        encoder_arguments("h264_nvenc", quality, pixels="cuda"),
    )


def fit_to_audio(
    video: Path,
    audio: Path,
    target: Path,
    *,
    encoder: Encoder,
    deadline: float,
    quality: Quality = "standard",
    threads: int = 0,
    progress: Progress = ignore_progress,
) -> FittedVideo:
    """Writes an MP4 with the picture of `video`, as long as `audio` and with that sound alone (AAC).

    The frame rate stays (see `tasks.media.shown`); frames are left out or shown again. `target` is there whole or not
    at all.

    Raises NoVideoError, NoAudioError, NotMediaError, DamagedMediaError, LimitExceededError, and what
    `run_ffmpeg` raises.
    """
    picture_info, sound_info = probe(video), probe(audio)
    picture = require_video(picture_info)
    sound = require_heard(sound_info)
    for info, what in ((picture_info, "video"), (sound_info, "audio")):
        if info.duration > MAX_SECONDS:
            raise LimitExceededError(
                f"The {what} is {info.duration / 3600:.1f} hours long; {MAX_SECONDS / 3600:.0f} is the most.",
                hint="Cut it into parts.",
            )
    film = shown(video, picture_info)
    with TemporaryDirectory(prefix=".fit-", dir=target.parent) as folder:
        seen = upright(video, picture, Path(folder))
        encoded = Path(folder) / "sound.m4a"
        # Encoded first: only then is it known to the sample how long the sound is.
        run_ffmpeg(
            [
                *media_input(audio),
                *("-map", f"0:{sound.index}", "-vn", *sound_arguments(sound), "-map_metadata", "-1"),
            ],
            output=encoded,
            duration=sound_info.duration,
            progress=part_of(progress, 0.0, _AUDIO_SHARE),
            deadline=deadline,
        )
        seconds = probe(encoded).duration
        frames = max(1, round(seconds * film.rate))
        # As long as its sound to the frame: every picture stays where it is.
        speed = film.seconds / seconds if frames != round(film.seconds * film.rate) else 1.0
        retimed = [
            f"settb={_TIME_BASE},setpts=(PTS-STARTPTS)/{speed:.9f},fps={film.rate}",
            # The last frame stays until the sound is over; the number of frames ends the rest.
            "tpad=stop_mode=clone:stop=-1",
        ]
        ways = [
            _Way(
                seen.reading,
                [*seen.filters, *retimed, "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,format=yuv420p"],
                encoder_arguments(encoder, quality, threads=threads),
            )
        ]
        if encoder == "h264_nvenc" and seen.untouched:
            ways.insert(0, on_gpu(retimed, quality))
        for number, way in enumerate(ways, start=1):
            try:
                run_ffmpeg(
                    [
                        *way.reading,
                        *media_input(video),
                        *("-i", f"file:{encoded.resolve()}"),
                        *("-filter_complex", f"[0:{picture.index}]{','.join(way.filters)}[picture]"),
                        *("-map", "[picture]", "-map", "1:a:0", "-c:a", "copy", "-frames:v", str(frames)),
                        *way.encoding,
                        *("-map_metadata", "-1"),
                    ],
                    output=target,
                    duration=seconds,
                    progress=part_of(progress, _AUDIO_SHARE, 1.0),
                    deadline=deadline,
                )
                break
            except (EngineError, DamagedMediaError) as error:
                if number == len(ways):
                    raise
                log.warning("The GPU cannot do all of it (%s); the processor decodes.", error)
    made = require_video(probe(target))
    return FittedVideo(
        speed_factor=speed,
        seconds=seconds,
        frames=frames,
        fps=float(film.rate),
        width=made.width,
        height=made.height,
        warnings=film.warnings + seen.warnings,
    )
