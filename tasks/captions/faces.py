"""Faces in font files: what they are called, which characters they have, and their measures."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont, TTLibError
from fontTools.ttLib.sfnt import readTTCHeader
from PIL import ImageFont, features

_SUFFIXES = (".ttf", ".otf", ".ttc")
_BOLD_FROM = 600
"""Weight class of OpenType's semi-bold."""
_X_HEIGHT = 0.536
"""Of Noto Sans, as a share of the em: beside which the fonts of its family without Latin letters are to stand."""
_MEASURED = 1000
"""Pixels of an em at which texts are measured, so that the rounding of glyphs to pixels does not count."""
_SHAPES = bool(features.check("raqm"))
"""Whether letters are measured as they are joined, which matters to Arabic. Builds of Pillow may lack it."""


@dataclass(frozen=True)
class FontFile:
    """A face in a file. Shares of the line height, by which subtitle renderers size text."""

    path: Path
    index: int
    """Of the face, in a file that holds several."""
    family: str
    face: frozenset[str]
    """What renderers call the face."""
    bold: bool
    """Whether the file itself is a bold face."""
    italic: bool
    em_share: float
    """Height of the em."""
    ascent: float
    """From the baseline to the upper edge of the line."""
    x_height: float
    """Height of small letters; of a font without Latin letters, of those that it is made to stand beside."""

    def has(self, character: str) -> bool:
        """Whether the font can draw the character."""
        return ord(character) in _characters(self.path, self.index)

    def width(self, text: str, size: float) -> float:
        """Of a text set in a line height of `size`, in the same unit."""
        # Renderers of ASS shape letters and, by default, do not kern.
        without = ["-kern"] if _SHAPES else None
        measured = float(_measure(self.path, self.index).getlength(text, features=without))
        return measured / _MEASURED * size * self.em_share


def faces_in(folder: Path) -> tuple[FontFile, ...]:
    """The faces of the font files in a folder; files that are no fonts are passed over."""
    if not folder.is_dir():
        return ()
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    return tuple(face for path in files for face in faces_of(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=256)
def faces_of(path: Path, _changed: int = 0) -> tuple[FontFile, ...]:
    """The faces of a file; none for a file that is no font: one bad file must not cost the others."""
    try:
        # Opened here: the library leaves files open that are no fonts.
        with path.open("rb") as file:
            return tuple(_faces(path, file))
    except (TTLibError, KeyError, AttributeError, OSError, ValueError):
        return ()


def _faces(path: Path, file: Any) -> Iterator[FontFile]:
    count = readTTCHeader(file).numFonts if file.read(4) == b"ttcf" else 1
    for index in range(count):
        file.seek(0)
        font = TTFont(file, lazy=True, fontNumber=index)
        names, metrics, em = font["name"], font["OS/2"], font["head"].unitsPerEm
        style = (names.getBestSubFamilyName() or "").lower()
        height = metrics.usWinAscent + metrics.usWinDescent
        em_share = em / height if height else 1.0
        latin = ord("x") in font.getBestCmap() and getattr(metrics, "sxHeight", 0) > 0
        yield FontFile(
            path=path,
            index=index,
            # The name that renderers look fonts up by; the newer one, which joins more faces, is unknown to them.
            family=str(names.getDebugName(1) or path.stem),
            face=frozenset(name for number in (4, 6) if (name := names.getDebugName(number))),
            bold=metrics.usWeightClass >= _BOLD_FROM or "bold" in style,
            italic="italic" in style or "oblique" in style,
            em_share=em_share,
            ascent=metrics.usWinAscent / height if height else 0.8,
            x_height=(metrics.sxHeight / em if latin else _X_HEIGHT) * em_share,
        )


@lru_cache(maxsize=256)
def _characters(path: Path, index: int) -> frozenset[int]:
    with TTFont(path, lazy=True, fontNumber=index) as font:
        return frozenset(font.getBestCmap() or ())


@lru_cache(maxsize=64)
def _measure(path: Path, index: int) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.RAQM if _SHAPES else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(path), _MEASURED, index=index, layout_engine=engine)
