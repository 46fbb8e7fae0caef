"""What of a film can be copied into an MP4, and how."""

from pathlib import Path

from tasks.editing.bench import Bench
from tasks.editing.packets import Pictures, read_pictures
from tasks.editing.reading import in_time, whole_film
from tasks.media.clock import steady
from tasks.media.probe import MediaInfo, end_of_sound
from tasks.video.encoding import Quality, encoder_arguments, sound_rate
from tasks.video.upright import Upright, upright

PICTURES = ("h264", "hevc", "av1")
"""Codecs that MP4 holds and players know."""
SOUNDS = ("aac", "mp3", "ac3", "eac3")
AUDIO_BITRATE = "192k"
"""Of sound that is encoded."""

_PACKET = 1024 / 44_100
"""Seconds of a packet of AAC: sound that is copied ends no more exactly."""
_TICK = 0.0005
"""Seconds by which times differ that are counted in other units."""


def copy_of(codec: str) -> list[str]:
    """Output arguments of ffmpeg for pictures that are copied."""
    # Players of Apple know HEVC by this name only.
    return ["-c:v", "copy", *(["-tag:v", "hvc1"] if codec == "hevc" else [])]


def held(pictures: Pictures, until: float) -> list[str]:
    """Output arguments for copied pictures whose last one stays until then, by the clock of the film; none if it does.

    A player shows a picture until the next: the last packet of the file is said to take so long.
    """
    if until <= pictures.end + pictures.last / 2:
        return []
    last = f"gte(DTS*TB,{pictures.decoded[-1] - _TICK:.6f})"
    return ["-bsf:v", f"setts=pts=PTS:dts=DTS:duration='if({last},{until:.6f}/TB-PTS,DURATION)'"]


def as_long(sound: float, picture: float, frame: float) -> bool:
    """Whether sound that ends then lasts as long as pictures, of `frame` seconds each, that end then."""
    return sound >= picture - max(frame, _PACKET)


def encoded_picture(seen: Upright, timed: str) -> str:
    """Filters for the whole picture of a film that is encoded; `timed`: those that move it, as of `in_time`."""
    return f"{timed}{''.join(f'{each},' for each in seen.filters)}crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,format=yuv420p"


def copy_film(
    source: Path, info: MediaInfo, until: float, target: Path, bench: Bench, quality: Quality
) -> tuple[bool, tuple[str, ...]]:
    """Writes all of a film that lasts until then as MP4.

    A track that ends earlier gets silence, or keeps its last picture. Returns whether both tracks are copies, as they
    are where they can be, and what is to be said of a picture that is encoded.
    """
    picture, sound = info.video, info.audio
    pictures = read_pictures(source) if picture is not None else None
    frame = pictures.last if pictures is not None else 0.0
    kept = pictures is None or (picture is not None and picture.codec in PICTURES and pictures.copyable)
    heard = sound is None or (
        sound.codec in SOUNDS and (picture is None or as_long(end_of_sound(source, info), until, frame))
    )
    arguments = ["-vn"]
    reading: list[str] = []
    told: tuple[str, ...] = ()
    if picture is not None and pictures is not None:
        arguments = ["-map", f"0:{picture.index}"]
        if kept:
            arguments += [*copy_of(picture.codec), *held(pictures, until), "-movflags", "+faststart"]
        else:
            seen = upright(source, picture, bench.scratch)
            reading, told = [*seen.reading], seen.warnings
            arguments += [
                *("-vf", encoded_picture(seen, in_time(-pictures.lag, until - pictures.end))),
                *encoder_arguments(bench.encoder, quality, threads=bench.threads),
            ]
    if sound is None:
        arguments += ["-an"]
    elif heard:
        arguments += ["-map", f"0:{sound.index}", "-c:a", "copy"]
    else:
        filled = f"{steady(sound_rate(sound.sample_rate))},apad=whole_dur={until:.6f}"
        arguments += ["-map", f"0:{sound.index}", "-af", filled, "-c:a", "aac", "-b:a", AUDIO_BITRATE]
    tracks = [track.index for track in (picture, sound) if track is not None]
    reading += whole_film(source, picture.index if picture is not None else None, *tracks)
    bench.ffmpeg(
        [*reading, *arguments, "-sn", "-dn", "-t", f"{until:.6f}", "-map_metadata", "-1"], target, until
    )
    return kept and heard, told
