"""Shapes of films: panels, scrims, rays, badges, stars, logos. Each is a painter in the frame's coordinates."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import skia

from tasks.film.drawing.palette import WHITE, Rgb, contrast, luminance
from tasks.film.drawing.stage import Box, Painter, colour
from tasks.film.storyboard import Pixels

GOLD: Rgb = (245, 166, 35)
_SEEN = 3.0
"""Contrast from which a shape is seen on its ground: WCAG 2.2, 1.4.11."""
_STEPS = 9
"""Stops of a soft gradient: enough that no edge is seen."""


def panel(box: Box, fill: Rgb, radius: float = 0, *, opacity: float = 1.0, shadow: float = 0) -> Painter:
    """A rounded rectangle; `shadow` in pixels of its blur."""

    def paint(canvas: skia.Canvas) -> None:
        rounded = skia.RRect.MakeRectXY(box.rect, radius, radius)
        if shadow:
            blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, shadow * 0.5)
            under = skia.Paint(AntiAlias=True, Color=skia.Color(0, 0, 0, 70), MaskFilter=blur)
            canvas.drawRRect(rounded.makeOffset(0, shadow * 0.3), under)
        canvas.drawRRect(rounded, skia.Paint(AntiAlias=True, Color=colour(fill, opacity)))

    return paint


def scrim(box: Box, fill: Rgb, stops: Sequence[tuple[float, float]], *, across: bool = False) -> Painter:
    """A veil whose opacity changes from top to bottom: (share of the height, opacity), softly between these.

    `across`: from left to right.
    """
    shares: list[float] = []
    colours: list[int] = []
    for (start, least), (end, most) in pairwise(stops):
        for step in range(_STEPS):
            share = step / _STEPS
            soft = share * share * (3 - 2 * share)
            shares.append(start + (end - start) * share)
            colours.append(colour(fill, least + (most - least) * soft))
    shares.append(stops[-1][0])
    colours.append(colour(fill, stops[-1][1]))
    ends = [(box.left, 0), (box.right, 0)] if across else [(0, box.top), (0, box.bottom)]
    shader = skia.GradientShader.MakeLinear(ends, colours, shares)
    return lambda canvas: canvas.drawRect(box.rect, skia.Paint(Shader=shader, Dither=True))


def gradient(box: Box, top: Rgb, bottom: Rgb, *, slope: float = 0.35) -> Painter:
    """An opaque ground that goes over from one colour to another, a little aslant."""
    aside = box.height * slope / 2
    middle = box.middle[0]
    ends = [(middle - aside, box.top), (middle + aside, box.bottom)]
    shader = skia.GradientShader.MakeLinear(ends, [colour(top), colour(bottom)])
    return lambda canvas: canvas.drawRect(box.rect, skia.Paint(Shader=shader, Dither=True))


def rays(box: Box, middle: tuple[float, float], fill: Rgb, opacity: float, count: int = 18) -> Painter:
    """Beams from a point, each second one drawn."""
    reach = box.width + box.height

    def paint(canvas: skia.Canvas) -> None:
        path = skia.Path()
        for number in range(count):
            first = 2 * math.pi * number / count
            last = first + math.pi / count
            path.moveTo(*middle)
            path.lineTo(middle[0] + reach * math.cos(first), middle[1] + reach * math.sin(first))
            path.lineTo(middle[0] + reach * math.cos(last), middle[1] + reach * math.sin(last))
            path.close()
        canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=colour(fill, opacity)))

    return paint


def burst(middle: tuple[float, float], radius: float, fill: Rgb, points: int = 16) -> Painter:
    """A badge with a jagged edge."""

    def paint(canvas: skia.Canvas) -> None:
        path = skia.Path()
        for number in range(points * 2):
            reach = radius if number % 2 == 0 else radius * 0.88
            angle = math.pi * number / points - math.pi / 2
            point = (middle[0] + reach * math.cos(angle), middle[1] + reach * math.sin(angle))
            (path.lineTo if number else path.moveTo)(*point)
        path.close()
        rounded = skia.CornerPathEffect.Make(radius * 0.07)
        blur = skia.ImageFilters.DropShadow(
            0, radius * 0.05, radius * 0.09, radius * 0.09, skia.Color(0, 0, 0, 80)
        )
        look = skia.Paint(AntiAlias=True, Color=colour(fill), PathEffect=rounded, ImageFilter=blur)
        canvas.drawPath(path, look)

    return paint


def stars(box: Box, count: int, of: int = 5, fill: Rgb = GOLD, empty: Rgb = (222, 222, 226)) -> Painter:
    """A row of stars, so many of them filled."""
    size = box.height
    gap = size * 0.22

    def paint(canvas: skia.Canvas) -> None:
        for number in range(of):
            middle = (box.left + size / 2 + number * (size + gap), box.top + size / 2)
            path = skia.Path()
            for corner in range(10):
                reach = size * (0.52 if corner % 2 == 0 else 0.235)
                angle = math.pi * corner / 5 - math.pi / 2
                point = (middle[0] + reach * math.cos(angle), middle[1] + reach * math.sin(angle))
                (path.lineTo if corner else path.moveTo)(*point)
            path.close()
            rounded = skia.CornerPathEffect.Make(size * 0.06)
            tint = colour(fill if number < count else empty)
            canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=tint, PathEffect=rounded))

    return paint


def stars_width(height: float, of: int = 5) -> float:
    """Of a row of stars."""
    return height * (of + 0.22 * (of - 1))


def check(middle: tuple[float, float], radius: float, fill: Rgb, ink: Rgb) -> Painter:
    """A tick in a disc."""

    def paint(canvas: skia.Canvas) -> None:
        canvas.drawCircle(*middle, radius, skia.Paint(AntiAlias=True, Color=colour(fill)))
        x, y = middle
        path = skia.Path()
        path.moveTo(x - radius * 0.42, y + radius * 0.04)
        path.lineTo(x - radius * 0.12, y + radius * 0.34)
        path.lineTo(x + radius * 0.44, y - radius * 0.30)
        line = skia.Paint(
            AntiAlias=True,
            Color=colour(ink),
            Style=skia.Paint.kStroke_Style,
            StrokeWidth=radius * 0.2,
            StrokeCap=skia.Paint.kRound_Cap,
            StrokeJoin=skia.Paint.kRound_Join,
        )
        canvas.drawPath(path, line)

    return paint


def corners(box: Box, radius: float, paint: Painter) -> Iterator[tuple[Box, Painter]]:
    """What another painter draws, in the four corners around a rounded rectangle alone: rounds off a picture."""

    def clipped(canvas: skia.Canvas) -> None:
        canvas.save()
        canvas.clipRRect(skia.RRect.MakeRectXY(box.rect, radius, radius), skia.ClipOp.kDifference, True)
        paint(canvas)
        canvas.restore()

    for left in (box.left, box.right - radius):
        for top in (box.top, box.bottom - radius):
            yield Box(left, top, left + radius - 1, top + radius - 1), clipped


def border(box: Box, width: float, fill: Rgb, radius: float = 0, opacity: float = 1.0) -> Painter:
    """A line inside the edge of a rounded rectangle."""

    def paint(canvas: skia.Canvas) -> None:
        line = skia.Paint(
            AntiAlias=True,
            Color=colour(fill, opacity),
            Style=skia.Paint.kStroke_Style,
            StrokeWidth=width,
        )
        canvas.drawRRect(skia.RRect.MakeRectXY(box.grown(-width / 2).rect, radius, radius), line)

    return paint


def logo(pixels: Pixels, room: Box, ground: Rgb, align: str = "center") -> tuple[Painter, Box]:
    """A logo in its room, on a plate where it could not be seen on the ground; and where it stands."""
    height, width = pixels.shape[:2]
    opaque = pixels[..., 3] > 128
    mean = pixels[opaque][:, :3].mean(axis=0) if opaque.any() else np.array(WHITE)
    whole = bool(opaque.mean() > 0.98)
    needs_plate = not whole and float(contrast(mean, ground)) < _SEEN
    pad = room.height * 0.16 if needs_plate else 0.0
    scale = min((room.width - 2 * pad) / width, (room.height - 2 * pad) / height)
    wide, high = width * scale, height * scale
    middle_x, middle_y = room.middle
    left = room.left + pad if align == "left" else middle_x - wide / 2
    place = Box(left, middle_y - high / 2, left + wide, middle_y + high / 2)
    outer = place.grown(pad)
    plate = WHITE if luminance(mean) < 0.4 else (24, 24, 27)

    def paint(canvas: skia.Canvas) -> None:
        if needs_plate:
            panel(outer, plate, outer.height * 0.22)(canvas)
        image = skia.Image.fromarray(
            np.ascontiguousarray(pixels), skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType
        )
        canvas.save()
        if whole:
            canvas.clipRRect(skia.RRect.MakeRectXY(place.rect, high * 0.12, high * 0.12), True)
        smooth = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
        canvas.drawImageRect(image, place.rect, smooth)
        canvas.restore()

    return paint, outer
