"""What is known of each film that becomes a piece of another."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error

from tasks.editing.copying import PICTURES
from tasks.editing.packets import read_pictures
from tasks.editing.reading import Film
from tasks.errors import DamagedMediaError
from tasks.media.probe import AudioStream, opened, probe, require_video
from tasks.media.rates import MAX_FPS
from tasks.media.shown import constant_rate
from tasks.progress import Progress, ignore_progress
from tasks.video.upright import Upright, upright

COLOURS_KNOWN = "colorspace=bt709"
"""In a filter after which they are those of HD."""
_UNSPECIFIED = 2
"""AVCOL_SPC_UNSPECIFIED."""


@dataclass(frozen=True)
class Clip(Film):
    """A film that becomes a piece of another, with its times in seconds."""

    sound: AudioStream | None
    rate: Fraction
    """The lowest constant one at which every picture has a place of its own."""
    width: int
    """As it is shown."""
    height: int
    codec: str
    pixels: str | None
    """Their format, as ffmpeg calls it."""
    tagged: bool
    """Whether it is known how its colours are coded."""
    seen: Upright
    """What makes its pictures those that players show."""
    likeness: tuple[object, ...] | None
    """Equal for films whose packets can follow one another; None where they cannot be copied at all."""

    @property
    def start(self) -> float:
        """When the first picture is shown."""
        return self.pictures.start

    @property
    def seconds(self) -> float:
        """How long pictures are shown."""
        return self.pictures.end - self.pictures.start

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said of a film whose end is missing."""
        return self.pictures.warnings

    @property
    def upright(self) -> str:
        """Filters that come before all others, with a comma behind them; mostly none."""
        return "".join(f"{each}," for each in self.seen.filters)


def read_clip(path: Path, workplace: Path, progress: Progress = ignore_progress) -> Clip:
    """Reads packets and the first pictures; a table of colours may be written into `workplace`.

    Raises NoVideoError, NotMediaError or DamagedMediaError.
    """
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
    seen = upright(path, picture, workplace)
    recoloured = any(COLOURS_KNOWN in each for each in seen.filters)
    copyable = pictures.copyable and bool(pictures.keys[0]) and picture.codec in PICTURES
    return Clip(
        path=path,
        picture=picture.index,
        sound=info.audio,
        pictures=pictures,
        rate=min(constant_rate(pictures.shown, stated), Fraction(MAX_FPS)),
        width=seen.width,
        height=seen.height,
        codec=picture.codec,
        pixels=context.pix_fmt,
        tagged=recoloured or first.colorspace not in (0, _UNSPECIFIED),
        seen=seen,
        likeness=(*described, first.rotation) if copyable else None,
    )
