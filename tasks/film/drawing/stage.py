"""Where a template draws the layers of a scene: measures of the frame, colours, and the timing of what comes in."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import skia

from tasks.film.drawing.lettering import Block
from tasks.film.drawing.palette import Rgb, Scheme
from tasks.film.storyboard import Brief, Canvas, Layer, Pixels, Scene, Title

Painter = Callable[[skia.Canvas], None]
"""Draws in the frame's coordinates."""

_BLEED = 8
"""Pixels around a text that its letters may reach into."""
_ENTRANCE = 0.3
_EXIT = 0.2
_LAST = 0.001
"""Seconds before the end of the film within which a scene is its last."""


@dataclass(frozen=True)
class Box:
    """A rectangle of the frame, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def rect(self) -> skia.Rect:
        """As Skia takes it."""
        return skia.Rect.MakeLTRB(self.left, self.top, self.right, self.bottom)

    def grown(self, by: float, down: float | None = None) -> "Box":
        """With so much more on each side; less of a negative one."""
        high = by if down is None else down
        return Box(self.left - by, self.top - high, self.right + by, self.bottom + high)

    def within(self, other: "Box") -> "Box":
        """What of it lies in another one."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    @property
    def even(self) -> "Box":
        """On even pixels, as pictures lie in films."""
        return Box(*(round(side / 2) * 2 for side in (self.left, self.top, self.right, self.bottom)))

    def shares(self, canvas: Canvas) -> tuple[float, float, float, float]:
        """In shares of the frame."""
        return (
            self.left / canvas.width,
            self.top / canvas.height,
            self.right / canvas.width,
            self.bottom / canvas.height,
        )


@dataclass
class Stage:
    """A scene while its layers are drawn, from the back to the front."""

    brief: Brief
    scene: Scene
    scheme: Scheme
    from_right: bool = False
    """Whether its titles are read from the right: everything is then drawn where a mirror would show it, and only
    letters are as they are. The canvas of `brief` is the mirror's."""
    layers: list[Layer] = field(default_factory=list)

    @property
    def unit(self) -> float:
        """Measures are in pixels of a frame whose shorter side has 1080."""
        return unit_of(self.brief.canvas)

    @property
    def safe(self) -> Box:
        """Where titles may stand."""
        return safe_box(self.brief.canvas)

    @property
    def is_last_picture(self) -> bool:
        """Whether the end card follows, which shares nothing with this scene."""
        later = [shot for shot in self.brief.shots if shot.start >= self.scene.end - 1e-3]
        return not later or later[0].part == "end"

    def title(self, role: str) -> Title | None:
        """The scene's title of that role."""
        return next((title for title in self.scene.titles if title.role == role), None)

    def steady(self, box: Box, paint: Painter) -> None:
        """A shape that is there for the whole scene, and goes on into the next one if that has it, too."""
        leave = _EXIT if self.is_last_picture else 0.0
        self._add(box, paint, self.scene.start, fade=0.0, leave=leave)

    def shape(
        self,
        box: Box,
        paint: Painter,
        *,
        delay: float = 0.0,
        rise: float = 0,
        grow: float = 1.0,
        wipe: bool = False,
        fade: float = _ENTRANCE,
        is_sign: bool = False,
    ) -> None:
        """A shape that comes in `delay` seconds after the scene has begun; `is_sign`: no mirror turns it round."""
        start = self.scene.start + self._waited(delay)
        self._add(box, paint, start, fade=fade, rise=round(rise), grow=grow, wipe=wipe, is_sign=is_sign)

    def text(
        self,
        title: Title,
        block: Block,
        left: float,
        top: float,
        *,
        room: float | None = None,
        delay: float = 0.0,
        rise: float | None = None,
        shadow: float = 0.0,
        steady: bool = False,
    ) -> Box:
        """A title; where it stands comes back. `shadow`: opacity of a soft one, for letters on pictures."""
        wide = room or block.width
        box = Box(left, top, left + wide, top + block.height)

        def paint(canvas: skia.Canvas) -> None:
            if shadow:
                filtered = skia.ImageFilters.DropShadow(
                    0, self.unit * 2, self.unit * 9, self.unit * 9, skia.Color(0, 0, 0, round(255 * shadow))
                )
                canvas.saveLayer(None, skia.Paint(ImageFilter=filtered))
            block.draw(canvas, left, top, wide)
            if shadow:
                canvas.restore()

        around = box.grown(_BLEED * self.unit + shadow * 40 * self.unit, block.size * 0.4)
        leave = 0.0 if steady and not self.is_last_picture else _EXIT
        start = self.scene.start if steady else self.scene.start + self._waited(delay)
        self._add(
            around,
            paint,
            start,
            fade=0.0 if steady else _ENTRANCE,
            leave=leave,
            rise=0 if steady else round(self.unit * 28 if rise is None else rise),
            title=title,
            ink=block.style.colour,
        )
        return box

    def badge(
        self,
        title: Title,
        box: Box,
        paint: Painter,
        *,
        delay: float = 0.0,
        grow: float = 1.0,
        rise: float = 0,
        ink: Rgb | None = None,
        plate: Rgb | None = None,
    ) -> None:
        """A title that is not plain text: a logo (without ink), a price, or one with the shape that it stands on."""
        start = self.scene.start + self._waited(delay)
        self._add(
            box, paint, start, fade=_ENTRANCE, rise=round(rise), grow=grow, title=title, ink=ink, plate=plate
        )

    def steady_title(
        self, title: Title, box: Box, paint: Painter, *, ink: Rgb | None = None, plate: Rgb | None = None
    ) -> None:
        """A title that is there for the whole scene, such as a logo."""
        leave = _EXIT if self.is_last_picture else 0.0
        self._add(box, paint, self.scene.start, fade=0.0, leave=leave, title=title, ink=ink, plate=plate)

    def _waited(self, delay: float) -> float:
        """Titles of short scenes come sooner; all have come before half of it is over."""
        length = self.scene.end - self.scene.start
        return min(delay, max(0.0, length * 0.5 - _ENTRANCE))

    def _add(
        self,
        box: Box,
        paint: Painter,
        start: float,
        *,
        fade: float,
        leave: float = _EXIT,
        rise: int = 0,
        grow: float = 1.0,
        wipe: bool = False,
        is_sign: bool = False,
        title: Title | None = None,
        ink: Rgb | None = None,
        plate: Rgb | None = None,
    ) -> None:
        canvas = self.brief.canvas
        left, top = max(0, int(box.left)), max(0, int(box.top))
        right, bottom = min(canvas.width, int(box.right) + 1), min(canvas.height, int(box.bottom) + 1)
        if right <= left or bottom <= top:
            return
        if self.scene.end >= self.brief.seconds - _LAST:
            # Players stop at the last frame, and show it as long as nobody goes on.
            leave = 0.0
        pixels = drawn(right - left, bottom - top, lambda drawing: _moved(drawing, left, top, paint))
        covered = pixels[..., 3] > 0
        rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
        if not len(rows):
            return
        # Soft gradients are dithered, by which a colour may be more than its share.
        np.minimum(pixels[..., :3], pixels[..., 3:], out=pixels[..., :3])
        part = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        left += int(columns[0])
        if self.from_right:
            left = canvas.width - left - part.shape[1]
            part = part if is_sign or title is not None else part[:, ::-1]
        self.layers.append(
            Layer(
                pixels=np.ascontiguousarray(part),
                left=left,
                top=top + int(rows[0]),
                start=start,
                end=self.scene.end,
                fade=fade,
                leave=leave,
                rise=rise,
                grow=grow,
                wipe=wipe,
                from_right=self.from_right,
                title=title,
                ink=ink,
                plate=plate,
            )
        )


def unit_of(canvas: Canvas) -> float:
    """A pixel of a frame whose shorter side has 1080, in pixels of this one."""
    return min(canvas.width, canvas.height) / 1080


def safe_box(canvas: Canvas) -> Box:
    """Where titles may stand, in pixels."""
    left, top, right, bottom = canvas.safe
    return Box(left * canvas.width, top * canvas.height, right * canvas.width, bottom * canvas.height)


def frame_box(canvas: Canvas) -> Box:
    """The whole frame, in pixels."""
    return Box(0, 0, canvas.width, canvas.height)


def drawn(width: int, height: int, paint: Painter) -> Pixels:
    """A drawing of that size on nothing: premultiplied."""
    pixels = np.zeros((height, width, 4), np.uint8)
    surface = skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType)
    paint(surface.getCanvas())
    surface.flushAndSubmit()
    return pixels


def colour(of: Rgb, opacity: float = 1.0) -> int:
    """As Skia takes it."""
    return int(skia.Color(*of, round(255 * opacity)))


def _moved(canvas: skia.Canvas, left: int, top: int, paint: Painter) -> None:
    canvas.translate(-left, -top)
    paint(canvas)
