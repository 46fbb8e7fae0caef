"""The pictures of a film as a player shows them, whatever camera made them: for what is made anew of it.

Progressive, with square pixels, opaque unless it is to be laid over another film, with the range and colours of usual
screens (BT.709). What is so already is not touched.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np

from tasks.errors import DamagedMediaError
from tasks.images.colour import PQ, ColourSpace, coded, in_srgb
from tasks.media.ffmpeg import quoted_in_filter
from tasks.media.probe import VideoStream, opened, plausible, shown_size

_FULL_RANGE = 2
"""libavutil's AVCOL_RANGE_JPEG."""
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
"""Names of ffmpeg for the matrix coefficients of H.273."""
_EXACT = "flags=accurate_rnd+full_chroma_int+full_chroma_inp"
_TAGGED = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
_QUARTER = 90
_CLEAR_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_CUBE = 49
"""Points a side of the table of colours; ffmpeg looks between them."""
_LOOKED_AT = 30
"""Pictures in which one with fields is searched for: captured films begin with black, coded as a whole."""


@dataclass(frozen=True)
class Upright:
    """How the pictures of a film become what a player shows."""

    width: int
    height: int
    reading: tuple[str, ...]
    """Arguments of ffmpeg for reading the film."""
    filters: tuple[str, ...]
    """Of ffmpeg, for one another's output; empty for most films."""
    warnings: tuple[str, ...]
    interlaced: bool = False
    """Whether its pictures have fields, each of which may be a packet of its own."""

    @property
    def untouched(self) -> bool:
        """Whether the pictures are taken as they are, without even a line being cut."""
        return not self.reading and not self.filters and self.width % 2 == 0 and self.height % 2 == 0


def upright(video: Path, picture: VideoStream, workplace: Path, *, opaque: bool = True) -> Upright:
    """Looks at the first pictures. A table of colours, where one is needed, is written into `workplace`.

    `opaque`: over black, as players show what is transparent; else it stays so, except in films in HDR.
    Raises NotMediaError, NoVideoError or DamagedMediaError (no picture can be decoded).
    """
    width, height = shown_size(video)
    filters: list[str] = []
    told: list[str] = []
    frame, interlaced, pixel = _first(video, picture)
    if interlaced:
        filters.append("bwdif=mode=send_frame:deint=interlaced")
    if sorted((width, height)) != sorted((frame.width, frame.height)):
        filters.append(f"scale={width}:{height}:flags=lanczos,setsar=1")
    elif pixel and not plausible(pixel):
        filters.append("setsar=1")
    layout = av.VideoFormat(frame.format.name)
    space = coded(frame.color_primaries, frame.color_trc)
    rgb = layout.is_rgb or layout.has_palette
    clear = any(part.is_alpha for part in layout.components) or layout.has_palette
    if clear and (opaque or not space.usual):
        filters.append("format=gbrap,premultiply=inplace=1,format=gbrp")
        rgb, clear = True, False
    pixels = "yuva420p" if clear else "yuv420p"
    if not space.usual:
        filters += _recoloured(space, None if rgb else _MATRICES.get(frame.colorspace, "bt709"), workplace)
        if space.hdr:
            kind = "PQ" if space.transfer == PQ else "HLG"
            told.append(
                f"The film is HDR ({kind}): its colours were brought to those of usual screens (BT.709)."
            )
    elif rgb:
        filters.append(f"scale=out_color_matrix=bt709:out_range=limited:{_EXACT},format={pixels},{_TAGGED}")
    elif frame.color_range == _FULL_RANGE:
        filters.append(f"scale=in_range=full:out_range=limited:{_EXACT},format={pixels},setparams=range=tv")
    # ffmpeg would turn by any angle; players turn by quarters only.
    turned = () if frame.rotation % _QUARTER == 0 else ("-noautorotate",)
    reading = turned if opaque else (*turned, *_clear_reading(video, picture))
    return Upright(width, height, reading, tuple(filters), tuple(told), interlaced)


def _first(video: Path, picture: VideoStream) -> tuple[av.VideoFrame, bool, Fraction | None]:
    """The first picture, whether one of the first has fields, and the shape of the pixels if the film says it."""
    first: av.VideoFrame | None = None
    pixel: Fraction | None = None
    try:
        with opened(video) as container:
            stream = next(each for each in container.streams.video if each.index == picture.index)
            for number, frame in enumerate(container.decode(stream)):
                assert isinstance(frame, av.VideoFrame)  # noqa: S101 - of a video stream
                first, pixel = first or frame, stream.sample_aspect_ratio
                if frame.interlaced_frame or number == _LOOKED_AT:
                    return first, frame.interlaced_frame, pixel
    except av.error.FFmpegError as error:
        if first is None:
            raise DamagedMediaError(
                "The video cannot be decoded.", hint="Download or export it again."
            ) from error
    if first is None:
        raise DamagedMediaError("The video has no frames.", hint="Download or export it again.")
    return first, False, pixel


def _clear_reading(video: Path, picture: VideoStream) -> tuple[str, ...]:
    """Arguments for decoding what is transparent in WebM: ffmpeg's own decoders leave it out."""
    decoder = _CLEAR_DECODERS.get(picture.codec)
    with opened(video) as container:
        told = container.streams[picture.index].metadata.get("alpha_mode")
    return ("-c:v", decoder) if decoder and told == "1" else ()


def _recoloured(space: ColourSpace, matrix: str | None, workplace: Path) -> list[str]:
    table = workplace / "colours.cube"
    axis = np.linspace(0, 1, _CUBE, dtype=np.float32)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    values = in_srgb(np.stack([red, green, blue], axis=-1).reshape(-1, 3), space)
    with table.open("w", encoding="ascii") as file:
        file.write(f"LUT_3D_SIZE {_CUBE}\n")
        np.savetxt(file, values, fmt="%.5f")
    source = f"in_color_matrix={matrix}:" if matrix else ""
    return [
        f"scale={source}out_range=full:{_EXACT},format=gbrp12le",
        f"lut3d=file={quoted_in_filter(table)}:interp=tetrahedral",
        f"scale=out_color_matrix=bt709:out_range=limited:{_EXACT},format=yuv420p,{_TAGGED}",
    ]
