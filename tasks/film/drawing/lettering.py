"""Letters of titles: set in lines of about the same width, as large as there is room, with emoji in colour."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import skia

from tasks.captions.breaking import Piece, phrases, rows_of
from tasks.captions.direction import read_from_right
from tasks.captions.emoji import FILE as EMOJI
from tasks.captions.emoji import Emoji
from tasks.captions.faces import FontFile
from tasks.captions.fonts import Typeface, find_typeface
from tasks.captions.letters import require_letters
from tasks.captions.scripts import COVERED, is_unspaced
from tasks.film.drawing.palette import Rgb

Align = Literal["left", "center", "right"]
_SHARE = {"left": 0.0, "center": 0.5, "right": 1.0}
_MEASURED = 100.0
"""Size at which widths are measured; they grow with the size."""
_BELOW = 0.24
"""What letters take below the baseline, in ems."""
_ACCENT = 0.2
"""What an accent takes above a capital, in ems."""
_TALL = 0.42
"""What letters of other scripts take more than capitals do: above, below, and between lines, in ems."""
_HALVINGS = 12
_FROM_RIGHT = "\u2067"
_BETWEEN = re.compile(r" +(?![–—-] )")
"""Where lines may end. A dash goes with the word before it: at the beginning of a line it is that of a speaker."""
_KEY = "\u20e3"
"""Makes a key of the figure before it."""
_AS_EMOJI = "\ufe0f"
"""Wanted of characters that may be text or emoji. The font's sequences are without it."""
_LEAST = 0.4
"""How far below its smallest size a text is brought that has no room: small letters are better than cut ones."""


@dataclass(frozen=True)
class Style:
    """How a text is set."""

    family: str
    bold: bool = False
    colour: Rgb = (255, 255, 255)
    leading: float = 1.12
    """From baseline to baseline, in ems."""
    tracking: float = 0.0
    """Room between letters, in ems."""
    align: Align = "left"
    capitals: bool = False
    from_right: bool = False
    """Whether left and right are exchanged within a text, as a mirror that shows its place does not: see `Stage`."""
    struck: bool = False
    """Whether a line is drawn through it."""
    fonts: tuple[Path, ...] = ()
    """Folders of the installation's own fonts."""

    @property
    def typeface(self) -> Typeface:
        """Raises InvalidInputError, which lists what there is, for an unknown family."""
        return _found(self.family, self.bold, self.fonts)


@dataclass(frozen=True)
class Block:
    """A text in its lines. Measures in pixels; its top is that of its capitals."""

    lines: tuple[str, ...]
    style: Style
    size: float
    width: float
    step: float
    """From baseline to baseline."""
    above: float
    """From its top to the first baseline."""
    below: float
    """From the last baseline to its bottom."""

    @property
    def height(self) -> float:
        """From the top of the first line to the lowest letters of the last."""
        return self.above + (len(self.lines) - 1) * self.step + self.below

    def draw(self, canvas: skia.Canvas, left: float, top: float, room: float | None = None) -> None:
        """Draws it; aligned in `room`, by default in its own width."""
        baseline = top + self.above
        for line in self.lines:
            wide = width(line, self.style) * self.size
            share = _SHARE[self.style.align]
            within = 1 - share if self.style.from_right else share
            at = left + ((room or self.width) - self.width) * share + (self.width - wide) * within
            paragraph = paragraph_of(line, self.style, self.size)
            paragraph.paint(canvas, at, baseline - paragraph.AlphabeticBaseline)
            if self.style.struck:
                middle = baseline - capital_height(self.style) * self.size * 0.48
                thick = max(2.0, self.size * 0.075)
                paint = skia.Paint(Color=skia.Color(*self.style.colour), AntiAlias=True, StrokeWidth=thick)
                canvas.drawLine(at, middle, at + wide, middle, paint)
            baseline += self.step


def fit(
    text: str, style: Style, room: tuple[float, float], sizes: tuple[float, float], lines: int = 3
) -> Block:
    """The text as large as it has room, in at most so many lines of about the same width.

    Args:
        text: Without characters that no font here has (`require`); a no-break space keeps words together.
        style: Of its letters.
        room: Width and height in pixels.
        sizes: Largest and smallest em in pixels. A text that has no room at the smallest is set in more lines, and then
            smaller, a word without a place to break it as small as it takes: nothing is cut off.
        lines: Most lines.
    """
    shown = text.upper() if style.capitals else text
    largest, smallest = sizes
    size = largest
    while size > smallest:
        block = _set(shown, style, size, room[0])
        if len(block.lines) <= lines and block.height <= room[1] and block.width <= room[0]:
            return block
        size *= 0.96
    size = smallest
    while True:
        block = _set(shown, style, size, room[0])
        if block.height <= room[1] and block.width <= room[0]:
            return block
        if size <= smallest * _LEAST:
            return _set(shown, style, size * min(1.0, room[0] / block.width), room[0])
        size *= 0.96


def require(texts: Sequence[str], style: Style, folders: Sequence[Path] = ()) -> None:
    """Checks that the fonts have every letter; see `tasks.captions.letters`.

    Raises MissingEngineError or InvalidInputError, which say what to fetch or to change.
    """
    installed = [
        name for name in COVERED if any(folder.name == name and folder.is_dir() for folder in folders)
    ]
    for text in texts:
        require_letters(text, style.typeface, installed)


def reads_from_right(text: str) -> bool:
    """Whether most words of a text are read from the right, as in Arabic and Hebrew."""
    return read_from_right(text.split())


@lru_cache(maxsize=4096)
def width(text: str, style: Style) -> float:
    """Of a line, in ems."""
    return float(paragraph_of(text, style, _MEASURED).LongestLine) / _MEASURED - style.tracking * bool(text)


@lru_cache(maxsize=64)
def capital_height(style: Style) -> float:
    """In ems."""
    metrics = skia.Font(_typeface(style.typeface.file), _MEASURED).getMetrics()
    return float(metrics.fCapHeight) / _MEASURED or 0.7


def _set(text: str, style: Style, size: float, room: float) -> Block:
    lines = tuple(_lines(text, style, room / size))
    wide = max((width(line, style) for line in lines), default=0.0) * size
    step, above, below = style.leading, capital_height(style), _BELOW
    if style.capitals and not any(c in text for c in "QJÇ,;"):
        below = 0.03
    if any(
        character in "ÁÀÂÃÄÅÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÑÇ" and character != "Ç" for character in (lines or ("",))[0]
    ):
        above += _ACCENT
    if any(run.helper for piece in style.typeface.pieces(text) if isinstance(piece, str)
           for run in style.typeface.runs(piece)[0]):  # fmt: skip
        step, above, below = step + _TALL, above + _TALL, below + _TALL
    elif any(isinstance(piece, Emoji) for piece in style.typeface.pieces(text)):
        above, below = max(above, 0.9), max(below, 0.2)
    return Block(lines, style, size, wide, step * size, above * size, below * size)


def _lines(text: str, style: Style, room: float) -> list[str]:
    """Cut into as few lines as there is room for (in ems), of about the same width."""
    pieces = list(_pieces(text, style, room))
    rows = rows_of(pieces, room)
    if len(rows) > 1:
        least, most = 0.0, room
        for _ in range(_HALVINGS):
            middle = (least + most) / 2
            tried = rows_of(pieces, middle)
            if len(tried) > len(rows) or max(map(_row_width, tried)) > middle:
                least = middle
            else:
                rows, most = tried, middle
    return ["".join(piece.text + " " * bool(piece.space) for piece in row).rstrip(" ") for row in rows]


def _pieces(text: str, style: Style, room: float) -> Iterator[Piece]:
    space = width("n n", style) - width("nn", style)
    for word in filter(None, _BETWEEN.split(text)):
        wide = width(word, style)
        # Phrases that have no room in a line stay whole, and make the letters smaller.
        parts = [word] if wide <= room and not any(map(is_unspaced, word)) else phrases(word)
        for part in parts[:-1]:
            yield Piece(part, width(part, style), 0.0)
        yield Piece(parts[-1], width(parts[-1], style), space)


def _row_width(row: Sequence[Piece]) -> float:
    return sum(piece.width + piece.space for piece in row) - row[-1].space


def paragraph_of(line: str, style: Style, size: float) -> "skia.textlayout.Paragraph":
    """The line, shaped; each part in the font that has its letters."""
    builder = skia.textlayout.ParagraphBuilder.make(
        skia.textlayout.ParagraphStyle(), _collection(), _unicode()
    )
    typeface = style.typeface.for_text(line)
    if reads_from_right(line):
        # The renderer has paragraphs from the left alone: within these marks (UAX 9) the order is that from the right.
        _add(builder, _FROM_RIGHT, _registered(typeface.file), size, style)
    for piece in typeface.pieces(line):
        if isinstance(piece, Emoji):
            if piece.text[-1] == _KEY:
                # The font's keys are no ligatures that the renderer finds: the figure says as much.
                _add(builder, piece.text[0], _registered(typeface.file), size, style)
                continue
            _add(builder, piece.text.replace(_AS_EMOJI, ""), "emoji", size, style, is_sign=piece.is_sign)
            continue
        for run in typeface.runs(piece)[0]:
            _add(builder, run.text, _registered(run.helper or typeface.file), size * run.scale, style)
    paragraph = builder.Build()
    paragraph.layout(1e6)
    return paragraph


def _add(
    builder: "skia.textlayout.ParagraphBuilder",
    text: str,
    family: str,
    size: float,
    style: Style,
    *,
    is_sign: bool = False,
) -> None:
    look = skia.textlayout.TextStyle()
    look.setFontFamilies([family])
    look.setFontSize(size)
    colour = skia.Color(*style.colour)
    if is_sign:
        filtered = skia.ColorFilters.Blend(colour, skia.BlendMode.kSrcIn)
        look.setForegroundPaint(skia.Paint(AntiAlias=True, ColorFilter=filtered))
    else:
        look.setColor(colour)
    look.setLetterSpacing(style.tracking * size)
    builder.pushStyle(look)
    builder.addText(text)


@lru_cache(maxsize=64)
def _found(family: str, bold: bool, folders: tuple[Path, ...]) -> Typeface:
    return find_typeface(family, bold=bold, folders=folders)


@lru_cache(maxsize=1)
def _unicode() -> "skia.Unicode":
    return skia.Unicodes.ICU.Make()


@lru_cache(maxsize=1)
def _files() -> skia.FontMgr:
    """Reads fonts of files; Skia's usual manager asks the machine's fontconfig, which may complain on the terminal."""
    return skia.FontMgr.New_Custom_Empty()


@lru_cache(maxsize=1)
def _provider() -> "skia.textlayout.TypefaceFontProvider":
    provider = skia.textlayout.TypefaceFontProvider()
    provider.registerTypeface(_files().makeFromFile(str(EMOJI)), "emoji")
    return provider


@lru_cache(maxsize=1)
def _collection() -> "skia.textlayout.FontCollection":
    collection = skia.textlayout.FontCollection()
    collection.setDefaultFontManager(_provider())
    return collection


@lru_cache(maxsize=256)
def _registered(face: FontFile) -> str:
    """Makes a face known to the renderer, and gives the name it goes by."""
    name = f"{face.path} {face.index}"
    _provider().registerTypeface(_typeface(face), name)
    return name


@lru_cache(maxsize=256)
def _typeface(face: FontFile) -> skia.Typeface:
    return _files().makeFromFile(str(face.path), face.index)
