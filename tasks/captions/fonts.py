"""The fonts of captions: those that come with the project, those of the installation, and which stands in for which.

A name that callers use is looked up among the files, then in the table of stand-ins. A font that is neither is an
error: a silent substitute would change every line break.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.captions.emoji import WIDTH, Emoji, emoji_of
from tasks.captions.faces import FontFile, faces_in
from tasks.captions.scripts import han_region, is_common, is_letter
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

_FIRST_HELPERS = ("Arimo", "Noto Sans Arabic")
"""Asked before the others for the characters that the chosen font lacks: they have the punctuation, too."""
_HAN = "Noto Sans CJK "
"""How the families begin that draw Han, each as it is written in one region."""
_LAST_HELPERS = ("Noto Sans Symbols",)


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a text that one font draws."""

    text: str
    helper: FontFile | None = None
    """None: the font that was chosen."""
    scale: float = 1.0
    """Its size, as a share of the chosen font's, at which its letters look as large."""


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

    @property
    def file_names(self) -> tuple[str, ...]:
        """Names and sizes of the files that letters may come from, in the order in which they are asked."""
        files = dict.fromkeys(face.path for face in (self.file, *self.helpers))
        return tuple(f"{path.name} {path.stat().st_size}" for path in files)

    def scale(self, helper: FontFile) -> float:
        """Size of a helper, as a share of this font's, at which its letters look as large."""
        return self.file.x_height / helper.x_height

    def width(self, text: str, size: float) -> float:
        """Of a text set in this very font in a line height of `size`, in the same unit."""
        return self.file.width(text, size)

    def pieces(self, text: str) -> Iterator[str | Emoji]:
        """The text cut at its emoji, which are drawn in colour."""
        return emoji_of(
            text, lambda character: any(font.has(character) for font in (self.file, *self.helpers))
        )

    def em(self, size: float) -> float:
        """The em of letters in a line height of `size`, in the same unit."""
        return size * self.file.em_share

    def drawn_width(self, text: str, size: float) -> float:
        """Of a text as it is drawn: each part in the font that has its characters, and emoji in their place."""
        return sum(
            WIDTH * self.em(size) if isinstance(piece, Emoji) else self._letters_width(piece, size)
            for piece in self.pieces(text)
        )

    def _letters_width(self, text: str, size: float) -> float:
        return sum((run.helper or self.file).width(run.text, size * run.scale) for run in self.runs(text)[0])

    def line_height(self, text: str) -> tuple[float, float]:
        """What a line of this text takes above and below the baseline, as shares of the size."""
        runs = self.runs(text)[0] or [Run("")]
        above = [(run.helper or self.file).ascent * run.scale for run in runs]
        below = [(1 - (run.helper or self.file).ascent) * run.scale for run in runs]
        return max(above), max(below)

    def for_text(self, text: str) -> "Typeface":
        """This one, with Han drawn as it is written in the language of the text."""
        families = [f"{_HAN}{region}" for region in dict.fromkeys((han_region(text), "JP", "KR", "SC", "TC"))]
        of_han = [face for family in families for face in self.helpers if face.family == family]
        others = iter(of_han)
        helpers = (next(others) if face in of_han else face for face in self.helpers)
        return replace(self, helpers=tuple(helpers))

    def runs(self, text: str) -> tuple[list[Run], str]:
        """The text, without emoji, cut by who draws it.

        Characters that no font here can draw are left out, and with letters the punctuation that belongs to them;
        those characters come back as the second value.
        """
        # Fonts lack many of the other spaces, and a line break would end a line of the script.
        characters = [" " if c.isspace() else c for c in unicodedata.normalize("NFC", text)]
        drawers = self._drawers(characters)
        lost = "".join(c for c, drawer in zip(characters, drawers, strict=True) if drawer is None)
        if any(map(is_letter, lost)):
            _leave_out_what_belongs(characters, drawers)
        runs: list[tuple[FontFile, str]] = []
        for character, drawer in zip(characters, drawers, strict=True):
            if drawer is None:
                continue
            if runs and (runs[-1][0] == drawer or character.isspace() or _is_invisible(character)):
                runs[-1] = (runs[-1][0], runs[-1][1] + character)
            else:
                runs.append((drawer, character))
        return [
            Run(part) if drawer == self.file else Run(part, drawer, self.scale(drawer))
            for drawer, part in runs
        ], lost

    def missing_letters(self, text: str) -> str:
        """The letters and marks of a text that no font here can draw, each once."""
        different = dict.fromkeys(unicodedata.normalize("NFC", text))
        fonts = (self.file, *self.helpers)
        return "".join(c for c in different if is_letter(c) and not any(font.has(c) for font in fonts))

    def drawable(self, text: str) -> tuple[str, str]:
        """The text without what no font here can draw, and what that is."""
        kept, lost = "", ""
        for piece in self.pieces(text):
            if isinstance(piece, Emoji):
                kept += piece.text
            else:
                runs, missing = self.runs(piece)
                kept += "".join(run.text for run in runs)
                lost += missing
        return kept, lost

    def _drawers(self, characters: Sequence[str]) -> list[FontFile | None]:
        """Who draws each character: letters the first font that has them, the others the font of their letters."""
        letters = [
            None if is_common(c) else next((f for f in (self.file, *self.helpers) if f.has(c)), None)
            for c in characters
        ]
        before: list[FontFile | None] = []
        last = None
        for drawer in letters:
            last = drawer or last
            before.append(last)
        after: list[FontFile | None] = []
        last = None
        for drawer in reversed(letters):
            last = drawer or last
            after.append(last)
        drawers: list[FontFile | None] = []
        for character, own, left, right in zip(characters, letters, before, reversed(after), strict=True):
            if not is_common(character):
                drawers.append(own)
                continue
            near = (right, left) if unicodedata.category(character) in ("Ps", "Pi") else (left, right)
            if character.isspace() or _is_invisible(character):
                drawers.append(left or self.file)
                continue
            order = (*filter(None, near), self.file, *self.helpers)
            drawers.append(next((file for file in order if file.has(character)), None))
        return drawers


def _leave_out_what_belongs(characters: Sequence[str], drawers: list[FontFile | None]) -> None:
    """Takes what stands beside letters that are left out and says nothing without them.

    A word of which no letter is drawn goes as a whole; of others the punctuation beside the missing letters. What
    stands alone between words that went goes, too.
    """
    spaces = [number for number, character in enumerate(characters) if character.isspace()]
    edges = zip([-1, *spaces], [*spaces, len(characters)], strict=True)
    words = [range(before + 1, after) for before, after in edges]
    gone = [_letters_went(word, characters, drawers) for word in words]
    # Twice, so that a row of such is followed from either side.
    for place in (*range(len(words)), *reversed(range(len(words)))):
        word = words[place]
        alone = len(word) > 0 and not any(characters[number].isalnum() for number in word)
        gone[place] |= alone and any(gone[max(0, place - 1) : place + 2])
        if gone[place]:
            for number in (word[0] - 1, *word):
                drawers[max(0, number)] = None


def _letters_went(word: range, characters: Sequence[str], drawers: list[FontFile | None]) -> bool:
    """Whether nothing of a word remains; of one that remains in part, the bare punctuation is taken out."""
    missing = [number for number in word if drawers[number] is None and is_letter(characters[number])]
    if not missing:
        return False
    if not any(drawers[number] and is_letter(characters[number]) for number in word):
        return True
    for start in missing:
        for step in (-1, 1):
            number = start + step
            while number in word and (
                drawers[number] is None or unicodedata.category(characters[number])[0] == "P"
            ):
                drawers[number] = None
                number += step
    return False


def find_typeface(name: str, *, bold: bool, folders: Sequence[Path] = ()) -> Typeface:
    """The font of that name in `folders` (the installation's own) or among those of the project.

    Raises InvalidInputError, which lists what there is, for any other.
    """
    faces = [face for folder in (*folders, SHIPPED) for face in faces_in(folder)]
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
    by_family: dict[str, list[FontFile]] = {}
    for face in faces:
        by_family.setdefault(face.family, []).append(face)
    others = sorted((other for other in by_family if other != family), key=_rank)
    return Typeface(
        asked=name,
        family=family,
        bold=bold,
        file=_face(by_family[family], bold),
        helpers=tuple(_face(by_family[other], bold) for other in others),
    )


def _rank(family: str) -> int:
    if family in _FIRST_HELPERS:
        return _FIRST_HELPERS.index(family) - len(_FIRST_HELPERS)
    return 1 if family in _LAST_HELPERS else 0


def _face(faces: Sequence[FontFile], bold: bool) -> FontFile:
    upright = [face for face in faces if not face.italic] or faces
    return next((face for face in upright if face.bold == bold), upright[0])


def font_files(families: Iterable[str], folders: Iterable[Path] = ()) -> list[FontFile]:
    """Every face of these families, as a renderer needs them."""
    wanted = {family.casefold() for family in families}
    found: dict[tuple[str, int], FontFile] = {}
    for folder in (*folders, SHIPPED):
        for face in faces_in(folder):
            if face.family.casefold() in wanted:
                found.setdefault((face.path.name, face.index), face)
    return list(found.values())


def _is_invisible(character: str) -> bool:
    """Marks of direction and of joining letters: renderers act on them and draw nothing."""
    return character in "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u00ad"
