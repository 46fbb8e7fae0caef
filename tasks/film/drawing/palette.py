"""Colours of a film: those of the brand, of the pictures or of the template, so that texts on them can be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.promotion.product import Brand

READABLE = 4.5
"""Contrast of texts to what is behind them: WCAG 2.2, 1.4.3."""
_LIGHT_SIDE = 400
"""Pixels of the shorter side at which the light of a picture is looked at."""
_LIGHTER = 12
"""Levels by which edges get lighter when a picture is scaled."""
_COLOURS = 12
"""Into which a picture is sorted."""
_PALE = 0.3
"""The same, below which a colour that is made dark enough for letters is grey."""
_DULL = 0.18
"""Saturation below which a colour of a picture says nothing about it."""

Rgb = tuple[int, int, int]
"""Red, green, blue; 0 to 255."""
WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)


def rgb(code: str) -> Rgb:
    """Of #RRGGBB."""
    value = int(code[1:], 16)
    return value >> 16, value >> 8 & 255, value & 255


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """The first colour with a share (0 to 1) of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def luminance(colour: NDArray[np.floating] | Rgb) -> NDArray[np.float64]:
    """Relative luminance (0 to 1) of colours of 0 to 255 in the last axis: WCAG 2.2."""
    shares = np.asarray(colour, np.float64) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]), np.float64)


def contrast(one: NDArray[np.floating] | Rgb, other: NDArray[np.floating] | Rgb) -> NDArray[np.float64]:
    """Contrast of colours, 1 to 21: WCAG 2.2."""
    first, second = luminance(one), luminance(other)
    return np.asarray((np.maximum(first, second) + 0.05) / (np.minimum(first, second) + 0.05))


def ink_on(ground: Rgb, dark: Rgb = (17, 17, 20)) -> Rgb:
    """Black or white letters: those that are read better. White wins where both can be read well."""
    if contrast(WHITE, ground) >= READABLE:
        return WHITE
    return dark if contrast(dark, ground) >= READABLE else BLACK


def readable(colour: Rgb, ground: Rgb, ratio: float = READABLE) -> Rgb:
    """The colour, darker or lighter by as little as it takes to be read on a ground."""
    target = BLACK if luminance(ground) > 0.18 else WHITE
    for step in range(41):
        tried = mixed(colour, target, step / 40)
        if contrast(tried, ground) >= ratio:
            return tried
    return target


def saturation(colour: Rgb) -> float:
    """How colourful a colour is, from 0 (grey) to 1."""
    return (max(colour) - min(colour)) / max(1, *colour)


def cover(ink: Rgb, scrim: Rgb, ratio: float = READABLE, lightest: Rgb = WHITE) -> float:
    """Least opacity (0 to 1) of a scrim under letters, so that they are read on any picture.

    `lightest`: what light letters are read on at most, where nothing of the picture is lighter.
    """
    worst = lightest if luminance(ink) > luminance(scrim) else BLACK
    for step in range(101):
        if contrast(ink, mixed(worst, scrim, step / 100)) >= ratio:
            return step / 100
    return 1.0


@dataclass(frozen=True)
class Scheme:
    """The colours of a film. Every `on_` and `ink` is read on the colour it is for."""

    main: Rgb
    """Of the brand: grounds, panels, buttons."""
    second: Rgb
    """Beside the main one: gradients, badges. Never the same."""
    paper: Rgb
    """Light ground with a breath of the main colour."""
    deep: Rgb
    """Nearly black, with a breath of the main colour: scrims, letters on paper."""

    @property
    def on_main(self) -> Rgb:
        """Letters on the main colour."""
        return ink_on(self.main, self.deep)

    @property
    def on_second(self) -> Rgb:
        """Letters on the second colour."""
        return ink_on(self.second, self.deep)

    @property
    def accent(self) -> Rgb:
        """The main colour as letters on paper; pale ones would be grey then, and give way to the deep one."""
        return readable(self.main, self.paper_shade) if saturation(self.main) >= _PALE else self.deep

    @property
    def shade(self) -> Rgb:
        """The main colour where a ground of it grows darker, as far as letters are read on it; pale ones stay clean."""
        pale = luminance(self.main) > 0.45
        warm = (round(self.main[0] * 0.92), round(self.main[1] * 0.84), round(self.main[2] * 0.86))
        darkest = warm if pale else mixed(self.main, BLACK, 0.3)
        tried = (mixed(darkest, self.main, step / 10) for step in range(10))
        return next((ground for ground in tried if contrast(self.on_main, ground) >= READABLE), self.main)

    @property
    def paper_shade(self) -> Rgb:
        """Paper where it grows darker."""
        return mixed(self.paper, self.main, 0.07)

    @property
    def muted(self) -> Rgb:
        """Quiet letters on paper."""
        return readable(mixed(self.deep, self.paper, 0.4), self.paper_shade)


def scheme_of(brand: Brand, tones: Sequence[str], default: Sequence[str]) -> Scheme:
    """The colours of the brand, else of the pictures, else those of the template (main and second)."""
    named = (
        [rgb(code) for code in brand.colors]
        or [rgb(code) for code in tones]
        or [rgb(code) for code in default]
    )
    # Grounds of a white or grey brand are dull, and its letters white on white: the most colourful one leads.
    main = next((colour for colour in named if saturation(colour) >= _DULL), named[0])
    if luminance(main) > 0.85:
        main = next((colour for colour in named if luminance(colour) <= 0.85), (24, 24, 27))
    others = [colour for colour in named if contrast(colour, main) >= 1.6]
    second = others[0] if others else _beside(main)
    return Scheme(main, second, mixed(main, WHITE, 0.93), mixed(main, (8, 8, 12), 0.9))


def _beside(main: Rgb) -> Rgb:
    """A colour that stands out beside the only one that there is."""
    return mixed(main, WHITE, 0.72) if luminance(main) < 0.3 else mixed(main, (8, 8, 12), 0.86)


def lightest_of(pixels: NDArray[np.uint8]) -> int:
    """The level (0 to 255) that no part of a picture is lighter than, in any channel."""
    small = Image.fromarray(np.ascontiguousarray(pixels[..., :3])).reduce(
        max(1, min(pixels.shape[:2]) // _LIGHT_SIDE)
    )
    return min(255, int(np.asarray(small).max()) + _LIGHTER)


def tones_of(pixels: NDArray[np.uint8]) -> tuple[str, ...]:
    """The colours that a picture lives by (#RRGGBB), the strongest first; none of a grey picture.

    Made deep enough that white letters can be read on them.
    """
    small = Image.fromarray(np.ascontiguousarray(pixels[..., :3])).resize((96, 96), Image.Resampling.BOX)
    sorted_in = small.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT)
    flat = sorted_in.getpalette() or []
    counted = sorted_in.getcolors() or []
    found: list[tuple[float, Rgb]] = []
    for count, index in counted:
        red, green, blue = flat[cast(int, index) * 3 :][:3]
        colour = (red, green, blue)
        if saturation(colour) >= _DULL and max(colour) > 40:
            found.append((float(count) ** 0.4 * saturation(colour) ** 1.5 * max(colour), colour))
    tones: list[Rgb] = []
    for _, colour in sorted(found, reverse=True):
        tone = readable(colour, WHITE)
        if all(contrast(tone, other) > 1.25 or _apart(tone, other) > 60 for other in tones):
            tones.append(tone)
    return tuple(f"#{red:02X}{green:02X}{blue:02X}" for red, green, blue in tones[:3])


def _apart(one: Rgb, other: Rgb) -> float:
    return float(np.linalg.norm(np.subtract(one, other)))
