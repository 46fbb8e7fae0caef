"""A poster: one still of the product with its headline and price, in the look of the film."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.film.drawing.still import still
from tasks.film.storyboard import Brief
from tasks.film.templates.base import Look
from tasks.images.loading import load_image
from tasks.images.salience import find_salient
from tasks.video.subject import find_subject

_SAFE = (0.06, 0.06, 0.94, 0.94)
"""Of a post or a print: nothing lies over it as over a film."""
_AROUND = 0.1
"""Ground around a product that is shown whole, as a share of its size."""
_QUALITY = 92


def draw_poster(template: Look, brief: Brief, image: Path) -> bytes:
    """A JPEG of the canvas' size with the product's picture `image`. Raises as `Look.poster` and `load_image`."""
    canvas = replace(brief.canvas, safe=_SAFE)
    own = replace(brief, canvas=canvas)
    scene = template.poster(own)
    photograph = load_image(image, 2 * max(canvas.width, canvas.height)).pixels
    found = find_salient(photograph)
    if found is not None and found.whole:
        across = (scene.box[2] - scene.box[0]) * canvas.width
        down = (scene.box[3] - scene.box[1]) * canvas.height
        photograph, focus = _with_room(photograph, found.box, across / down), (0.5, 0.5)
    else:
        left, top, right, bottom = find_subject(photograph).wanted
        focus = ((left + right) / 2, (top + bottom) / 2)
    drawn = still(template.ground(scene, own), scene, template.layers(scene, own), photograph, focus)
    data = BytesIO()
    Image.fromarray(drawn).save(data, "JPEG", quality=_QUALITY, subsampling=0)
    return data.getvalue()


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
