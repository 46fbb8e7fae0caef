"""What a scene shows before anything is written on it: its picture under a moving camera, over its ground."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tasks.film.planes import Frame, frame_of, pasted
from tasks.film.storyboard import Pixels, Scene
from tasks.images.loading import load_image
from tasks.video.framing import frame_subject
from tasks.video.motion import View, camera_path
from tasks.video.picture import Picture, needed_side
from tasks.video.subject import find_subject

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
    corner, inner = _place(scene.box, size)
    loaded = load_image(image, needed_side(inner))
    pixels = loaded.pixels
    frames = span.last - span.first
    seconds = float(frames / rate)
    framing = frame_subject(
        find_subject(pixels), pixels.shape[1] / pixels.shape[0], inner[0] / inner[1], "auto", seconds
    )
    views = camera_path(scene.move, frames, seconds, framing.focus)
    framed = Framed(Picture(pixels, inner, framing, continued=True), views, corner, inner, loaded.warnings)
    return Stage(size, span, None if inner == size else frame_of(ground()), framed)


def _place(
    box: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Corner and size of the picture in the frame, in even pixels."""
    if box == _WHOLE:
        return (0, 0), size
    sides = [_even(share * length) for share, length in zip(box, (*size, *size), strict=True)]
    left, top, right, bottom = sides
    return (left, top), (max(right - left, _EVEN), max(bottom - top, _EVEN))


def _even(length: float) -> int:
    return round(length / _EVEN) * _EVEN


def _nearer(view: View, closer: float) -> View:
    return view if closer == 1.0 else View(view.x, view.y, view.size / closer)
