"""An image in the planes of video, at the size at which the closest view is sharp, ready to be looked at."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from tasks.images.cutting import Cutter, resized
from tasks.images.loading import Pixels, as_image
from tasks.video.framing import Framing
from tasks.video.motion import MAX_ZOOM, View

_BLUR = 0.04
"""Standard deviation, as a share of the width."""
_DIM = 0.7
_EDGE = 0.03
"""Share of the picture's side, from its edge, that shows whether a plain wall is there."""
_PLAIN, _UNEVEN = 4.0, 60.0
"""Levels: how rough a plain wall is at most, on average, and how far its light may fall off along the edge."""

# Full-range R'G'B' to limited-range Y'CbCr, ITU-R BT.709.
_TO_VIDEO = (
    *(0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255, 16),
    *(-0.2126 / 1.8556 * 224 / 255, -0.7152 / 1.8556 * 224 / 255, 0.5 * 224 / 255, 128),
    *(0.5 * 224 / 255, -0.7152 / 1.5748 * 224 / 255, -0.0722 / 1.5748 * 224 / 255, 128),
)
PIXEL_FORMAT: Final = "nv12"
"""ffmpeg's name for the order of a frame: brightness, then both colours in turn, at half the size."""


class Picture:
    """The stage that a camera moves over."""

    def __init__(
        self,
        picture: Pixels | Image.Image,
        size: tuple[int, int],
        framing: Framing,
        *,
        continued: bool = False,
    ) -> None:
        """`size`: of the frames, in pixels, both even. `continued`: over a blur, a plain wall goes on to the edge."""
        canvas = _canvas(as_image(picture), size, framing, continued=continued)
        self._extent = canvas.size
        self._frame_width = size[0]
        bright, *colours = canvas.convert("RGB", _TO_VIDEO).split()
        half = (-(-canvas.width // 2), -(-canvas.height // 2))
        self._colour_scale = (half[0] / canvas.width, half[1] / canvas.height)
        self._bright = Cutter(np.asarray(bright)[:, :, np.newaxis], size)
        small = [np.asarray(plane.resize(half, Image.Resampling.BOX)) for plane in colours]
        # An edge of one pixel more, because the places of colour samples reach beyond that of brightness.
        edged = np.pad(np.stack(small, axis=2), ((1, 1), (1, 1), (0, 0)), mode="edge")
        self._colours = Cutter(edged, (size[0] // 2, size[1] // 2))

    def frame(self, view: View) -> tuple[bytes, bytes]:
        """One frame in the order of `PIXEL_FORMAT`, in two pieces."""
        left, right = (self._extent[0] * (view.x + side * view.size / 2) for side in (-1, 1))
        top, bottom = (self._extent[1] * (view.y + side * view.size / 2) for side in (-1, 1))
        # Colour samples sit on every second column, half a pixel left of the middle between two (MPEG-2).
        shift = (right - left) / self._frame_width / 2
        across, down = self._colour_scale
        beside = (
            (left - shift) * across + 1,
            top * down + 1,
            (right - shift) * across + 1,
            bottom * down + 1,
        )
        return self._bright.cut((left, top, right, bottom)), self._colours.cut(beside)


def needed_side(size: tuple[int, int]) -> int:
    """The longer side of an image from which nothing is lost in frames of this size, with some for cropping."""
    return int(max(size) * MAX_ZOOM * 2)


def _canvas(image: Image.Image, frames: tuple[int, int], framing: Framing, *, continued: bool) -> Image.Image:
    """The stage, so large that the closest view has the clip's own pixels."""
    size = (round(frames[0] * MAX_ZOOM), round(frames[1] * MAX_ZOOM))
    if framing.background == "fill":
        left, top, right, bottom = framing.crop
        shown = (left * image.width, top * image.height, right * image.width, bottom * image.height)
        return resized(image, size, shown)
    # Blurred when it is small: the same look for a fraction of the work.
    small = ImageOps.fit(image, (size[0] // 8, size[1] // 8), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(_BLUR * small.width))
    canvas = blurred.resize(size, Image.Resampling.BICUBIC).point(lambda level: level * _DIM)
    room = (round(size[0] * framing.inset), round(size[1] * framing.inset))
    whole = ImageOps.contain(image, room, Image.Resampling.LANCZOS)
    left, top = (size[0] - whole.width) // 2, (size[1] - whole.height) // 2
    canvas.paste(whole, (left, top))
    if not continued:
        return canvas
    return _with_walls(canvas, (left, top, left + whole.width, top + whole.height))


def _with_walls(canvas: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """The stage on which a plain wall of the picture, which lies in `box`, goes on to the edge of the stage."""
    pixels = np.array(canvas)
    left, top, right, bottom = box
    # First beside the picture, then above and below what it has become.
    beside = pixels[top:bottom].transpose(1, 0, 2)
    walls = [_continue(beside, left, right, at_end=end) for end in (False, True)]
    left, right = (0 if walls[0] else left), (len(beside) if walls[1] else right)
    above = pixels[:, left:right]
    for end in (False, True):
        _continue(above, top, bottom, at_end=end)
    return Image.fromarray(pixels)


def _continue(lines: Pixels, first: int, after: int, *, at_end: bool) -> bool:
    """Fills the lines before `first`, or from `after` on, with the edge of what lies between, if that is plain."""
    space = lines[after:] if at_end else lines[:first]
    depth = max(4, round((after - first) * _EDGE))
    edge = (lines[after - depth : after] if at_end else lines[first : first + depth]).astype(np.float32)
    if not len(space) or after - first < 4 * depth or edge.shape[1] < 4:
        return bool(len(space) == 0)
    line = _smoothed(edge.mean(axis=0))
    rough = float(np.abs(edge - line).mean())
    if rough > _PLAIN or float(np.ptp(line, axis=0).max()) > _UNEVEN:
        return False
    space[:] = np.rint(line).astype(np.uint8)
    return True


def _smoothed(line: NDArray[np.float32]) -> NDArray[np.float32]:
    """A line of pixels without its grain."""
    half = max(1, len(line) // 40)
    sums = np.cumsum(np.pad(line, ((half + 1, half), (0, 0)), mode="edge"), axis=0, dtype=np.float64)
    found: NDArray[np.float32] = ((sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)).astype(
        np.float32
    )
    return found
