"""Finds faces in a picture, large ones and small ones, with MediaPipe's BlazeFace (285 kB, beside this module).

The network sees squares of 256 pixels and finds faces that take some 6 to 90 % of one. So the whole picture is shown
to it, and then parts of it. What it takes for a face is shown to it again in the middle of other squares, also
mirrored: a face is as certain there, what only resembles one is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.images.loading import Pixels, as_image
from tasks.inference.sessions import load_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
_Square = tuple[float, float, float]
"""Left, top and side, in pixels; may reach beyond the picture."""

_MODEL = Path(__file__).parent / "blazeface" / "blazeface.onnx"
_SIDE = 256
"""Of what the network sees."""
_GRIDS = ((16, 2), (8, 6))
"""Cells a side and guesses a cell, of its two outputs. A guess is relative to the middle of its cell."""
_LIKELY = 0.5
"""What is worth a second look."""
_CERTAIN = 0.8
"""Of the second looks together. Faces that were tried have 0.85 to 0.92; cells, engines and rockets up to 0.77."""
_HOPELESS = 0.65
"""Of a single look: no other is taken then."""
_SAME = 0.3
"""Boxes that share so much of their union are of one face."""
_FACE_OF_SQUARE = (0.27, 0.4)
"""How much of the squares of the second looks a face takes."""
_WORKING_SIDE = 1280
"""Pixels of the shorter side that are enough for the smallest parts."""
_PARTS = ((1.0, 0.5), (0.6, 0.2))
"""Sides of the squares that are looked at after the whole picture, of its shorter side, and how much they overlap."""
_SMALLEST = 0.035
"""Of the shorter side: smaller faces are of bystanders."""
_MOST_SQUARES = 24


@dataclass(frozen=True)
class Face:
    """A face, from the brows to the chin and from ear to ear."""

    box: Box
    """In shares of the picture."""
    certainty: float


def find_faces(picture: Pixels | Image.Image) -> list[Face]:
    """The faces of a picture, the largest first; the same for the same picture.

    Raises MissingEngineError if ONNX Runtime is not installed.
    """
    image = as_image(picture)
    shorter = min(image.size)
    if shorter < 24:
        return []
    if shorter >= 2 * _WORKING_SIDE:
        image = image.reduce(shorter // _WORKING_SIDE)
    found: list[tuple[Box, float]] = []
    for squares in _looks(image.width, image.height):
        for square in squares:
            for box, certainty in _seen(image, square):
                if certainty >= _LIKELY and not any(_overlap(box, known) > _SAME for known, _ in found):
                    again = _again(image, box)
                    if again and not any(_overlap(again[0], known) > _SAME for known, _ in found):
                        found.append(again)
        if found and len(squares) > 1:
            break
    shorter = min(image.width, image.height)
    faces = [
        Face((box[0] / image.width, box[1] / image.height, box[2] / image.width, box[3] / image.height), sure)
        for box, sure in found
        if box[3] - box[1] >= _SMALLEST * shorter
    ]
    return sorted(faces, key=lambda face: (face.box[1] - face.box[3], face.box))


def _looks(width: int, height: int) -> Iterator[list[_Square]]:
    """First the whole, then squares that cover it, smaller each time."""
    whole = max(width, height)
    yield [((width - whole) / 2, (height - whole) / 2, float(whole))]
    for share, overlap in _PARTS:
        side = share * min(width, height)
        if side == whole:
            continue
        across, down = (_places(length, side, overlap) for length in (width, height))
        squares = [(left, top, side) for top in down for left in across]
        yield squares[:_MOST_SQUARES]


def _places(length: int, side: float, overlap: float) -> list[float]:
    room = length - side
    count = 1 + int(np.ceil(room / (side * (1 - overlap)) - 1e-9))
    return [room * number / max(count - 1, 1) for number in range(count)]


def _again(image: Image.Image, box: Box) -> tuple[Box, float] | None:
    """The face, seen in the middle of squares of its own; None if it is none there."""
    longer = max(box[2] - box[0], box[3] - box[1])
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    looks: list[tuple[Box, float]] = []
    for share in _FACE_OF_SQUARE:
        side = longer / share
        for mirrored in (False, True):
            seen = _seen(image, (x - side / 2, y - side / 2, side), mirrored=mirrored)
            same = [face for face in seen if _overlap(face[0], box) > _SAME]
            looks.append(max(same, key=lambda face: face[1], default=(box, 0.0)))
            if looks[-1][1] < _HOPELESS:
                return None
    certain = sum(look[1] for look in looks) / len(looks)
    if certain < _CERTAIN:
        return None
    return _as_box(np.mean([look[0] for look in looks], axis=0)), certain


def _seen(image: Image.Image, square: _Square, *, mirrored: bool = False) -> list[tuple[Box, float]]:
    """What the network takes for faces in a part of the picture, in pixels of the picture; one box for each."""
    left, top, side = square
    scale = side / _SIDE
    # Only what there is of the square is resized; the rest stays black.
    inside = (max(left, 0.0), max(top, 0.0), min(left + side, image.width), min(top + side, image.height))
    size = (round((inside[2] - inside[0]) / scale), round((inside[3] - inside[1]) / scale))
    if min(size) < 1:
        return []
    shown = Image.new("RGB", (_SIDE, _SIDE))
    part = image.resize(size, Image.Resampling.BILINEAR, box=inside, reducing_gap=2.0)
    shown.paste(part, (round((inside[0] - left) / scale), round((inside[1] - top) / scale)))
    seen = np.asarray(shown, np.float32)[np.newaxis] / 127.5 - 1
    if mirrored:
        seen = np.ascontiguousarray(seen[:, :, ::-1])
    outputs = _network().run(["scores_16", "scores_8", "boxes_16", "boxes_8"], {"pixels": seen})
    scores = np.concatenate([outputs[0][0, :, 0], outputs[1][0, :, 0]])
    centres = np.concatenate([_centres(*grid) for grid in _GRIDS])
    guesses = np.concatenate([outputs[2][0, :, :4], outputs[3][0, :, :4]])
    certain = 1 / (1 + np.exp(-np.clip(scores, -40, 40)))
    middles = centres + guesses[:, :2] / _SIDE
    if mirrored:
        middles[:, 0] = 1 - middles[:, 0]
    half = guesses[:, 2:] / _SIDE / 2
    boxes = np.concatenate([middles - half, middles + half], axis=1) * side + (left, top, left, top)
    return _merged(boxes[certain >= _LIKELY], certain[certain >= _LIKELY])


def _merged(boxes: NDArray[np.float64], certain: NDArray[np.float64]) -> list[tuple[Box, float]]:
    """One box for each face: the mean of all that overlap with the most certain, by their certainty."""
    merged: list[tuple[Box, float]] = []
    order = list(np.argsort(-certain, kind="stable"))
    while order:
        best = _as_box(boxes[order[0]])
        same = [index for index in order if _overlap(best, _as_box(boxes[index])) > _SAME] or order[:1]
        weights = certain[same]
        mean = (boxes[same] * weights[:, np.newaxis]).sum(axis=0) / weights.sum()
        merged.append((_as_box(mean), float(certain[order[0]])))
        order = [index for index in order if index not in same]
    return merged


def _as_box(values: NDArray[np.float64]) -> Box:
    left, top, right, bottom = (float(value) for value in values)
    return left, top, right, bottom


def _overlap(one: Box, other: Box) -> float:
    """The common part of two boxes, of their union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (
        (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - common
    )


def _centres(cells: int, guesses: int) -> NDArray[np.float64]:
    rows, columns = np.mgrid[0:cells, 0:cells]
    middles = (np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5) / cells
    return np.repeat(middles, guesses, axis=0)


@lru_cache(maxsize=1)
def _network() -> "InferenceSession":
    return load_session(_MODEL.read_bytes(), threads=1)
