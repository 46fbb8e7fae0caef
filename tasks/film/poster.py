"""A poster: one still of the product with its headline and price, in the look of the film."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.film.drawing.still import still
from tasks.film.storyboard import Brief, Canvas
from tasks.film.templates import TEMPLATES
from tasks.images.salience import find_salient

TALL = Canvas(1080, 1920, (0.06, 0.06, 0.94, 0.94))
"""For stories and status; nothing lies over it but a line at the top."""
FEED = Canvas(1080, 1350)
"""For feeds."""
_AROUND = 0.1
"""Ground around a product that is shown whole, as a share of its size."""
_QUALITY = 92


def poster(template: str, brief: Brief, photograph: NDArray[np.uint8], canvas: Canvas = TALL) -> Image.Image:
    """A poster of that size.

    Args:
        template: Name of the look.
        brief: What may be shown; its own canvas does not matter.
        photograph: Height × width × 3, the product's.
        canvas: The poster's size.

    Raises InvalidInputError or MissingEngineError for fonts and letters that are not there, as the template's scenes.
    """
    look = TEMPLATES[template]
    own = replace(brief, canvas=canvas)
    scene = look.poster(own)
    found = find_salient(photograph)
    focus = (0.5, 0.5) if found is None else _middle(found.box)
    if found is not None and found.whole:
        across = (scene.box[2] - scene.box[0]) * canvas.width
        down = (scene.box[3] - scene.box[1]) * canvas.height
        photograph, focus = _with_room(photograph, found.box, across / down), (0.5, 0.5)
    frame = still(look.ground(scene, own), scene, look.layers(scene, own), photograph, focus)
    return Image.fromarray(frame)


def jpeg_of(picture: Image.Image) -> bytes:
    """As it is delivered."""
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    return buffer.getvalue()


def _middle(box: Sequence[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _with_room(photograph: NDArray[np.uint8], box: Sequence[float], shape: float) -> NDArray[np.uint8]:
    """A product on an even ground, with as much of that around it as a frame of this width to height needs."""
    height, width = photograph.shape[:2]
    left, top, right, bottom = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    across, down = (right - left) * (1 + 2 * _AROUND), (bottom - top) * (1 + 2 * _AROUND)
    across, down = max(across, down * shape), max(down, across / shape)
    edge = np.concatenate([photograph[0], photograph[-1], photograph[:, 0], photograph[:, -1]])
    ground = np.median(edge, axis=0).astype(np.uint8)
    room = Image.new("RGB", (round(across), round(down)), tuple(int(value) for value in ground))
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    corner = (round(across / 2 - middle_x), round(down / 2 - middle_y))
    room.paste(Image.fromarray(np.ascontiguousarray(photograph[..., :3])), corner)
    return np.asarray(room)
