"""What a film is to be: the options of a conversion, and the size and rate that they mean for a film."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from tasks.editing.bench import EditOptions
from tasks.editing.clips import Clip
from tasks.editing.framing import COLOURS, Fit, Side, framed
from tasks.editing.presets import LOUDNESS, PRESETS, Preset
from tasks.editing.reading import in_time
from tasks.errors import InvalidInputError
from tasks.media.rates import FrameRate, exact_rate
from tasks.video.encoding import Quality

Container = Literal["mp4", "mov", "webm", "gif", "mp3", "m4a", "wav"]
SOUND_ONLY: tuple[Container, ...] = ("mp3", "m4a", "wav")
_GIF_FPS, _GIF_SIDE = 15, 480
"""Of a GIF for which nothing else is asked."""
GIF_MOST_FPS = 50
"""A GIF counts hundredths of a second, and browsers take one of them for ten."""


class ConvertOptions(EditOptions):
    """What a film is to be."""

    revision: ClassVar[int] = 2

    preset: Preset | None
    width: Side | None
    height: Side | None
    fps: FrameRate | None
    fit: Fit | None
    max_mb: float | None
    container: Container
    loudness: float | None
    """LUFS; None: as it is."""
    quality: Quality


def convert_options(
    preset: Preset | None,
    width: int | None,
    height: int | None,
    fps: float | None,
    fit: Fit | None,
    max_mb: float | None,
    container: Container,
    loudness: float | None,
    keep_loudness: bool,
    quality: Quality,
) -> ConvertOptions:
    """The options of a conversion. Raises InvalidInputError for what cannot be meant together."""
    shaped = any(value is not None for value in (width, height, fps, fit))
    if container in SOUND_ONLY and (shaped or preset):
        raise InvalidInputError(
            f"A file {container} has no picture that could have a size or a preset.",
            hint="Leave them out, or choose the container mp4.",
        )
    if max_mb is not None and container not in ("mp4", "mov"):
        raise InvalidInputError(
            f"A greatest size can be asked for of mp4 and mov, not of {container}.", hint="Leave max_mb out."
        )
    if keep_loudness and loudness is not None:
        raise InvalidInputError(
            "The loudness cannot be kept and changed at once.", hint="Give either keep_loudness or loudness."
        )
    if loudness is None and preset is not None and not keep_loudness:
        loudness = LOUDNESS
    if preset and max_mb is None and container in ("mp4", "mov"):
        max_mb = PRESETS[preset].max_mb
    return ConvertOptions(
        preset=preset,
        width=width,
        height=height,
        fps=fps,
        fit=fit,
        max_mb=max_mb,
        container=container,
        loudness=loudness if container != "gif" else None,
        quality=quality,
    )


@dataclass(frozen=True)
class Aim:
    """What the picture becomes."""

    width: int
    height: int
    rate: Fraction
    fit: Fit

    def filters(self, clip: Clip, seconds: float) -> str:
        """Of ffmpeg, that bring the pictures of a film to this; the last one stays until `seconds`."""
        shape = framed(self.width, self.height, self.fit, tagged=clip.tagged, lines=clip.height)
        timed = in_time(-clip.pictures.lag, seconds - clip.pictures.end)
        return f"{timed}{clip.upright}fps={self.rate}:start_time=0,{shape},format=yuv420p,{COLOURS}"


def aim(clip: Clip, options: ConvertOptions) -> Aim:
    """The size and rate that a film gets."""
    wanted = PRESETS[options.preset] if options.preset else None
    width, height, fit = options.width, options.height, options.fit or "pad"
    if width is None and height is None:
        width, height = clip.width, clip.height
        if wanted is not None and (wanted.fit or options.fit):
            width, height, fit = wanted.width, wanted.height, options.fit or wanted.fit or "pad"
        elif wanted is not None:
            width, height = _within(width, height, wanted.width, wanted.height)
        elif options.container == "gif":
            width, height = _within(width, height, _GIF_SIDE, _GIF_SIDE)
    elif width is None and height is not None:
        width = round(clip.width * height / clip.height)
    elif height is None and width is not None:
        height = round(clip.height * width / clip.width)
    rate = exact_rate(options.fps) if options.fps else clip.rate
    if wanted is not None and not options.fps:
        rate = _below(rate, wanted.max_fps)
    if options.container == "gif" and not options.fps:
        rate = min(rate, Fraction(_GIF_FPS))
    if options.container == "gif":
        rate = min(rate, Fraction(GIF_MOST_FPS))
    even = [max(2, side // 2 * 2) for side in (width or 2, height or 2)]
    return Aim(even[0], even[1], rate, fit)


def _within(width: int, height: int, most_wide: int, most_high: int) -> tuple[int, int]:
    """A shape made smaller, if it must be, to lie within a frame that may be turned as it is."""
    if (width > height) != (most_wide > most_high):
        most_wide, most_high = most_high, most_wide
    share = min(1.0, most_wide / width, most_high / height)
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def _below(rate: Fraction, most: int) -> Fraction:
    """The rate, halved until it is no more than that: every second picture, and no juddering."""
    while rate > most:
        rate /= 2
    return rate
