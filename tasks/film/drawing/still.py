"""A scene as one picture: what is seen once all of its layers have come."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.film.storyboard import Layer, Pixels, Scene

Photograph = NDArray[np.uint8]
"""Height × width × 3."""


def laid_over(frame: Photograph, layer: Layer) -> None:
    """Draws a layer over a frame, in place."""
    height, width = layer.pixels.shape[:2]
    part = frame[layer.top : layer.top + height, layer.left : layer.left + width]
    clear = 255 - layer.pixels[..., 3:].astype(np.uint16)
    part[:] = np.minimum(layer.pixels[..., :3] + (part * clear + 127) // 255, 255)


def filled(
    photograph: Photograph, size: tuple[int, int], focus: tuple[float, float] = (0.5, 0.5)
) -> Photograph:
    """The photograph cut and scaled to a width and height; `focus`: what stays in, in shares of its sides."""
    height, width = photograph.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    wide, high = size[0] / scale, size[1] / scale
    left = min(max(focus[0] * width - wide / 2, 0), width - wide)
    top = min(max(focus[1] * height - high / 2, 0), height - high)
    image = Image.fromarray(np.ascontiguousarray(photograph[..., :3]))
    box = (max(left, 0.0), max(top, 0.0), min(left + wide, width), min(top + high, height))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS, box=box))


def still(
    ground: Pixels,
    scene: Scene,
    layers: Iterable[Layer],
    photograph: Photograph | None,
    focus: tuple[float, float] = (0.5, 0.5),
) -> Photograph:
    """The ground, the photograph in the scene's box, and its layers."""
    frame = ground[..., :3].copy()
    height, width = frame.shape[:2]
    if photograph is not None and scene.picture is not None:
        left, right = (round(scene.box[side] * width) for side in (0, 2))
        top, bottom = (round(scene.box[side] * height) for side in (1, 3))
        frame[top:bottom, left:right] = filled(photograph, (right - left, bottom - top), focus)
    for layer in layers:
        laid_over(frame, layer)
    return frame
