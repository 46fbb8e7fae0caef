"""What a scene shows before anything is written on it: its picture under a moving camera, over its ground."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tasks.film.planes import Frame, frame_of, pasted
from tasks.film.storyboard import Pixels, Scene
from tasks.images.faces import Box
from tasks.images.loading import load_image
from tasks.video.framing import Framing, frame_subject
from tasks.video.motion import View, camera_path
from tasks.video.picture import Picture, needed_side
from tasks.video.subject import Subject, find_subject

_WHOLE = (0.0, 0.0, 1.0, 1.0)
_EVEN = 2


@dataclass(frozen=True)
class Span:
    """The frames of a scene, those of the transitions at both ends included."""

    first: int
    last: int
    """The one after its last."""


class Stage:
    """The frames of one scene."""

    def __init__(
        self, size: tuple[int, int], span: Span, ground: Frame | None, picture: "Framed | None"
    ) -> None:
        """`ground` may be None where the picture covers all of the frame."""
        self._size = size
        self._span = span
        if ground is not None:
            ground.freeze()
        self._ground = ground
        self._picture = picture
        self.warnings = picture.warnings if picture is not None else ()

    def frame(self, number: int, closer: float = 1.0) -> Frame:
        """The film's frame of this number; the camera is `closer` times as near. See `Frame.own`."""
        if self._picture is None:
            if self._ground is None:
                raise ValueError("a scene has a picture or a ground")
            return self._ground
        view = self._picture.views[min(max(number - self._span.first, 0), len(self._picture.views) - 1)]
        shown = Frame.of(self._picture.picture.frame(_nearer(view, closer)), self._picture.size)
        if self._ground is None:
            return shown
        return pasted(self._ground, shown, *self._picture.corner)


@dataclass(frozen=True)
class Framed:
    """A picture, how the camera moves over it and where it lies in the frame."""

    picture: Picture
    views: list[View]
    corner: tuple[int, int]
    size: tuple[int, int]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where a picture lies in the frame, in even pixels."""

    corner: tuple[int, int]
    size: tuple[int, int]

    def of(self, box: Box) -> Box:
        """A box in shares of the picture's place, in pixels of the frame; no more of it than is seen."""
        (left, top), (width, height) = self.corner, self.size
        inside = [min(max(share, 0.0), 1.0) for share in box]
        return (
            left + inside[0] * width,
            top + inside[1] * height,
            left + inside[2] * width,
            top + inside[3] * height,
        )


@dataclass(frozen=True)
class Camera:
    """How a picture becomes a stage, and how the camera moves over it."""

    framing: Framing
    views: list[View]
    shown: Box
    """The part of the picture that the stage would show if it were of picture alone: more than all over a blur."""

    def seen(self, box: Box, view: View) -> Box:
        """Where a part of the picture (in its shares) is seen, in shares of what the camera shows."""
        left, top, right, bottom = self.shown
        stage = [
            (share - first) / (last - first)
            for share, first, last in zip(box, (left, top) * 2, (right, bottom) * 2, strict=True)
        ]
        begin = (view.x - view.size / 2, view.y - view.size / 2) * 2
        found = [(share - first) / view.size for share, first in zip(stage, begin, strict=True)]
        return found[0], found[1], found[2], found[3]


def set_camera(
    scene: Scene, subject: Subject, aspect: float, size: tuple[int, int], frames: int, rate: Fraction
) -> Camera:
    """The way of the camera over a picture `aspect` times as wide as high, in a place of this size."""
    seconds, shape = float(frames / rate), size[0] / size[1]
    framing = frame_subject(subject, aspect, shape, "auto", seconds)
    shown = framing.crop
    if framing.background == "blur":
        # Whole, in the middle of the stage.
        across, down = (framing.inset * min(1.0, share) for share in (aspect / shape, shape / aspect))
        shown = (0.5 - 0.5 / across, 0.5 - 0.5 / down, 0.5 + 0.5 / across, 0.5 + 0.5 / down)
    return Camera(framing, camera_path(scene.move, frames, seconds, framing.focus), shown)


def set_stage(
    scene: Scene,
    image: Path | None,
    ground: Callable[[], Pixels],
    size: tuple[int, int],
    span: Span,
    rate: Fraction,
) -> Stage:
    """Loads what a scene shows. `ground` is called where something of it is seen.

    Raises as `tasks.images.loading.load_image` and `tasks.images.faces.find_faces`.
    """
    if image is None:
        return Stage(size, span, frame_of(ground()), None)
    place = place_of(scene, size)
    loaded = load_image(image, needed_side(place.size))
    pixels = loaded.pixels
    aspect = pixels.shape[1] / pixels.shape[0]
    camera = set_camera(scene, find_subject(pixels), aspect, place.size, span.last - span.first, rate)
    picture = Picture(pixels, place.size, camera.framing, continued=True)
    framed = Framed(picture, camera.views, place.corner, place.size, loaded.warnings)
    return Stage(size, span, None if place.size == size else frame_of(ground()), framed)


def place_of(scene: Scene, size: tuple[int, int]) -> Place:
    """Where a scene's picture lies in a frame of this size."""
    if scene.box == _WHOLE:
        return Place((0, 0), size)
    sides = [_even(share * length) for share, length in zip(scene.box, (*size, *size), strict=True)]
    left, top, right, bottom = sides
    return Place((left, top), (max(right - left, _EVEN), max(bottom - top, _EVEN)))


def _even(length: float) -> int:
    return round(length / _EVEN) * _EVEN


def _nearer(view: View, closer: float) -> View:
    return view if closer == 1.0 else View(view.x, view.y, view.size / closer)
