"""Prices as shops set them: a small sign, the amount large, the cents small at its top."""

import re
from dataclasses import dataclass, replace

import skia

from tasks.film.drawing.lettering import Style, capital_height, paragraph_of, width

_PARTS = re.compile(r"(?P<sign>\D*?)(?P<whole>\d[\d.,]*?)(?P<cents>[.,]\d\d)?$")
_SMALL = 0.38
"""Size of the sign and the cents, as a share of the amount's."""
_GAP = 0.07
_TAIL = 0.2
"""Depth of a comma, of the size of the figures."""


@dataclass(frozen=True)
class PriceBlock:
    """A price, set. Measures in pixels; its top is that of its figures, and its bottom their baseline."""

    sign: str
    whole: str
    cents: str
    style: Style
    size: float

    @property
    def height(self) -> float:
        """Of its figures."""
        return capital_height(self.style) * self.size

    @property
    def below(self) -> float:
        """What hangs under its baseline: the tail of a comma."""
        return _TAIL * self.size if "," in self.whole else 0.0

    @property
    def width(self) -> float:
        """From the sign to the last of the cents."""
        small = replace(self.style, tracking=0)
        beside = sum(
            (width(part, small) * _SMALL + _GAP) for part in (self.sign, self.cents) if part
        )  # fmt: skip
        return (width(self.whole, self.style) + beside) * self.size

    def draw(self, canvas: skia.Canvas, left: float, top: float) -> None:
        """Draws it."""
        baseline = top + self.height
        raised = top + self.height * _SMALL
        at = left
        for text, size, foot in (
            (self.sign, self.size * _SMALL, raised),
            (self.whole, self.size, baseline),
            (self.cents, self.size * _SMALL, raised),
        ):
            if text:
                _line(canvas, text, self.style, size, at, foot)
                at += width(text, self.style) * size + _GAP * self.size


def set_price(text: str, style: Style, room: float, largest: float) -> PriceBlock:
    """A written price as large as it has room for, at most `largest` pixels."""
    found = _PARTS.match(text)
    sign, whole, cents = ("", text, "") if found is None else found.group("sign", "whole", "cents")
    block = PriceBlock(sign.strip(), whole, cents or "", style, largest)
    return replace(block, size=min(largest, largest * room / block.width)) if block.width > room else block


def _line(canvas: skia.Canvas, text: str, style: Style, size: float, left: float, baseline: float) -> None:
    paragraph = paragraph_of(text, style, size)
    paragraph.paint(canvas, left, baseline - paragraph.AlphabeticBaseline)
