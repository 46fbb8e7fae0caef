"""What is seen when: scenes in time, and the layers that a template draws over the pictures."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.promotion.materials import Narration, Picture, WrittenCopy
from tasks.promotion.product import Product

TitleRole = Literal[
    "headline", "name", "brand", "feature", "price", "old_price", "discount", "instalments", "offer_ends", "quote",
    "author", "call_to_action", "contact",
]  # fmt: skip
"""What a title says: a template gives each role its place and look."""
Move = Literal["zoomin", "zoomout", "zoompanright"]
Transition = Literal["fade", "slide", "zoom", "none"]
ShotPart = Literal["opening", "picture", "end"]
"""opening: the first shot; picture: all others with a picture; end: the end card, without one."""
Pixels = NDArray[np.uint8]
"""Height × width × 4: red, green, blue (each multiplied by it) and alpha."""


@dataclass(frozen=True)
class Title:
    """A text that is shown."""

    role: TitleRole
    text: str


@dataclass(frozen=True)
class Canvas:
    """The film's frame."""

    width: int
    height: int
    safe: tuple[float, float, float, float] = (0.05, 0.05, 0.95, 0.95)
    """Left, top, right and bottom of where titles may stand, in shares of the frame. Where captions are drawn, their
    room is already taken off its bottom."""


@dataclass(frozen=True)
class Shot:
    """A stretch of the film as the narration cuts it: how a template draws it is another matter."""

    part: ShotPart
    start: float
    end: float
    """Seconds of the film, at frames."""
    picture: int | None
    """Which of the film's pictures; None on the end card."""
    sentences: tuple[int, ...] = ()
    """Which sentences of the narration are heard in it, from 0; one of several shots has it too."""
    takeover: float = 0.4
    """Seconds of the transition from the shot before, half of them before `start`."""


@dataclass(frozen=True)
class Scene:
    """A stretch of the film with one picture."""

    layout: str
    """Which of the template's layouts draws it: opening, picture, price, quote, end …"""
    start: float
    end: float
    """Seconds of the film."""
    picture: int | None
    """Which of the film's pictures; None: a ground that the template draws."""
    titles: tuple[Title, ...] = ()
    move: Move = "zoomin"
    transition: Transition = "fade"
    """How it takes over from the scene before."""
    takeover: float = 0.4
    """Seconds that this takes, half of them before `start`: that of its shot."""
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Where the picture lies, in shares of the frame."""


@dataclass(frozen=True)
class Layer:
    """A drawing that lies over the picture for a time."""

    pixels: Pixels
    left: int
    top: int
    """Of its corner in the frame, in pixels."""
    start: float
    end: float
    """Seconds of the film."""
    fade: float = 0.2
    """Seconds in which it comes; 0: at once."""
    leave: float = 0.2
    """Seconds in which it goes; 0: at once."""
    rise: int = 0
    """Pixels that it comes up from while it comes in."""
    grow: float = 1.0
    """Share of its size from which it grows to it while it comes in."""
    wipe: bool = False
    """Whether it is uncovered from left to right while it comes in, instead of fading."""
    from_right: bool = False
    """Whether it is uncovered from right to left instead."""
    title: Title | None = None
    """The text that is drawn; None: a shape under or beside texts. Texts and shapes never share a layer, but a text
    may have its own badge or button under it."""
    ink: tuple[int, int, int] | None = None
    """Red, green and blue of a title's letters; None of a logo."""
    plate: tuple[int, int, int] | None = None
    """The same of the badge or button that they stand on; None: they stand on what lies under the layer."""


@dataclass(frozen=True)
class Brief:
    """All that a film may show."""

    product: Product
    pictures: tuple[Picture, ...]
    copy: WrittenCopy | None
    narration: Narration | None
    seconds: float
    """Of the film."""
    canvas: Canvas
    transition: Transition
    shots: tuple[Shot, ...]
    """From 0 to the end without a gap (`tasks.film.timeline.plan_shots`)."""
    language: str = "pt-BR"
    logo: Pixels | None = field(default=None, compare=False)
    lights: tuple[int, ...] = ()
    """Of each picture the level (0 to 255) that no part of it is lighter than: what is drawn over it is as dark as that
    needs. Empty: unknown."""
    tones: tuple[str, ...] = ()
    """Colours of the pictures (#RRGGBB), the strongest first, as `tasks.film.drawing.palette.tones_of` finds them:
    used where the brand has none."""
    fonts: tuple[Path, ...] = ()
    """Folders of fonts that the installation has beside those of the project."""


class Template(Protocol):
    """A way to tell about a product. Each is a module of `tasks/film/templates/`."""

    @property
    def name(self) -> str:
        """As callers name it."""

    def scenes(self, brief: Brief) -> tuple[Scene, ...]:
        """One or more for each of `brief.shots`, from its start to its end and with its picture and takeover."""

    def ground(self, scene: Scene, brief: Brief) -> Pixels:
        """What lies under the picture, opaque, of the canvas' size."""

    def layers(self, scene: Scene, brief: Brief) -> tuple[Layer, ...]:
        """The titles of a scene, drawn: inside the safe area, readable on any picture (contrast of 4.5:1 and more)."""
