"""Frames in the planes of video (NV12, BT.709, limited range), and drawings that are laid over them.

A drawing touches a part of the frame only, and only this is computed: titles cost a tenth of what whole frames would.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.film.storyboard import Pixels

Plane = NDArray[np.uint8]
_Wide = NDArray[np.uint16]

# Full-range R'G'B' to limited-range Y'CbCr, ITU-R BT.709, by 2 ** 16; the offsets are added per opacity.
_ONE = 1 << 16
_WEIGHTS = np.array(
    [
        [0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255],
        [-0.2126 / 1.8556 * 224 / 255, -0.7152 / 1.8556 * 224 / 255, 0.5 * 224 / 255],
        [0.5 * 224 / 255, -0.7152 / 1.5748 * 224 / 255, -0.0722 / 1.5748 * 224 / 255],
    ]
)
_OFFSETS = np.array([16.0, 128.0, 128.0]) / 255


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of the film."""

    bright: Plane
    """Height × width."""
    colours: Plane
    """Half the height × half the width × 2."""

    @staticmethod
    def of(pieces: tuple[bytes, bytes], size: tuple[int, int]) -> "Frame":
        """A frame of this width and height of its bytes, which nobody may change."""
        width, height = size
        return Frame(
            np.frombuffer(pieces[0], np.uint8).reshape(height, width),
            np.frombuffer(pieces[1], np.uint8).reshape(height // 2, width // 2, 2),
        )

    def copy(self) -> "Frame":
        """One that may be changed."""
        return Frame(self.bright.copy(), self.colours.copy())

    def own(self) -> "Frame":
        """The same if it may be changed, else a copy."""
        return self if self.bright.flags.writeable and self.colours.flags.writeable else self.copy()

    def freeze(self) -> None:
        """From now on nobody may change it."""
        self.bright.flags.writeable = False
        self.colours.flags.writeable = False

    def pieces(self) -> tuple[memoryview, memoryview]:
        """In the order of NV12."""
        return np.ascontiguousarray(self.bright).data, np.ascontiguousarray(self.colours).data


@dataclass(frozen=True, slots=True)
class Drawing:
    """Pixels with opacity, ready to be laid over frames: (1 - opacity) × frame + drawing."""

    left: int
    top: int
    """Of its corner, both even."""
    bright: _Wide
    colours: _Wide
    """Of limited range, each multiplied by its opacity (0 to 255)."""
    clear: _Wide
    clear_half: _Wide
    """255 less the opacity, at the size of each."""


def drawing_of(pixels: Pixels, left: int, top: int, frame: tuple[int, int]) -> Drawing | None:
    """The part of premultiplied RGBA pixels that lies in a frame of this width and height; None if none does."""
    height, width = pixels.shape[:2]
    right, bottom = min(left + width, frame[0]), min(top + height, frame[1])
    x, y = max(left, 0), max(top, 0)
    if x >= right or y >= bottom:
        return None
    shown = pixels[y - top : bottom - top, x - left : right - left]
    edges = ((y % 2, bottom % 2), (x % 2, right % 2), (0, 0))
    if any(map(any, edges)):
        shown = np.pad(shown, edges)
    opacity = shown[:, :, 3]
    if not opacity.any():
        return None
    samples = shown[:, :, :3].astype(np.float32) @ _WEIGHTS[0].astype(np.float32)
    bright = (samples + opacity * np.float32(_OFFSETS[0])) * 255
    half = _halved(shown)
    colours = half[:, :, :3] @ _WEIGHTS[1:].T.astype(np.float32) + half[:, :, 3:] * np.float32(_OFFSETS[1])
    return Drawing(
        x - x % 2,
        y - y % 2,
        np.rint(bright).astype(np.uint16),
        np.rint(colours * 255).clip(0, 65025).astype(np.uint16),
        255 - opacity.astype(np.uint16),
        255 - np.rint(half[:, :, 3:]).astype(np.uint16),
    )


def _halved(pixels: Pixels) -> NDArray[np.float32]:
    height, width, channels = pixels.shape
    blocks = pixels.reshape(height // 2, 2, width // 2, 2, channels)
    halved: NDArray[np.float32] = blocks.mean(axis=(1, 3), dtype=np.float32)
    return halved


def lay(drawing: Drawing, frame: Frame, opacity: float = 1.0) -> None:
    """Lays a drawing over a frame that may be changed."""
    share = round(min(max(opacity, 0.0), 1.0) * 256)
    height, width = drawing.bright.shape
    x, y = drawing.left, drawing.top
    whole = frame.bright[y : y + height, x : x + width]
    _mix(whole, drawing.bright, drawing.clear, share)
    part = frame.colours[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2]
    _mix(part, drawing.colours, drawing.clear_half, share)


def _mix(under: Plane, over: _Wide, clear: _Wide, share: int) -> None:
    if share == 0:
        return
    if share < 256:
        over = (over.astype(np.uint32) * share >> 8).astype(np.uint16)
        clear = 255 - ((255 - clear) * np.uint16(share) >> np.uint16(8))
    _store(under * clear + over, under)


def mixed(one: Frame, other: Frame, share: float) -> Frame:
    """`share` of the other frame over the first."""
    part = np.uint16(round(min(max(share, 0.0), 1.0) * 255))
    rest = np.uint16(255 - part)
    planes = []
    for first, second in ((one.bright, other.bright), (one.colours, other.colours)):
        out = np.empty_like(first)
        _store(first * rest + second * part, out)
        planes.append(out)
    return Frame(*planes)


def _store(sums: _Wide, target: Plane) -> None:
    """The sums divided by 255 and rounded: exact for all that two samples and their shares can give."""
    sums += np.uint16(128)
    sums += sums >> np.uint16(8)
    np.right_shift(sums, np.uint16(8), out=target, casting="unsafe")


def frame_of(pixels: Pixels) -> Frame:
    """A whole frame of opaque pixels, whose sides are even."""
    height, width = pixels.shape[:2]
    frame = Frame(np.zeros((height, width), np.uint8), np.zeros((height // 2, width // 2, 2), np.uint8))
    opaque = np.dstack([pixels[:, :, :3], np.full((height, width), 255, np.uint8)])
    drawing = drawing_of(opaque, 0, 0, (width, height))
    if drawing is not None:
        lay(drawing, frame)
    return frame


_TO_RGB = np.linalg.inv(_WEIGHTS).astype(np.float32)


def seen(frame: Frame, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """The frame's colours (height × width × 3) within left, top, right and bottom; black elsewhere."""
    height, width = frame.bright.shape
    whole = np.zeros((height, width, 3), np.uint8)
    left, top = (max(0, side - side % 2) for side in box[:2])
    right, bottom = min(width, box[2] + box[2] % 2), min(height, box[3] + box[3] % 2)
    if left >= right or top >= bottom:
        return whole
    half = frame.colours[top // 2 : bottom // 2, left // 2 : right // 2].repeat(2, 0).repeat(2, 1)
    bright = frame.bright[top:bottom, left:right, np.newaxis]
    samples = np.concatenate([bright, half], axis=2).astype(np.float32) - np.float32(255) * _OFFSETS.astype(
        np.float32
    )
    whole[top:bottom, left:right] = np.rint(samples @ _TO_RGB.T).clip(0, 255).astype(np.uint8)
    return whole


def pasted(ground: Frame, part: Frame, left: int, top: int) -> Frame:
    """The ground with a smaller frame in it, whose corner is at even pixels."""
    frame = ground.copy()
    height, width = part.bright.shape
    frame.bright[top : top + height, left : left + width] = part.bright
    frame.colours[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = part.colours
    return frame


def scaled(pixels: Pixels, share: float) -> Pixels:
    """Premultiplied pixels at a share of their size."""
    height, width = pixels.shape[:2]
    size = (max(1, round(width * share)), max(1, round(height * share)))
    # Not as RGBA, which Pillow would multiply by its opacity once more.
    planes = [
        Image.fromarray(pixels[:, :, channel]).resize(size, Image.Resampling.BILINEAR) for channel in range(4)
    ]
    return np.dstack([np.asarray(plane) for plane in planes])
