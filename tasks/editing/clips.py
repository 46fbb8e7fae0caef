"""What is known of each film that becomes a piece of another."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error

from tasks.editing.packets import read_pictures
from tasks.errors import DamagedMediaError
from tasks.media.probe import AudioStream, opened, probe, require_video
from tasks.media.rates import MAX_FPS
from tasks.media.shown import constant_rate
from tasks.progress import Progress, ignore_progress

COPIED_PICTURES = ("h264", "hevc", "av1")
"""Codecs that MP4 holds and players know."""

_UNSPECIFIED = 2
"""AVCOL_SPC_UNSPECIFIED."""


@dataclass(frozen=True)
class Clip:
    """A film, with its times in seconds."""

    path: Path
    picture: int
    """Number of the picture track."""
    sound: AudioStream | None
    start: float
    """When the first picture is shown."""
    seconds: float
    """How long pictures are shown."""
    count: int
    """Pictures in the file."""
    rate: Fraction
    """The lowest constant one at which every picture has a place of its own."""
    width: int
    """As it is shown."""
    height: int
    codec: str
    pixels: str | None
    """Their format, as ffmpeg calls it."""
    tagged: bool
    """Whether the file says how its colours are coded."""
    likeness: tuple[object, ...] | None
    """Equal for films whose packets can follow one another; None where they cannot be copied at all."""


def read_clip(path: Path, progress: Progress = ignore_progress) -> Clip:
    """Reads packets and the first picture. Raises NoVideoError, NotMediaError or DamagedMediaError."""
    info = probe(path)
    picture = require_video(info)
    pictures = read_pictures(path, progress)
    try:
        with opened(path) as container:
            stream = container.streams.video[0]
            for candidate in container.streams.video:
                stream = candidate if candidate.index == picture.index else stream
            first = next(iter(container.decode(stream)), None)
            context = stream.codec_context
            stated = [rate for rate in (stream.average_rate, stream.base_rate) if rate]
            described = (
                *(context.name, context.profile, context.extradata, context.width, context.height),
                *(context.pix_fmt, stream.sample_aspect_ratio, stream.average_rate),
                *(context.color_range, context.colorspace, context.color_primaries, context.color_trc),
            )
    except av.error.FFmpegError as error:
        raise DamagedMediaError("The film cannot be decoded.", hint="Export it again.") from error
    if first is None:
        raise DamagedMediaError("The film has no pictures.", hint="Download or export it again.")
    turned = first.rotation % 180 != 0
    ratio = float(stream.sample_aspect_ratio or 1) or 1.0
    wide, high = round(first.width * max(ratio, 1.0)), round(first.height / min(ratio, 1.0))
    copyable = pictures.whole and bool(pictures.keys[0]) and picture.codec in COPIED_PICTURES
    return Clip(
        path=path,
        picture=picture.index,
        sound=info.audio,
        start=pictures.start,
        seconds=pictures.end - pictures.start,
        count=len(pictures.times),
        rate=min(constant_rate(pictures.shown, stated), Fraction(MAX_FPS)),
        width=high if turned else wide,
        height=wide if turned else high,
        codec=picture.codec,
        pixels=context.pix_fmt,
        tagged=first.colorspace not in (0, _UNSPECIFIED) or "rgb" in first.format.name,
        likeness=(*described, first.rotation) if copyable else None,
    )
