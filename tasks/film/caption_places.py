"""Where captions stand in each shot: at their usual place, or as far above it as leaves faces free.

What is said of a picture must not lie over the eyes and the mouth of who is in it. Captions keep one place for each
sentence in a shot, so that nobody has to look for them; they change it where the picture changes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from tasks.film.lettering import Band
from tasks.film.stage import Camera, Place, place_of, set_camera
from tasks.film.storyboard import Layer, Pixels, Scene, Shot
from tasks.images.faces import Box, Face, find_faces
from tasks.images.loading import load_image
from tasks.promotion.materials import SpokenSentence, SpokenWord
from tasks.video.picture import needed_side
from tasks.video.subject import people

_AROUND_FACE = 0.08
"""Of a face's height, above the brows and below the chin, that is kept free with it."""
_BELOW_TITLE = 36.0
"""Pixels between titles and captions in a frame whose shorter side has 1080."""
_STEP = 12.0
"""The same of the places that are tried."""
_ENOUGH = 0.02
"""Of a face that may be covered: less is not seen."""
_ACROSS = (0.35, 0.5, 0.65)
"""Of the frame's width: columns that most captions lie on."""
_SHARED = 0.15
"""Seconds of a scene within a passage from which on it counts."""


@dataclass(frozen=True)
class Seen:
    """All that captions are to leave free."""

    scenes: Sequence[Scene]
    layers: Sequence[Layer]
    images: Sequence[Path]
    size: tuple[int, int]
    rate: Fraction
    highest: float
    """Row of the frame above which no captions stand."""
    _known: dict[tuple[Path, int], tuple[list[Face], float]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def raised(self, start: float, end: float, band: Band) -> float:
        """Pixels by which captions stand above their usual place between two times (seconds).

        Raises as `tasks.images.loading.load_image` and `tasks.images.faces.find_faces`.
        """
        scenes = [scene for scene in self.scenes if _shared(scene.start, scene.end, start, end)]
        faces = [face for scene in scenes for face in self._faces(scene)]
        unit = min(self.size) / 1080
        titles = [
            _rows(layer)
            for layer in self.layers
            if layer.title and _shared(layer.start, layer.end, start, end)
        ]
        # Titles stand above the usual place: captions rise to the lowest of them.
        lowest = max((bottom for _, bottom in titles), default=self.highest) + _BELOW_TITLE * unit
        places = np.arange(0.0, max(0.0, band.top - lowest) + 1, _STEP * unit).tolist()
        return float(min(places, key=lambda up: (max(_covered(faces, band, up), _ENOUGH), up)))

    def grounds(self, band: Band, ground: Callable[[Scene], Pixels]) -> tuple[str, ...]:
        """Colours (#RRGGBB) of a template's grounds on which captions at their usual place lie."""
        wide, row = self.size[0], (band.top + band.bottom) / 2
        found: dict[tuple[str, Box], tuple[str, ...]] = {}
        for scene in self.scenes:
            (left, top), (across, down) = place_of(scene, self.size).corner, place_of(scene, self.size).size
            bare = [
                round(share * wide)
                for share in _ACROSS
                if scene.picture is None
                or not (left <= share * wide < left + across and top <= row < top + down)
            ]
            if bare and scene.layout != "end" and (scene.layout, scene.box) not in found:
                pixels = ground(scene)[round(row), bare, :3].tolist()
                found[scene.layout, scene.box] = tuple(
                    "#{:02X}{:02X}{:02X}".format(*pixel) for pixel in pixels
                )
        return tuple(dict.fromkeys(color for colors in found.values() for color in colors))

    def _faces(self, scene: Scene) -> tuple[Box, ...]:
        if scene.picture is None:
            return ()
        place = place_of(scene, self.size)
        faces, aspect = self._faces_of(self.images[scene.picture], needed_side(place.size))
        if not faces:
            return ()
        frames = max(1, round((scene.end - scene.start) * self.rate))
        camera = set_camera(scene, people(faces, aspect), aspect, place.size, frames, self.rate)
        return tuple(_seen_as(face.box, camera, place) for face in faces)

    def _faces_of(self, image: Path, side: int) -> tuple[list[Face], float]:
        """The faces of a picture, and how many times it is as wide as high."""
        if (image, side) not in self._known:
            pixels = load_image(image, side).pixels
            self._known[image, side] = find_faces(pixels), pixels.shape[1] / pixels.shape[0]
        return self._known[image, side]


def passages(
    words: Sequence[SpokenWord], sentences: Sequence[SpokenSentence], shots: Sequence[Shot]
) -> Iterator[tuple[SpokenWord, ...]]:
    """The words of each sentence in each shot: no caption has words of two of them."""
    ends = [sentence.end for sentence in sentences]
    cuts = [shot.start for shot in shots]
    group: list[SpokenWord] = []
    last = None
    for word in words:
        middle = (word.start + word.end) / 2
        where = (int(np.searchsorted(ends, middle)), int(np.searchsorted(cuts, middle)))
        if group and where != last:
            yield tuple(group)
            group = []
        group.append(word)
        last = where
    if group:
        yield tuple(group)


def _seen_as(face: Box, camera: Camera, place: Place) -> Box:
    """A face in all that the camera shows of it, in pixels of the frame."""
    first, last = (place.of(camera.seen(face, view)) for view in (camera.views[0], camera.views[-1]))
    return min(first[0], last[0]), min(first[1], last[1]), max(first[2], last[2]), max(first[3], last[3])


def _covered(faces: Sequence[Box], band: Band, up: float) -> float:
    """The greatest share of a face's height that lies under captions so far above their usual place."""
    shares = [0.0]
    for _, top, _, bottom in faces:
        around = (bottom - top) * _AROUND_FACE
        under = min(bottom + around, band.bottom - up) - max(top - around, band.top - up)
        shares.append(under / max(bottom - top, 1.0))
    return max(shares)


def _rows(layer: Layer) -> tuple[int, int]:
    """First and last row of the letters of a title."""
    rows = np.flatnonzero(layer.pixels[:, :, 3].any(axis=1))
    return (layer.top + int(rows[0]), layer.top + int(rows[-1])) if rows.size else (0, 0)


def _shared(start: float, end: float, first: float, last: float) -> bool:
    return min(end, last) - max(start, first) > _SHARED
