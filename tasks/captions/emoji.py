r"""Emoji in colour: found in texts, and drawn with what ASS has for drawings.

The renderer draws no colour fonts. Twemoji, as Mozilla makes a font of it, holds an emoji as flat outlines with a
colour each. As drawings of ASS they are laid over each other within the line, so that the renderer breaks, aligns and
orders lines with emoji as it does others: before each outline a space of negative width goes back to its beginning.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

FILE = Path(__file__).with_name("fonts") / "TwemojiMozilla.woff"
LOOK = "\uf8ff"
"""Stands in texts with emoji for the codes of the look of the letters; see `with_look`."""

_TEXT_STYLE, _EMOJI_STYLE = "\ufe0e", "\ufe0f"
"""Characters that want the one before them drawn as text, or as an emoji."""
_FROM = 0x1F000
"""Code point from which symbols are emoji unless they are wanted as text."""
_SHOWN_AS_EMOJI = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
"""Those below it: emoji-data.txt of Unicode 17, Emoji_Presentation."""
_POSSIBLE = re.compile("[#*0-9©®\u200d\u203c-\u3299\ufe0e\ufe0f\U0001f000-\U0001fbff\U000e0020-\U000e007f]")
_BOUND = re.compile("[\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*")
"""What changes the emoji before it: nothing where the font does not know the change."""
_STYLES = re.compile(f"[{_TEXT_STYLE}{_EMOJI_STYLE}]")
_SIGNS = frozenset("©®™✔✖✴➕➖➗➰〰♠♣💲🔙🔚🔛🔜🔝🟰")
"""Black in the font, where their colour means nothing: drawn in the colour of the letters."""
_EM = 0.95
"""Side of an emoji, as a share of the em of the letters beside it."""
_SQUARE = 572
"""Side of the square around every outline of the font, in its units; the square of an emoji is 512."""
WIDTH = _EM * _SQUARE / 512
"""Of an emoji with the space around it, in ems."""
_UNIT = 8
"""Drawings are in eighths of a pixel."""


@dataclass(frozen=True, slots=True)
class Emoji:
    """An emoji in a text."""

    text: str
    glyph: str
    """Its name in the font."""

    @property
    def is_sign(self) -> bool:
        """Whether it is drawn in the colour of the letters."""
        return self.text[0] in _SIGNS


class _Font:
    """What of the font is used: which sequences of characters are emoji, and how each is drawn."""

    def __init__(self, path: Path) -> None:
        with TTFont(path) as font:
            self.glyphs = font.getGlyphSet()
            self.layers: dict[str, list[tuple[str, int]]] = {
                name: [(layer.name, layer.colorID) for layer in layers]
                for name, layers in font["COLR"].ColorLayers.items()
            }
            self.palette = list(font["CPAL"].palettes[0])
            middle, half = (font["hhea"].ascent + font["hhea"].descent) / 2, _SQUARE / 2
            self.top, self.bottom = middle + half, middle - half
            self.left = (512 - _SQUARE) / 2
            self.sequences = _sequences(font, font.getBestCmap(), self.layers)
        self.longest = max(map(len, self.sequences))


def emoji_of(text: str, is_drawn: Callable[[str], bool]) -> Iterator[str | Emoji]:
    """The text cut at its emoji.

    A character that may be either is an emoji where it is wanted as one, or where no font `is_drawn` says so. Sequences
    that the font does not have fall into their parts. What is in no font stays text.
    """
    if not _POSSIBLE.search(text):
        if text:
            yield text
        return
    font, at, plain = _font(), 0, 0
    while at < len(text):
        found = _longest(text, at, font, is_drawn)
        if found is None:
            at += 1
            continue
        if shown := _STYLES.sub("", text[plain:at]):
            yield shown
        yield found
        at = plain = at + len(found.text)
    if shown := _STYLES.sub("", text[plain:]):
        yield shown


def drawing(emoji: Emoji, em: float, space: float) -> str:
    """The emoji as ASS beside letters of this em and with this width of their space, in pixels.

    A space of the emoji's width comes first: what is drawn behind or under the letters goes on there.
    """
    width = WIDTH * em
    back = f"{{\\p0\\fsp{-width - space:.3f}}}\\h"
    layers = [back + layer for layer in _layers(emoji.glyph, em, emoji.is_sign)]
    # Isolated, so that a line that is read from the right does not turn the order of the layers.
    strokes = f"{{\\bord0\\shad0}}{''.join(layers)}{{\\p0\\fsp0}}"
    return f"{{\\fsp0}}\u2066{_room(em, space)}{strokes}\u2069{{\\fsp{LOOK}}}"


def room(em: float, space: float) -> str:
    """The room of an emoji, as `drawing` takes it."""
    return f"{_room(em, space)}{{\\fsp}}"


def _room(em: float, space: float) -> str:
    return f"{{\\fsp{WIDTH * em - space:.3f}}}\\h"


def with_look(text: str, look: str = "") -> str:
    """The text with the codes of its letters' look wherever emoji need them: those given, else the style's."""
    return text.replace(LOOK, "\\1c\\1a\\bord\\shad" + look)


def _longest(text: str, at: int, font: _Font, is_drawn: Callable[[str], bool]) -> Emoji | None:
    """The longest emoji that begins at a place of a text."""
    key, found, end, last = "", "", at, at
    while end < len(text) and len(key) < font.longest:
        character, end = text[end], end + 1
        if character == _EMOJI_STYLE:
            continue
        key += character
        if key in font.sequences:
            found, last = key, end
    if not found:
        return None
    wanted = text[last : last + 1]
    if len(found) == 1 and wanted != _EMOJI_STYLE:
        as_emoji = ord(found) >= _FROM or found in _SHOWN_AS_EMOJI
        if wanted == _TEXT_STYLE or not as_emoji:
            as_emoji = not is_drawn(found)
        if not as_emoji:
            return None
    bound = _BOUND.match(text, last)
    return Emoji(text[at : bound.end() if bound else last], font.sequences[found])


def _sequences(font: TTFont, names: Mapping[int, str], layers: Mapping[str, object]) -> dict[str, str]:
    """Characters, without those that only want a style, to the glyph that they are drawn as."""
    characters = {name: chr(code) for code, name in names.items()}
    found = {character: name for name, character in characters.items() if name in layers}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            for first, ligatures in table.ligatures.items():
                for ligature in ligatures:
                    key = "".join(characters[name] for name in (first, *ligature.Component))
                    if ligature.LigGlyph in layers:
                        found[key.replace(_EMOJI_STYLE, "")] = ligature.LigGlyph
    return found


@lru_cache(maxsize=256)
def _layers(glyph: str, em: float, is_sign: bool) -> tuple[str, ...]:
    """The outlines of an emoji, from the back; each code ends within a drawing."""
    font = _font()
    scale = _EM * em * _UNIT / 512
    corner = round(_SQUARE * scale)
    # Points without a surface: they make every layer as large as the square.
    frame = f"m 0 0 l 0 0 0 0 m {corner} {corner} l {corner} {corner} {corner} {corner}"
    head = f"\\pbo{round(-font.bottom * scale)}\\p{_UNIT.bit_length()}"
    layers = [(name, font.palette[color]) for name, color in font.layers[glyph]]
    clears = any(paint.alpha < 255 for _, paint in layers)
    drawn = []
    for name, paint in layers:
        pen = _AssPen(font.glyphs, scale, -font.left, font.top)
        font.glyphs[name].draw(pen)
        # Only where an emoji needs it: the text as a whole may be transparent.
        clear = f"\\1a&H{255 - paint.alpha:02X}&" if clears else ""
        code = (
            LOOK + "\\bord0\\shad0"
            if is_sign
            else f"\\1c&H{paint.blue:02X}{paint.green:02X}{paint.red:02X}&{clear}"
        )
        drawn.append(f"{{{head}{code}}}{frame} {' '.join(pen.commands)}")
    return tuple(drawn)


class _AssPen(BasePen):  # type: ignore[misc] # the library has no types
    """Writes outlines as drawings of ASS."""

    def __init__(self, glyphs: object, scale: float, left: float, top: float) -> None:
        super().__init__(glyphs)
        self.commands: list[str] = []
        self._scale, self._left, self._top = scale, left, top

    def _at(self, *points: tuple[float, float]) -> str:
        return " ".join(
            f"{round((self._left + x) * self._scale)} {round((self._top - y) * self._scale)}"
            for x, y in points
        )

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802 - the library's name
        self.commands.append(f"m {self._at(pt)}")

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.commands.append(f"l {self._at(pt)}")

    def _curveToOne(  # noqa: N802
        self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]
    ) -> None:
        self.commands.append(f"b {self._at(pt1, pt2, pt3)}")


@lru_cache(maxsize=1)
def _font() -> _Font:
    return _Font(FILE)
