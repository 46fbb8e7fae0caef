"""Cuts pictures out of a picture, at places and in sizes of fractions of a pixel, many times and fast.

The weights are bilinear, wide enough for all pixels to count where the picture gets smaller: those of Pillow, of which
the results differ by one level at most. Their centre is exactly where a pixel is asked for; that of sharper ones as
cheap (Hamming) is not, and what moves would shake twice as much.

The library that does it (`fast_image_resize`, in Rust) takes four samples at once where they lie beside each other,
and is some four times as fast across as one by one. So a picture of one channel is kept as one of four, in which the
samples of four rows lie beside each other. The rows that count are resized across, laid under each other again, and
then resized down. The library works on the arrays themselves: it takes them for pictures of Pillow.
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
_Samples = NDArray[np.uint8] | NDArray[np.uint32]


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
    """The picture in stripes, each of some rows whose samples lie beside each other, and room for what is cut."""

    def __init__(self, samples: NDArray[np.uint8], size: tuple[int, int]) -> None:
        self._height, width, channels = samples.shape
        self._size = size
        self._rows = _SAMPLES // channels
        self._bits = 8 * channels
        count = -(-self._height // self._rows)
        whole = np.pad(samples, ((0, count * self._rows - self._height), (0, 0), (0, 0)), mode="edge")
        beside = whole.reshape(count, self._rows, width, channels).transpose(0, 2, 1, 3)
        self._source = np.ascontiguousarray(beside).reshape(count, width, _SAMPLES).view("<u4")[:, :, 0]
        self._across = np.empty((count, size[0]), "<u4")
        self._shifted = np.empty_like(self._across)
        self._under = np.empty((count, self._rows, size[0]), f"<u{channels}")
        # Rows of two channels are resized down as if they were longer ones of one.
        self._lines = self._under.reshape(-1, size[0])[: self._height].view(np.uint8)
        self._down = np.empty((size[1], size[0] * channels), np.uint8)
        self._resizer = fast.Resizer()

    def cut(self, box: Box) -> bytes:
        left, top, right, bottom = box
        # Rows so far beyond the box count for the highest and the lowest of what is cut.
        reach = max(1.0, (bottom - top) / self._size[1])
        stripes = slice(max(0, int((top - reach) / self._rows)), int((bottom + reach) / self._rows) + 1)
        source, across = self._source[stripes], self._across[stripes]
        self._resize(source, across, (left, 0.0, right - left, float(len(source))))
        shifted, under = self._shifted[stripes], self._under[stripes]
        for row in range(self._rows):
            np.right_shift(across, self._bits * row, out=shifted)
            np.copyto(under[:, row], shifted, casting="unsafe")
        self._resize(self._lines, self._down, (0.0, top, float(self._down.shape[1]), bottom - top))
        return self._down.tobytes()

    def _resize(self, source: _Samples, target: _Samples, place: Box) -> None:
        bilinear = fast.ResizeAlg.convolution(fast.FilterType.bilinear)
        options = fast.ResizeOptions(resize_alg=bilinear, use_alpha=False, crop_box=fast.CropBox(*place))
        self._resizer.resize_pil(_laid_over(source), _laid_over(target), options)


def _laid_over(samples: _Samples) -> Image.Image:
    """A picture of Pillow whose memory is that of the array."""
    mode = "L" if samples.itemsize == 1 else "CMYK"
    return Image.frombuffer(mode, samples.shape[::-1], samples, "raw", mode, 0, 1)


def resized(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    """What lies in the box of an RGB image, in this size, as sharp as it can be (Lanczos)."""
    box = _within(box, image.size)
    if fast is None:
        return image.resize(size, Image.Resampling.LANCZOS, box=box)
    target = Image.new("RGB", size)
    lanczos = fast.ResizeAlg.convolution(fast.FilterType.lanczos3)
    place = fast.CropBox(box[0], box[1], box[2] - box[0], box[3] - box[1])
    options = fast.ResizeOptions(resize_alg=lanczos, use_alpha=False, crop_box=place)
    fast.Resizer().resize_pil(image, target, options)
    return target


def _within(box: Box, size: tuple[int, int]) -> Box:
    """The box without what rounding lets it exceed the picture by."""
    left, top, right, bottom = box
    return max(left, 0.0), max(top, 0.0), min(right, float(size[0])), min(bottom, float(size[1]))
