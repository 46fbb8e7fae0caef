"""Tells logos, screenshots and drawings from photographs: to what was drawn, nothing of light or colour is a fault."""

import numpy as np
from PIL import Image

_SIDE = 1200
_SMOOTH = 0.9
"""Share of places, without those of an even ground, that go on exactly as their neighbours do."""
_STEEP, _STEEP_SHARE = 24, 0.001
"""Bends of brightness at outlines, and how many of them a drawing has at least."""
_FEW, _COVERED = 32, 0.85
"""So few colours cover that much of a drawing, without its ground."""
_GROUND = 0.05


def is_drawn(image: Image.Image, lossless: bool) -> bool:
    """Whether an RGB image was made by a program and not by a camera.

    `lossless`: what the file holds is what was drawn. Of JPEG and its like, only few colours tell: it makes walls in
    photographs as smooth as a gradient.
    """
    # Not reduced by averaging, which would take a photograph's noise away.
    left, top = max(0, image.width - _SIDE) // 2, max(0, image.height - _SIDE) // 2
    middle = image.crop((left, top, min(image.width, left + _SIDE), min(image.height, top + _SIDE)))
    part = np.asarray(middle, np.int32)
    if min(part.shape[:2]) < 16:
        return True
    packed = (part[..., 0] << 16) | (part[..., 1] << 8) | part[..., 2]
    values, counts = np.unique(packed, return_counts=True)
    order = np.argsort(counts)[::-1]
    has_ground = counts[order[0]] > _GROUND * packed.size
    rest = packed != values[order[0]] if has_ground else np.ones(packed.shape, bool)
    inside = int(rest.sum())
    first = 1 if has_ground else 0
    if counts[order[first : first + _FEW]].sum() >= _COVERED * inside:
        return True
    if not lossless:
        return False
    green = part[..., 1]
    across = np.abs(2 * green[:, 1:-1] - green[:, :-2] - green[:, 2:])[1:-1]
    down = np.abs(2 * green[1:-1] - green[:-2] - green[2:])[:, 1:-1]
    bends, counted = np.maximum(across, down), rest[1:-1, 1:-1]
    smooth = float((bends[counted] <= 1).mean()) if counted.any() else 1.0
    return smooth > _SMOOTH and float((bends > _STEEP).mean()) > _STEEP_SHARE
