"""What is laid over a film, made ready: pictures at their size and as opaque as they are to be, films measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Literal

import av
import av.error
import numpy as np
from PIL import Image

from tasks.errors import DamagedMediaError, InvalidInputError, NotAnImageError
from tasks.images.loading import Frame, load_frames
from tasks.media.probe import VideoStream, opened, probe, require_video
from tasks.video.upright import Upright, upright

_MOST_FRAMES = 2_000
"""Of an animation."""
_MOST_ANIMATED = 2_000_000_000
"""Pixels of all pictures of an animation together."""
_SMALL_HEIGHT = 720
"""Lines from which a film that does not name its colours is taken to have those of high definition, as players do."""
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}
"""Of ISO/IEC 23091-2 (H.273): its numbers, and ffmpeg's names."""

Matrix = str
"""ffmpeg's name of how colours are made of brightness and two differences."""


@dataclass(frozen=True)
class ShownPicture:
    """The picture of a film as players show it."""

    stream: VideoStream
    seen: Upright
    matrix: Matrix
    """Of what `seen` makes of it."""


@dataclass(frozen=True)
class Shape:
    """Something to lay over a film."""

    path: Path
    kind: Literal["still", "animation", "film"]
    width: int
    height: int
    shown: ShownPicture | None
    """Of a film."""


def shown_picture(path: Path, workplace: Path, *, opaque: bool = True) -> ShownPicture:
    """Looks at the first pictures of a film, what of them is transparent being black if they are to be `opaque`.

    Raises NotMediaError, NoVideoError or DamagedMediaError.
    """
    stream = require_video(probe(path))
    seen = upright(path, stream, workplace, opaque=opaque)
    if any("out_color_matrix=bt709" in step for step in seen.filters):
        return ShownPicture(stream, seen, "bt709")
    try:
        with opened(path) as container:
            for frame in container.decode(container.streams[stream.index]):
                assert isinstance(frame, av.VideoFrame)  # noqa: S101 - of a video stream
                usual = "bt709" if frame.height >= _SMALL_HEIGHT else "smpte170m"
                return ShownPicture(stream, seen, _MATRICES.get(frame.colorspace, usual))
    except av.error.FFmpegError as error:
        raise DamagedMediaError("The video cannot be decoded.", hint="Export it again.") from error
    raise DamagedMediaError("The video has no frames.", hint="Download or export it again.")


def measure_source(path: Path, workplace: Path) -> Shape:
    """What a file is, and how large. Raises NotAnImageError or DamagedMediaError."""
    try:
        first = list(islice(load_frames(path, _MOST_FRAMES), 2))
    except NotAnImageError as error:
        return _film(path, workplace, error)
    if len(first) == 2:
        _check_animation(path, first[0].image)
    return Shape(path, "animation" if len(first) == 2 else "still", *first[0].image.size, None)


def prepared(
    source: Shape, width: int, height: int, opacity: float, target: Path
) -> tuple[Path, tuple[str, ...]]:
    """Writes a still image or an animation in the size and opacity in which it is laid over a film.

    Returns where it is, and what is to be said of it.
    """
    told: dict[str, None] = {}

    def frames() -> Iterator[Frame]:
        for frame in load_frames(source.path, _MOST_FRAMES):
            told.update(dict.fromkeys(frame.warnings))
            yield Frame(_faded(_resized(frame.image, width, height), opacity), frame.seconds)

    if source.kind == "still":
        still = target.with_suffix(".png")
        next(frames()).image.save(still)
        return still, tuple(told)
    animation = target.with_suffix(".mov")
    _write_animation(frames(), width, height, animation)
    return animation, tuple(told)


def _film(path: Path, workplace: Path, error: NotAnImageError) -> Shape:
    try:
        shown = shown_picture(path, workplace, opaque=False)
    except InvalidInputError:
        hint = "Give a PNG, JPEG, WebP, AVIF, HEIC or GIF file, or a film."
        raise NotAnImageError(error.message, hint=hint) from error
    return Shape(path, "film", shown.seen.width, shown.seen.height, shown)


def _check_animation(path: Path, image: Image.Image) -> None:
    with Image.open(path) as opened_image:
        count = int(getattr(opened_image, "n_frames", 1))
    if count * image.width * image.height > _MOST_ANIMATED:
        raise InvalidInputError(
            f"The animation has {count} pictures of {image.width}×{image.height} pixels, which is too much.",
            hint="Give a smaller or a shorter one, or a film.",
        )


def _resized(image: Image.Image, width: int, height: int) -> Image.Image:
    if image.size == (width, height):
        return image
    # Colours of transparent pixels would bleed into their neighbours if they were not weighted by their opacity.
    return image.convert("RGBa").resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")


def _faded(image: Image.Image, opacity: float) -> Image.Image:
    if opacity < 1:
        image = image.copy()
        image.putalpha(image.getchannel("A").point(lambda level: round(level * opacity)))
    return image


def _write_animation(frames: Iterator[Frame], width: int, height: int, target: Path) -> None:
    """A film with transparency, each picture shown as long as in the animation."""
    with av.open(str(target), "w") as container:
        stream = container.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "rgba"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        time, last = 0, 0
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.asarray(frame.image), format="rgba")
            picture.pts, picture.time_base = time, Fraction(1, 1000)
            last = max(1, round(frame.seconds * 1000))
            time += last
            for packet in stream.encode(picture):
                packet.duration = last
                container.mux(packet)
        for packet in stream.encode(None):
            packet.duration = last
            container.mux(packet)
