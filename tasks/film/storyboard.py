"""What is seen when: scenes in time, and the layers that a template draws over the pictures."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.promotion.materials import Narration, Picture, WrittenCopy
from tasks.promotion.product import Brand, Product

TitleRole = Literal[
    "headline", "brand", "feature", "price", "old_price", "discount", "instalments", "offer_ends", "quote", "author",
    "call_to_action", "contact",
]  # fmt: skip
"""What a title says: a template gives each role its place and look."""
Move = Literal["zoomin", "zoomout", "zoompanright"]
Transition = Literal["fade", "slide", "zoom", "none"]
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
    safe: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Left, top, right and bottom of where text may stand, in shares of the frame."""


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
    """Seconds in which it comes and goes; 0: at once."""
    rise: int = 0
    """Pixels that it comes up from while it fades in."""


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
    language: str = "pt-BR"
    logo: Pixels | None = field(default=None, compare=False)


class Template(Protocol):
    """A way to tell about a product. Each is a module of `tasks/film/templates/`."""

    @property
    def name(self) -> str:
        """As callers name it."""

    def scenes(self, brief: Brief) -> tuple[Scene, ...]:
        """From 0 to the end without a gap; pictures change where sentences end."""

    def ground(self, scene: Scene, canvas: Canvas, brand: Brand) -> Pixels:
        """What lies under the picture, opaque, of the canvas' size."""

    def layers(self, scene: Scene, brief: Brief) -> tuple[Layer, ...]:
        """The titles of a scene, drawn: inside the safe area, readable on any picture (contrast of 4.5:1 and more)."""
