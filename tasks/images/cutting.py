"""Cuts pictures out of a picture, at places and in sizes of fractions of a pixel, many times and fast.

The weights are bilinear, wide enough for all pixels to count where the picture gets smaller: those of Pillow, of which
the results differ by one level at most. Their centre is exactly where a pixel is asked for; that of sharper ones as
cheap (Hamming) is not, and what moves would shake twice as much.

The library that does it (`fast_image_resize`, in Rust) takes four samples at once where they lie beside each other,
and is some four times as fast across as one by one. So a picture of one channel is kept as one of four: its first
quarter, the one below and so on, laid over each other. This is resized across; the quarters, under each other again,
are then resized down.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.images.faces import Box

try:
    import cykooz_resizer as fast
except ImportError:  # no wheel for this machine
    fast = None

_SAMPLES = 4
"""Beside each other."""


class Cutter:
    """A picture of one or two channels, ready to be cut from."""

    def __init__(self, samples: NDArray[np.uint8], size: tuple[int, int]) -> None:
        """`samples`: height × width × channels. `size`: width and height of what will be cut."""
        self.height, self.width, self._channels = samples.shape
        self._size = size
        self._striped: _Striped | None = None
        self._planes: list[Image.Image] = []
        if fast is not None:
            self._striped = _Striped(samples, size)
        else:
            planes = (samples[:, :, channel] for channel in range(self._channels))
            self._planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in planes]

    def cut(self, box: Box) -> bytes:
        """What lies in the box (in pixels; what rounding lets it exceed the picture by is left out), row by row."""
        within = _within(box, (self.width, self.height))
        if self._striped is not None:
            return self._striped.cut(within)
        cut = [plane.resize(self._size, Image.Resampling.BILINEAR, box=within) for plane in self._planes]
        return cut[0].tobytes() if len(cut) == 1 else np.stack([np.asarray(one) for one in cut], 2).tobytes()


class _Striped:
    """The picture in stripes, and room for what is cut."""

    def __init__(self, samples: NDArray[np.uint8], size: tuple[int, int]) -> None:
        height, width, channels = samples.shape
        self._stripes = _SAMPLES // channels
        self._rows = -(-height // self._stripes)
        self._sample = np.dtype(f"u{channels}")
        self._kind = fast.PixelType.U8 if channels == 1 else fast.PixelType.U8x2
        self._height = height
        self._width = size[0]
        whole = np.pad(samples, ((0, self._rows * self._stripes - height), (0, 0), (0, 0)), mode="edge")
        beside = whole.reshape(self._stripes, self._rows, width, channels).transpose(1, 2, 0, 3)
        four = fast.PixelType.U8x4
        self._source = fast.ImageData(width, self._rows, four, beside.tobytes())
        self._across = fast.ImageData(size[0], self._rows, four)
        self._down = fast.ImageData(*size, self._kind)
        self._under = np.empty((self._stripes, self._rows, size[0]), self._sample)
        self._resizer = fast.Resizer()

    def cut(self, box: Box) -> bytes:
        left, top, right, bottom = box
        self._resize(self._source, self._across, (left, 0.0, right - left, float(self._rows)))
        beside = np.frombuffer(self._across.get_buffer(), self._sample)
        beside = beside.reshape(self._rows, self._width, self._stripes)
        for stripe in range(self._stripes):
            self._under[stripe] = beside[:, :, stripe]
        rows = self._under.reshape(-1, self._width)[: self._height]
        under = fast.ImageData(self._width, self._height, self._kind, rows.tobytes())
        self._resize(under, self._down, (0.0, top, float(self._width), bottom - top))
        done: bytes = self._down.get_buffer()
        return done

    def _resize(self, source: object, target: object, place: Box) -> None:
        bilinear = fast.ResizeAlg.convolution(fast.FilterType.bilinear)
        box = fast.CropBox(*place)
        options = fast.ResizeOptions(resize_alg=bilinear, use_alpha=False, crop_box=box)
        self._resizer.resize(source, target, options)


def resized(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    """What lies in the box of an RGB image, in this size, as sharp as it can be (Lanczos)."""
    box = _within(box, image.size)
    if fast is None:
        return image.resize(size, Image.Resampling.LANCZOS, box=box)
    three = fast.PixelType.U8x3
    source = fast.ImageData(*image.size, three, image.tobytes())
    target = fast.ImageData(*size, three)
    lanczos = fast.ResizeAlg.convolution(fast.FilterType.lanczos3)
    place = fast.CropBox(box[0], box[1], box[2] - box[0], box[3] - box[1])
    options = fast.ResizeOptions(resize_alg=lanczos, use_alpha=False, crop_box=place)
    fast.Resizer().resize(source, target, options)
    return Image.frombytes("RGB", size, target.get_buffer())


def _within(box: Box, size: tuple[int, int]) -> Box:
    """The box without what rounding lets it exceed the picture by."""
    left, top, right, bottom = box
    return max(left, 0.0), max(top, 0.0), min(right, float(size[0])), min(bottom, float(size[1]))
