"""Reads still images of every kind that callers have into one form: 8-bit sRGB, upright, opaque."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from tasks.errors import DamagedMediaError, LimitExceededError, NotAnImageError
from tasks.images.colour import ColourSpace, in_srgb
from tasks.images.colour_tags import tagged_colours
from tasks.images.cut_short import what_is_there

Pixels = NDArray[np.uint8]
"""Height × width × 3: red, green, blue."""

MAX_PIXELS = 100_000_000

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF", "PPM", "JPEG2000", "TGA")
"""Of Pillow; formats that run programs (EPS) or hold pages (PDF) are left out."""
_BACKGROUND = (255, 255, 255)
_BAND = 128
_REDUCING_GAP = 2.0
"""How much larger than the result an image may be that was made smaller by whole pixels first; as of `thumbnail`."""
_SHORTEST_FRAME = 0.011
_USUAL_FRAME = 0.1
"""Seconds; browsers show pictures of animations so long that are to be shown for a hundredth of a second or less."""

pillow_heif.register_heif_opener()
# Our own bound is checked instead of Pillow's, which warns at one size and raises at another.
Image.MAX_IMAGE_PIXELS = None
# Odd metadata of images that are fine otherwise. For the whole process: filters of one thread are those of all.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(frozen=True)
class LoadedImage:
    """An image as it is meant to be seen."""

    image: Image.Image
    """RGB."""
    warnings: tuple[str, ...]
    """What is to be said of it."""

    @cached_property
    def pixels(self) -> Pixels:
        """A copy of the image."""
        return np.asarray(self.image)


def load_image(path: Path, max_side: int | None = None) -> LoadedImage:
    """The image, as it is meant to be seen.

    Turned by its EXIF orientation, its colours converted to sRGB, transparent parts over white; of an animation the
    first picture.

    `max_side`: the longer side that is enough for the caller, in pixels. Larger JPEGs are then decoded at a
    fraction of their size, which is still at least that large.

    What a file that is cut short still has of it is used, with a warning, if it is half of it.

    Raises NotAnImageError, DamagedMediaError (too little is there, corrupt) or LimitExceededError (over `MAX_PIXELS`,
    known before anything is decoded).
    """
    still = load_still(path, lambda _: max_side)
    return LoadedImage(_opaque(still.image), still.warnings)


def as_image(picture: Pixels | Image.Image) -> Image.Image:
    """The same in Pillow's form, which is a copy of pixels and no copy of an image: of photographs each takes time."""
    return picture if isinstance(picture, Image.Image) else Image.fromarray(picture)


def smaller(image: Image.Image, side: int, resample: Image.Resampling) -> Image.Image:
    """The image with at most so many pixels a side; itself if it is no larger.

    As Pillow's `thumbnail`, which changes the image that it is called on, so that a copy would be needed first.
    """
    scale = side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(length * scale)) for length in image.size)
    return image.resize((width, height), resample, reducing_gap=_REDUCING_GAP)


@dataclass(frozen=True)
class Still:
    """An image as it is meant to be seen, transparent where it is."""

    image: Image.Image
    """RGB, or RGBA if the file says what is transparent; sRGB, upright."""
    size: tuple[int, int]
    """Width and height of what the file holds, before it is turned upright."""
    format: str
    """Pillow's name for the kind of file."""
    warnings: tuple[str, ...]


def load_still(path: Path, enough: Callable[[tuple[int, int]], int | None]) -> Still:
    """As `load_image`, with transparency.

    `enough`: from the width and height that the file holds, the longer side that is enough (None: all of it).
    """
    with _explained(path), _opened(path) as image:
        size, kind = image.size, str(image.format)
        max_side = enough(size)
        if max_side:
            image.draft(None, (max_side, max_side))
        there, told = _loaded(path, image, max_side)
        seen, more = _meant(path, image, there)
        return Still(seen, size, kind, (*told, *more))


_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)
"""Orientations by which width and height change places."""


def image_size(path: Path) -> tuple[str, int, int]:
    """Pillow's name for the kind of file, and the width and height of the upright image; nothing is decoded.

    Raises as `load_image`.
    """
    with _explained(path), _opened(path) as image:
        width, height = image.size
        if image.getexif().get(_ORIENTATION) in _TURNED:
            width, height = height, width
        return str(image.format), width, height


@dataclass(frozen=True)
class Frame:
    """A picture of an animation, or the only one of a still image."""

    image: Image.Image
    """Red, green, blue and opacity, in sRGB, upright."""
    seconds: float
    """How long it is shown; 0 of a still image."""
    warnings: tuple[str, ...] = ()
    """What is to be said of it, or of the pictures that should follow."""


def load_frames(path: Path, most: int) -> Iterator[Frame]:
    """The pictures of an image, transparent where it is; of an animation the first `most`.

    An animation that is cut short has those that are whole, as in browsers, and the last of them says so.

    Raises as `load_image`.
    """
    with _explained(path), _opened(path) as image:
        count = min(int(getattr(image, "n_frames", 1)), most)
        there, told = _loaded(path, image, None)
        frame = _frame(path, image, there, animated=count > 1)
        frame = replace(frame, warnings=(*told, *frame.warnings))
        for number in range(1, count):
            following = _following(path, image, number)
            if following is None:
                # How many it had is not known: a GIF does not say.
                lost = f"The animation is cut short: pictures that are whole: {number}."
                yield replace(frame, warnings=(*frame.warnings, lost))
                return
            yield frame
            frame = following
        yield frame


def _following(path: Path, image: Image.Image, number: int) -> Frame | None:
    """A picture of an animation; None if it is not whole."""
    try:
        with _explained(path):
            image.seek(number)
            image.load()
    except DamagedMediaError:
        return None
    return _frame(path, image, image, animated=True)


def _frame(path: Path, image: Image.Image, there: Image.Image, *, animated: bool) -> Frame:
    seconds = float(image.info.get("duration") or 0) / 1000
    if animated and seconds < _SHORTEST_FRAME:
        seconds = _USUAL_FRAME
    seen, told = _meant(path, image, there)
    return Frame(seen.convert("RGBA"), seconds, told)


def _meant(path: Path, image: Image.Image, there: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """What there is of an image upright and in the colours of a screen, and what is to be said of them."""
    # Which copies what stands upright already.
    upright = there if there.getexif().get(_ORIENTATION, 1) == 1 else ImageOps.exif_transpose(there)
    colours = tagged_colours(path, image)
    if colours is None or colours.usual:
        return _in_srgb(upright, colours is None), ()
    told = ("The image is HDR: its colours were brought to those of usual screens.",) if colours.hdr else ()
    return _tagged_in_srgb(upright, colours), told


def _loaded(path: Path, image: Image.Image, max_side: int | None) -> tuple[Image.Image, tuple[str, ...]]:
    try:
        image.load()
    except OSError as error:
        if "truncated" not in str(error):
            raise
        there, told = what_is_there(path, image, max_side)
        return there, (told,)
    return image, ()


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The image before anything of it is decoded. Raises NotAnImageError and LimitExceededError."""
    if path.stat().st_size == 0:
        raise NotAnImageError("The image file is empty.", hint="Check that the address leads to an image.")
    with path.open("rb") as file, Image.open(file, formats=_FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise LimitExceededError(
                f"The image has {width}×{height} pixels; {MAX_PIXELS // 1_000_000} million is the most.",
                hint="Give a smaller version of it.",
            )
        yield image


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except UnidentifiedImageError as error:
        raise _not_an_image(path) from error
    except (
        OSError,
        ValueError,
        SyntaxError,
        IndexError,
        KeyError,
        TypeError,
        OverflowError,
        EOFError,
        RuntimeError,
    ) as error:
        # What Pillow's decoders raise on damaged files is not documented; these were seen on mutated ones.
        raise DamagedMediaError(
            f"The image is damaged and cannot be read ({type(error).__name__}).",
            hint="Download or export it again.",
        ) from error


def _tagged_in_srgb(image: Image.Image, space: ColourSpace) -> Image.Image:
    """In the colours of a screen, from those that the file names by numbers; keeps transparency."""
    plain = _in_srgb(image, with_profile=False)
    bands = np.array(plain)
    for top in range(0, len(bands), _BAND):
        # In parts: a large image as numbers with fractions would take gigabytes.
        part = bands[top : top + _BAND, :, :3]
        part[...] = np.rint(in_srgb(np.asarray(part / 255, np.float32), space) * 255)
    return Image.fromarray(bands)


def _in_srgb(image: Image.Image, with_profile: bool) -> Image.Image:
    """In the colours of a screen; keeps transparency."""
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        return _from_deep(image)
    profile = image.info.get("icc_profile") if with_profile else None
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA", "PA") else None
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        image = image.convert("RGB")
    elif image.mode in ("1", "L", "LA"):
        transparent = image.info.get("transparency")
        if isinstance(transparent, int):
            alpha = image.convert("L").point(lambda level: 0 if level == transparent else 255)
        image = image.convert("L").convert("RGB")
        profile = None
    elif image.mode == "RGB" and "transparency" in image.info:
        image = image.convert("RGBA")
        alpha, image = image.getchannel("A"), image.convert("RGB")
    elif image.mode == "RGBA":
        image = image.convert("RGB")
    if profile and image.mode in ("RGB", "CMYK", "LAB", "YCbCr"):
        image = _converted(image, profile)
    if image.mode != "RGB":
        image = image.convert("RGB")
    if alpha is not None:
        image.putalpha(alpha)
    return image


def _from_deep(image: Image.Image) -> Image.Image:
    """Of 16 and 32 bits: 16-bit ranges are cut to their upper byte, anything else is spread over the whole range."""
    levels = np.asarray(image).astype(np.float64)
    levels = np.nan_to_num(levels, nan=0.0, posinf=65_535.0, neginf=0.0)
    if image.mode.startswith("I") and levels.min() >= 0 and levels.max() <= 65_535:
        grey = levels / 257
    else:
        low, high = levels.min(), levels.max()
        grey = (levels - low) / (high - low or 1.0) * 255
    return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        found = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError):
        # A broken or foreign profile: the colours are then a little off, and the picture is still one.
        return image
    return found if found is not None else image


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    behind = Image.new("RGB", image.size, _BACKGROUND)
    behind.paste(image, mask=image.getchannel("A"))
    return behind


def _not_an_image(path: Path) -> NotAnImageError:
    with path.open("rb") as file:
        head = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    hint = "Give the address of a JPEG, PNG, WebP, AVIF or HEIC file."
    if head.startswith((b"<!doctype html", b"<html")):
        return NotAnImageError("The file is a web page, not an image.", hint=hint)
    if b"<svg" in head:
        return NotAnImageError("SVG drawings cannot be used.", hint=hint)
    return NotAnImageError("The file is not an image, or of a kind that is not known here.", hint=hint)


# How much is missing is to be known: with this, a cut file would be a picture with a grey lower half.
ImageFile.LOAD_TRUNCATED_IMAGES = False
