"""What is there of an image whose file is cut short, as browsers show it."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from tasks.errors import DamagedMediaError

_LEAST = 0.5
"""Of its rows have to be there."""
_END_OF_IMAGE = b"\xff\xd9"
_START_OF_SCAN = b"\xff\xda"
_HUFFMAN_TABLE = b"\xff\xc4"
_SMOOTHED = 2
"""Rows that the decoder of JPEG keeps, beside those of the last blocks, to smooth colours across blocks."""


def rows_there(image: Image.Image) -> int:
    """How many rows an image has after an attempt to load it has found the end of the file."""
    image.tile = []  # type: ignore[attr-defined]
    filled = np.flatnonzero(np.asarray(image).reshape(image.height, -1).any(axis=1))
    return int(filled[-1]) + 1 if filled.size else 0


def what_is_there(path: Path, image: Image.Image, max_side: int | None) -> tuple[Image.Image, str]:
    """The image without what is missing, and a sentence about that. `image` is the one that could not be loaded.

    Raises DamagedMediaError if it is too little, or if it cannot be said how much it is.
    """
    if image.format == "PNG" and not image.info.get("interlace"):
        rows = rows_there(image)
        return _upper(image, rows), _sentence(rows / image.height)
    if image.format != "JPEG":
        raise _too_little("The image is cut short")
    data = path.read_bytes()
    if image.info.get("progressive"):
        # The first scan holds all of the picture, those that follow only make it sharper. The last may lack even its
        # header.
        if data.count(_START_OF_SCAN) < 2:
            raise _too_little("The image is cut short: not even a coarse view of it is whole")
        try:
            return _ended(data, max_side), _sentence(1.0)
        except OSError:
            return _ended(data[: data.rindex(_HUFFMAN_TABLE)], max_side), _sentence(1.0)
    rows = rows_there(image)
    whole = _ended(data, max_side)
    with Image.open(path) as unreduced:
        scale = image.height / unreduced.height
    block = 8 * max(vertical for _, _, vertical, _ in image.layer)  # type: ignore[attr-defined]
    held_back = block * scale + _SMOOTHED
    if whole.height - rows <= held_back:
        return whole, _sentence(1.0)
    return _upper(whole, rows), _sentence(rows / whole.height)


def _ended(data: bytes, max_side: int | None) -> Image.Image:
    image = Image.open(BytesIO(data + _END_OF_IMAGE), formats=("JPEG",))
    if max_side:
        image.draft(None, (max_side, max_side))
    image.load()
    return image


def _upper(image: Image.Image, rows: int) -> Image.Image:
    if rows < _LEAST * image.height:
        raise _too_little(f"Only the upper {round(100 * rows / image.height)} % of the image are there")
    return image.crop((0, 0, image.width, rows))


def _sentence(share: float) -> str:
    missing = round(100 * (1 - share))
    return (
        f"The image is cut short: its lower {missing} % are left out."
        if missing
        else "The image lacks its end."
    )


def _too_little(what: str) -> DamagedMediaError:
    return DamagedMediaError(f"{what}.", hint="Download or export it again.")
