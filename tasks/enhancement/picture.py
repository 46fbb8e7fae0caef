"""From an image file to a picture that can be published: cropped, put right, styled, written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from tasks.enhancement.corrections import Correction, correct
from tasks.enhancement.cropping import Way, Window, choose_window, laid, laid_alpha
from tasks.enhancement.drawn import is_drawn
from tasks.enhancement.options import ImagesConfig, Style
from tasks.enhancement.planes import recoloured
from tasks.enhancement.sheet import before_and_after
from tasks.enhancement.styles import styled
from tasks.enhancement.variants import Variant, variant_of
from tasks.enhancement.writing import write_picture
from tasks.images.loading import Pixels, load_still
from tasks.progress import Progress, ignore_progress
from tasks.video.subject import NOTHING, Subject, SubjectKind, find_subject

_LOSSLESS = ("PNG", "GIF", "BMP", "TIFF", "PPM", "TGA")
_LARGEST_WORKED_ON = 4096
"""Pixels of the longer side that anything is done to."""
_SOFT = 1.6
"""Images enlarged by more are no longer sharp."""
_TOO_SOFT = 4.0
_LEAST_SIDE = 16


@dataclass(frozen=True)
class Enhanced:
    """A picture, and how it came about."""

    image: Image.Image
    """RGB, or RGBA where parts are transparent."""
    sheet: bytes
    """JPEG of before and after."""
    style: Style
    subject: SubjectKind
    way: Way
    corrections: tuple[Correction, ...]
    drawn: bool
    """A logo or screenshot, whose colours were left alone."""
    warnings: tuple[str, ...]


def enhance(
    source: Path, config: ImagesConfig, number: int = 0, progress: Progress = ignore_progress
) -> Enhanced:
    """The picture `number` (from 0) of an image.

    The same for the same file. Raises as `tasks.images.loading.load_image`.
    """
    variant = variant_of(config, number)
    enough = _enough(config, variant)
    still = load_still(source, enough)
    progress(0.2)
    warnings = list(still.warnings)
    image, alpha = _split(still.image, config)
    drawn = is_drawn(image, still.format in _LOSSLESS)
    image, alpha = _reduced(image, enough(still.size)), _reduced(alpha, enough(still.size))
    pixels = np.asarray(image)
    subject = _subject(pixels, alpha, config, variant)
    progress(0.35)
    window = choose_window(subject, pixels, config.shape, config.fit, variant.closeness)
    if alpha is not None and window.way == "blur":
        window = Window(window.box, "continued")
    canvas = config.canvas(image.width, image.height)
    warnings += _told_of_size(image.size, window, canvas)
    before = laid(image, window, canvas)
    seen = None if alpha is None else laid_alpha(alpha, window, canvas)
    progress(0.5)
    after, corrections = np.asarray(before), tuple[Correction, ...]()
    if drawn:
        if variant.style != "natural" or config.background == "on":
            warnings.append("The image is a drawing or a screenshot: its colours were left as they are.")
    else:
        after, corrections = _corrected(after, window, image, config, warnings)
        progress(0.85)
        if variant.style != "natural":
            after = recoloured(after, lambda colours: styled(colours, variant.style))
    made = Image.fromarray(after)
    if seen is not None:
        made.putalpha(seen)
        before.putalpha(seen)
    sheet = before_and_after(before, made, "after" if drawn else f"after, {variant.style}")
    progress(1.0)
    return Enhanced(made, sheet, variant.style, subject.kind, window.way, corrections, drawn, tuple(warnings))


def write(enhanced: Enhanced, path: Path) -> None:
    """Writes the picture; `path` ends as `tasks.enhancement.writing.ending_of` says."""
    write_picture(enhanced.image, path)


def _enough(config: ImagesConfig, variant: Variant) -> Callable[[tuple[int, int]], int]:
    """How large an image has to be read: so that its window, if it were cropped, still has the canvas' pixels."""

    def enough(size: tuple[int, int]) -> int:
        most = 0.0
        # Whether it will be turned is not known yet.
        for width, height in (size, size[::-1]):
            canvas = config.canvas(width, height)
            most = max(most, max(canvas[0] / width, canvas[1] / height) * max(size))
        return min(int(most * variant.closeness) + 1, 2 * _LARGEST_WORKED_ON)

    return enough


def _split(image: Image.Image, config: ImagesConfig) -> tuple[Image.Image, Image.Image | None]:
    """Colours and, if anything is transparent, opacity. White lies behind where a white ground was asked for."""
    if image.mode != "RGBA":
        return image, None
    alpha = image.getchannel("A")
    if np.asarray(alpha).min() >= 250:
        return image.convert("RGB"), None
    white = Image.new("RGB", image.size, "white")
    if config.background == "on":
        white.paste(image, mask=alpha)
        return white, None
    # What nobody sees is white instead of what it is mostly, black: nothing dark creeps in when edges get smaller.
    white.paste(image.convert("RGB"), mask=alpha.point(lambda level: 255 if level else 0))
    return white, alpha


Layer = TypeVar("Layer", Image.Image, Image.Image | None)


def _reduced(image: Layer, enough: int) -> Layer:
    """At most twice as large as it need be: what follows then needs as little of a huge image as of a large one."""
    if image is None or (factor := max(image.size) // max(enough, 1)) < 2:
        return image
    return image.reduce(factor)


def _subject(pixels: Pixels, alpha: Image.Image | None, config: ImagesConfig, variant: Variant) -> Subject:
    if config.shape is None and variant.closeness <= 1:
        return NOTHING
    if alpha is not None:
        box = alpha.point(lambda level: 255 if level > 8 else 0).getbbox()
        if box is not None:
            left, right = box[0] / alpha.width, box[2] / alpha.width
            top, bottom = box[1] / alpha.height, box[3] / alpha.height
            around = (left, top, right, bottom)
            return Subject("salient", around, around, around)
    return find_subject(pixels)


def _corrected(
    before: Pixels, window: Window, image: Image.Image, config: ImagesConfig, warnings: list[str]
) -> tuple[Pixels, tuple[Correction, ...]]:
    if window.way != "blur":
        found = correct(before, config.enhancement_level, config.background)
        after = found.pixels
    else:
        # Over its blur, the picture is judged without it, and both are put right alike.
        scale = min(before.shape[1] / image.width, before.shape[0] / image.height)
        size = (max(_LEAST_SIDE, round(image.width * scale)), max(_LEAST_SIDE, round(image.height * scale)))
        whole = laid(image, Window((0.0, 0.0, 1.0, 1.0), "crop"), size)
        found = correct(np.asarray(whole), config.enhancement_level, config.background)
        canvas = (before.shape[1], before.shape[0])
        after = np.asarray(laid(Image.fromarray(found.pixels), window, canvas))
    if config.background == "on" and not found.plain:
        warnings.append("The backdrop is not plain: it was left as it is.")
    return after, found.corrections


def _told_of_size(size: tuple[int, int], window: Window, canvas: tuple[int, int]) -> list[str]:
    if window.way == "crop":
        across = (window.box[2] - window.box[0]) * size[0]
        scale = canvas[0] / max(across, 1)
    else:
        scale = min(canvas[0] / size[0], canvas[1] / size[1])
    if scale > _TOO_SOFT:
        return [f"The image is very small: it was enlarged {scale:.1f} times and is not sharp."]
    return [f"The image is small: it was enlarged {scale:.1f} times."] if scale > _SOFT else []
