"""What is laid over a film, where and when: what callers say of it, and where that lies in the picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from tasks.captions.look import (
    BorderChoice,
    Canvas,
    ColorChoice,
    FontChoice,
    Position,
    SafeArea,
    numpad,
)
from tasks.editing.bench import EditOptions
from tasks.editing.moments import Moment, checked, clock, moment_in
from tasks.errors import InvalidInputError
from tasks.fetching.source import Source
from tasks.video.encoding import Quality

_SIDE = 40
"""Pixels that texts keep from the left and the right, of a picture whose shorter side has 1080."""
_SHARE = r"^\d{1,3}(\.\d{1,3})?%$"

Margin = (
    Annotated[float, Field(ge=0, le=2000)]
    | Annotated[
        str,
        Field(
            pattern=_SHARE, json_schema_extra={"allowed": 'pixels, or a share of the picture such as "5%"'}
        ),
    ]
)
"""Pixels of a picture whose shorter side has 1080, or a share of the picture's side."""


class Layer(BaseModel):
    """How something is laid over a film. Without a text it is a picture or a film. Times are seconds of the film."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    position: Position = "top_right"
    margin_x: Margin = 40.0
    margin_y: Margin = 40.0
    width: Annotated[float, Field(gt=0, le=100)] = 15
    """Of a picture, in per cent of the film's width."""
    opacity: Annotated[float, Field(ge=0, le=100)] = 100
    """Per cent."""
    start: Moment = 0.0
    end: Moment | None = None
    """Empty: the end of the film."""
    fade_in: Annotated[float, Field(ge=0, le=30)] = 0
    fade_out: Annotated[float, Field(ge=0, le=30)] = 0
    loop: bool = True
    """Whether animations and films begin again at their end; else they are gone then."""
    font: FontChoice = FontChoice(size=64)
    colors: ColorChoice = ColorChoice()
    border: BorderChoice = BorderChoice()


class AddedLayer(Layer):
    """A layer of a film: a text, or what is at an address."""

    url: Source | None = None


Layers = Annotated[list[AddedLayer], Field(min_length=1, max_length=50)]


class OverlayOptions(EditOptions):
    """What is laid over a film. The inputs are the film and, in their order, what the layers without a text show."""

    revision: ClassVar[int] = 3

    layers: tuple[Layer, ...]
    safe_area: SafeArea = "none"
    quality: Quality = "standard"
    fonts: tuple[str, ...] = ()
    """Folders of fonts that the installation has of its own."""
    font_files: tuple[str, ...] = ()
    """Names and sizes of the files that the letters come from: an exchanged font makes another film."""


@dataclass(frozen=True, slots=True)
class Box:
    """A place in the picture, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Time:
    """When a layer is seen, in seconds of the film."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds; 0 if it is not seen."""
        return self.end - self.start


def laid_over(layers: Sequence[AddedLayer]) -> tuple[Layer, ...]:
    """The layers without where they come from. Raises InvalidInputError for one that cannot be meant."""
    for number, layer in enumerate(layers, 1):
        if (layer.url is None) == (layer.text is None):
            raise InvalidInputError(
                f"Layer {number} has {'neither a url nor' if layer.url is None else 'both a url and'} a text.",
                hint="Give each layer one of the two.",
            )
        checked(layer.start)
        if layer.end is not None:
            checked(layer.end)
    return tuple(Layer.model_validate(layer.model_dump(exclude={"url"})) for layer in layers)


def place(layer: Layer, width: int, height: int, canvas: Canvas) -> tuple[Box, tuple[str, ...]]:
    """Where a picture of this size is laid, and what had to be changed so that it stays inside the film."""
    column, row = _column_and_row(layer)
    (left, right, top, bottom), told = edges(layer, canvas, 2)
    room_x, room_y = canvas.width - left - right, canvas.height - top - bottom
    wanted = layer.width / 100 * canvas.width
    scale = min(1.0, room_x / wanted, room_y / (wanted * height / width))
    if scale < 0.999:
        told.append(f"is {layer.width * scale:.3g} % wide instead of {layer.width:g} %: it has no more room.")
    wide = max(2, min(round(wanted * scale / 2) * 2, room_x // 2 * 2))
    high = max(2, min(round(wanted * scale * height / width / 2) * 2, room_y // 2 * 2))
    x = (left, left + (room_x - wide) / 2, canvas.width - right - wide)[column]
    y = (canvas.height - bottom - high, top + (room_y - high) / 2, top)[row]
    # Colours are stored for two pixels together.
    return Box(round(x / 2) * 2, round(y / 2) * 2, wide, high), tuple(told)


def edges(layer: Layer, canvas: Canvas, least: float) -> tuple[tuple[int, int, int, int], list[str]]:
    """What is kept free at the left, right, top and bottom, in pixels, and what is to be said of it.

    `least`: pixels that the layer needs at the least. The margin of the other side is what the app lays over it; texts
    keep the usual one from it too, and are broken between both margins where they stand in the middle.
    """
    column, row = _column_and_row(layer)
    wide, high = pixels(layer.margin_x, canvas.width, canvas), pixels(layer.margin_y, canvas.height, canvas)
    margins = canvas.margins(wide, high)
    others = canvas.margins(min(wide, _SIDE * canvas.scale) if layer.text else 0, 0)
    beside = others if layer.text is None else margins
    left = (margins, beside, others)[column][0]
    right = (others, beside, margins)[column][1]
    top, bottom = (margins if row == 2 else others)[2], (margins if row == 0 else others)[3]
    if left + right < canvas.width - least and top + bottom < canvas.height - least:
        return (left, right, top, bottom), []
    return canvas.margins(0, 0), ["has a margin as large as the picture, which is left out."]


def _column_and_row(layer: Layer) -> tuple[int, int]:
    """Both from 0: from the left, and from below."""
    row, column = divmod(numpad(layer.position) - 1, 3)
    return column, row


def pixels(margin: Margin, side: int, canvas: Canvas) -> float:
    """A margin in pixels of the picture, whose side it is measured along."""
    if isinstance(margin, str):
        return float(margin.rstrip("%")) / 100 * side
    return margin * canvas.scale


def times_of(layers: Sequence[Layer], end: float) -> tuple[list[Time], list[str]]:
    """When each layer is seen in a film that lasts until `end`, and what is to be said of it."""
    times, warnings = [], []
    for number, layer in enumerate(layers, 1):
        start = moment_in(layer.start, end)
        until = moment_in(layer.end, end) if layer.end is not None else max(end, start)
        if until <= start < end:
            raise InvalidInputError(
                f"Layer {number} begins at {clock(start)} and ends at {clock(until)}.",
                hint="Give an end that comes after the start.",
            )
        if start >= end:
            warnings.append(
                f"Layer {number} is not seen: it begins at {clock(start)}, and the film ends at {clock(end)}."
            )
        times.append(Time(start, max(start, min(until, end))))
    return times, warnings
