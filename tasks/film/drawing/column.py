"""Titles below each other, brought together to a size at which all of them have room."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.film.drawing.lettering import Block, Style, fit
from tasks.film.drawing.palette import Rgb
from tasks.film.drawing.prices import PriceBlock, set_price
from tasks.film.drawing.shapes import stars_width
from tasks.film.drawing.stage import Box
from tasks.film.storyboard import Title

Kind = Literal["text", "price", "button", "stars", "logo"]
_SCALES = tuple(0.96**step for step in range(40))
_SHARE = {"left": 0.0, "center": 0.5, "right": 1.0}
_INNER_X, _INNER_Y = 1.35, 0.62
"""Room around the letters of a button, in ems of these."""
_BUTTON_LINES, _AS_LARGE = 3, 0.8
"""Most lines of a button, and the share of their size from which letters of it need no more of them."""
_NARROWER = 0.55
"""How much smaller a row may be set so that it has no more lines than it should."""


@dataclass(frozen=True)
class Row:
    """Something that stands in a column. Measures in units (see `Stage.unit`)."""

    title: Title | None
    style: Style
    large: float
    """Size of its letters where there is room; height of stars and logos."""
    lines: int = 1
    gap: float = 0
    """Above it; of the first row of a column 0."""
    kind: Kind = "text"
    shown: str | None = None
    """What is drawn instead of the title's text: with quotation marks."""
    indent: float = 0
    """At its left."""
    beside: float = 0
    """Kept free at its right."""
    fill: Rgb = (0, 0, 0)
    """Of a button."""
    count: int = 0
    """Of stars."""
    shape: float = 1.0
    """Of a logo: width to height."""


@dataclass(frozen=True)
class Placed:
    """A row in its place."""

    row: Row
    box: Box
    block: Block | PriceBlock | None
    room: float
    """Width in which it is aligned."""
    scale: float = 1.0
    """By how much the column was made smaller so that it has room."""


def column(rows: Sequence[Row], box: Box, unit: float, align: float = 0.5) -> list[Placed]:
    """The rows in a box; where they do not fill it, a share of what is free is left above them."""
    heights: list[float] = []
    gaps: list[float] = []
    measured: list[tuple[float, float, Block | PriceBlock | None]] = []
    scale = 1.0
    for scale in _SCALES:
        measured = [_measured(row, box.width, box.height, unit * scale) for row in rows]
        above = [None, *(block for _, _, block in measured)]
        gaps = [
            (row.gap * unit * scale + (over.below if isinstance(over, PriceBlock) else 0.0))
            if number
            else 0.0
            for number, (row, over) in enumerate(zip(rows, above, strict=False))
        ]
        heights = [gap + high for gap, (_, high, _) in zip(gaps, measured, strict=True)]
        if sum(heights) <= box.height and all(wide <= box.width + 1 for wide, _, _ in measured):
            break
    at = box.top + max(0.0, box.height - sum(heights)) * align
    placed = []
    for number, (row, (wide, high, block)) in enumerate(zip(rows, measured, strict=True)):
        at += gaps[number]
        indent = row.indent * unit * scale
        room = box.width - indent
        left = box.left + indent + (room - wide) * _SHARE[row.style.align]
        placed.append(Placed(row, Box(left, at, left + wide, at + high), block, room, scale))
        at += high
    return placed


def _measured(
    row: Row, room: float, height: float, unit: float
) -> tuple[float, float, Block | PriceBlock | None]:
    """Width, height and letters of a row at a scale."""
    size = row.large * unit
    wide = room - (row.indent + row.beside) * unit
    text = row.shown or (row.title.text if row.title else "")
    if row.kind == "stars":
        return stars_width(size), size, None
    if row.kind == "logo":
        width = min(size * row.shape, room)
        return width, width / row.shape, None
    if row.kind == "price":
        price = set_price(text, row.style, wide, size)
        return price.width, price.height, price
    if row.kind == "button":
        inner = wide - 2 * _INNER_X * size
        block = _in_few_lines(text, row.style, (inner, height), size)
        return (
            max(block.width + 2 * _INNER_X * size, 6.5 * size),
            block.height - block.below + block.size * 0.04 + 2 * _INNER_Y * size,
            block,
        )
    block = fit(text, row.style, (wide, height), (size, size * _NARROWER), lines=row.lines)
    return block.width, block.height, block


def _in_few_lines(text: str, style: Style, room: tuple[float, float], size: float) -> Block:
    """The letters of a button: in a line if they are nearly as large in it, else in two or three that are."""
    block = fit(text, style, room, (size, size * _NARROWER), lines=1)
    for lines in range(2, _BUTTON_LINES + 1):
        if len(block.lines) < lines and block.size >= size * _AS_LARGE:
            break
        block = fit(text, style, room, (size, size * _NARROWER), lines=lines)
    return block
