"""The fonts of captions: those that come with the project, those of the installation, and which stands in for which.

A name that callers use is looked up among the files, then in the table of stand-ins. A font that is neither is an
error: a silent substitute would change every line break.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont, features

from tasks.errors import InvalidInputError

SHIPPED = Path(__file__).with_name("fonts")

STAND_INS = {
    "arial": "Arimo",
    "helvetica": "Arimo",
    "helvetica neue": "Arimo",
    "liberation sans": "Arimo",
    "sans-serif": "Arimo",
    "arial black": "Archivo Black",
    "impact": "Archivo Black",
}
"""Fonts that may not be given away → an open one. Arimo has the widths of Arial; Archivo Black the weight of
Arial Black."""

_HELPERS = ("Arimo", "Noto Sans Arabic")
"""Asked, in this order, for the characters that the chosen font lacks."""
_SUFFIXES = (".ttf", ".otf")
_BOLD_FROM = 600
"""Weight class of OpenType's semi-bold."""


@dataclass(frozen=True)
class FontFile:
    """A face in a file."""

    path: Path
    family: str
    bold: bool
    """Whether the file itself is a bold face."""
    italic: bool
    characters: frozenset[int]
    em_share: float
    """Height of the em as a share of the line height, by which subtitle renderers size text."""

    def has(self, character: str) -> bool:
        """Whether the font can draw the character."""
        return ord(character) in self.characters


@dataclass(frozen=True)
class Typeface:
    """The font that captions are set in."""

    asked: str
    family: str
    bold: bool
    """Asked for; made by the renderer where the family has no such face."""
    file: FontFile
    helpers: tuple[FontFile, ...]

    @property
    def mapped(self) -> bool:
        """Whether another font than the one asked for is used."""
        return self.asked.casefold() != self.family.casefold()

    def width(self, text: str, size: float, helper: FontFile | None = None) -> float:
        """Of a text set in a line height of `size`, in the same unit; in this font or in one of its helpers."""
        file = helper or self.file
        # Renderers of ASS shape letters and, by default, do not kern.
        without = ["-kern"] if _SHAPES else None
        return float(_measure(file.path).getlength(text, features=without)) / _MEASURED * size * file.em_share

    def drawn_width(self, text: str, size: float) -> float:
        """Of a text as it is drawn: each part in the font that has its characters."""
        drawers = {helper.family: helper for helper in self.helpers}
        runs, _ = self.runs(text)
        return sum(self.width(run, size, drawers[family] if family else None) for family, run in runs)

    def runs(self, text: str) -> tuple[list[tuple[str | None, str]], str]:
        """The text cut by who can draw it: (None for this font, else a helper's family; the part).

        Characters that no font here can draw are left out; they come back as the second value.
        """
        parts: list[tuple[str | None, str]] = []
        lost = ""
        for found in unicodedata.normalize("NFC", text):
            # Fonts lack many of the other spaces, and a line break would end a line of the script.
            character = " " if found.isspace() else found
            family = self._drawer(character)
            # Renderers order each part by itself: punctuation and digits go with the words that they belong to.
            if parts and unicodedata.bidirectional(character) != "L":
                family = self._with(parts[-1][0], character) or family
            if family is _NOBODY:
                lost += character
            elif parts and (parts[-1][0] == family or character.isspace()):
                parts[-1] = (parts[-1][0], parts[-1][1] + character)
            else:
                parts.append((family, character))
        return parts, lost

    def drawable(self, text: str) -> tuple[str, str]:
        """The text without what no font here can draw, and what that is."""
        parts, lost = self.runs(text)
        return "".join(part for _, part in parts), lost

    def _with(self, family: str | None, character: str) -> str | None:
        return next((h.family for h in self.helpers if h.family == family and h.has(character)), None)

    def _drawer(self, character: str) -> str | None:
        if character.isspace() or self.file.has(character) or _is_invisible(character):
            return None
        return next((helper.family for helper in self.helpers if helper.has(character)), _NOBODY)


_NOBODY = "\0"
"""Stands for the family of a character that no font can draw: a name that no family has."""
_MEASURED = 1000
"""Pixels of an em at which texts are measured, so that the rounding of glyphs to pixels does not count."""
_SHAPES = bool(features.check("raqm"))
"""Whether letters are measured as they are joined, which matters to Arabic. Builds of Pillow may lack it."""


def find_typeface(name: str, *, bold: bool, folders: Sequence[Path] = ()) -> Typeface:
    """The font of that name in `folders` (the installation's own) or among those of the project.

    Raises InvalidInputError, which lists what there is, for any other.
    """
    faces = [face for folder in (*folders, SHIPPED) for face in _faces(folder)]
    wanted = " ".join(name.split()).casefold()
    family = next((face.family for face in faces if face.family.casefold() == wanted), None)
    if family is None and wanted in STAND_INS:
        family = STAND_INS[wanted]
    if family is None:
        known = sorted({face.family for face in faces}, key=str.casefold)
        raise InvalidInputError(
            f'The font "{name}" is not installed.',
            hint=f"There are: {', '.join(known)}; and for {', '.join(sorted(STAND_INS))} another stands in. "
            "Put a .ttf or .otf file into the folder fonts of the data folder to add one.",
        )
    own = [face for face in faces if face.family == family and not face.italic]
    own = own or [face for face in faces if face.family == family]
    file = next((face for face in own if face.bold == bold), own[0])
    helpers = tuple(
        next(
            (face for face in faces if face.family == helper and face.bold),
            next(face for face in faces if face.family == helper),
        )
        for helper in _HELPERS
        if helper != family
    )
    return Typeface(asked=name, family=family, bold=bold, file=file, helpers=helpers)


def font_files(typeface: Typeface, folders: Iterable[Path] = ()) -> list[Path]:
    """Every file that a renderer needs to set this font: all faces of the family and of the helpers."""
    families = {typeface.family, *(helper.family for helper in typeface.helpers)}
    found: dict[str, Path] = {}
    for folder in (*folders, SHIPPED):
        for face in _faces(folder):
            if face.family in families:
                found.setdefault(face.path.name, face.path)
    return list(found.values())


@lru_cache(maxsize=64)
def face_names(path: Path) -> tuple[str, frozenset[str]]:
    """The family of the face in a file, and what renderers call the face."""
    with TTFont(path, lazy=True) as font:
        names = font["name"]
        faces = frozenset(name for number in (4, 6) if (name := names.getDebugName(number)))
        return _family(names, path), faces


def _family(names: Any, path: Path) -> str:
    # The name that renderers look fonts up by; the newer one, which joins more faces, is unknown to them.
    return str(names.getDebugName(1) or path.stem)


def _faces(folder: Path) -> tuple[FontFile, ...]:
    if not folder.is_dir():
        return ()
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    return tuple(face for path in files if (face := _face(path, path.stat().st_mtime_ns)) is not None)


@lru_cache(maxsize=256)
def _face(path: Path, _changed: int) -> FontFile | None:
    """None for a file that is no font: one bad file must not cost the others."""
    try:
        # Opened here: the library leaves files open that are no fonts.
        with path.open("rb") as file, TTFont(file, lazy=True) as font:
            names, metrics, head = font["name"], font["OS/2"], font["head"]
            family = _family(names, path)
            style = (names.getBestSubFamilyName() or "").lower()
            height = metrics.usWinAscent + metrics.usWinDescent
            return FontFile(
                path=path,
                family=family,
                bold=metrics.usWeightClass >= _BOLD_FROM or "bold" in style,
                italic="italic" in style or "oblique" in style,
                characters=frozenset(font.getBestCmap() or ()),
                em_share=head.unitsPerEm / height if height else 1.0,
            )
    except (TTLibError, KeyError, AttributeError, OSError, ValueError):
        return None


@lru_cache(maxsize=32)
def _measure(path: Path) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.RAQM if _SHAPES else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(path), _MEASURED, layout_engine=engine)


def _is_invisible(character: str) -> bool:
    """Marks of direction and of joining letters: renderers act on them and draw nothing."""
    return character in "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u00ad"
