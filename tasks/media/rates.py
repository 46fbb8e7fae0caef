"""Frame rates as callers write them, and the exact fractions that they mean."""

from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

MIN_FPS, MAX_FPS = 1, 60

_BROADCAST = tuple(Fraction(1000 * whole, 1001) for whole in (24, 30, 48, 60))
"""23.976, 29.97, 47.952 and 59.94: what colour television made of the whole rates (SMPTE ST 170)."""
STANDARD_RATES = tuple(sorted([*_BROADCAST, *map(Fraction, (10, 12, 15, 20, 24, 25, 30, 48, 50, 60))]))
"""What films, broadcasts and screens have."""
_ROUNDED = 0.005
"""How far from it these are written: 23.976, 23.98 and 23.97602 are one rate, 24 is another."""
_FINEST = 1001
"""The greatest denominator: no rate in use needs a greater one."""


def exact_rate(fps: float) -> Fraction:
    """The rate that a number means: 29.97 is 30000/1001, of which 1000 s have 29,970 frames."""
    for rate in _BROADCAST:
        if abs(fps - rate) < _ROUNDED:
            return rate
    return Fraction(fps).limit_denominator(_FINEST)


def _plain(fps: float) -> float:
    return int(fps) if fps == int(fps) else fps


FrameRate = Annotated[
    int | float,
    Field(ge=MIN_FPS, le=MAX_FPS),
    AfterValidator(_plain),
    # A form shows one field for it instead of a choice between two.
    WithJsonSchema({"type": "number", "minimum": MIN_FPS, "maximum": MAX_FPS}),
]
"""Frames a second: whole, or as broadcasts have them (23.976, 29.97, 59.94)."""
