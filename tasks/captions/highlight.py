"""Captions word by word: the spoken one stands out.

Every word is placed on its own, measured with the very font that draws it, so that the box behind it fits and words
do not move when one of them changes.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import pysubs2
from pydantic import BaseModel, ConfigDict, Field

from tasks.captions.fonts import Typeface
from tasks.captions.lines import Card, Line, plan_cards, plan_lines
from tasks.captions.look import (
    Canvas,
    Color,
    Position,
    SafeArea,
    Style,
    TimeRange,
    numpad,
)
from tasks.captions.reading import SpokenWord
from tasks.captions.script import (
    DIRECTION_BY_TEXT,
    STYLE,
    alpha_code,
    ass_color,
    codes,
    color_code,
    event,
    new_script,
    styled_text,
)
from tasks.captions.wording import Replacement, replaced_words
from tasks.errors import InvalidInputError

_BOX, _WORD_BOX, _TEXT = 0, 1, 2
"""Layers, from the back."""
_GAP = 0.15
"""Seconds between two words up to which the first stays highlighted until the second."""
_LINE_GAP = 0.22
"""Between two lines, as a share of the line height."""
_ROUND = 0.28
"""Radius of corners, as a share of the line height."""
_BOX_PADDING = 0.25
"""Between the words and the edge of the box behind them, as a share of the line height."""
_OUTLINE = 0.055
"""Of letters, as a share of the line height."""
_LEAST_ROOM = 2.0
"""Width that must be left for words, in line heights."""
_UNDERLINE, _BELOW = 0.08, 0.93
"""Thickness and place of the line under a word."""
_UNIT = 8
"""Drawings are in eighths of a pixel."""
_CURVE = 0.5523
"""Where the handles of a cubic curve lie that stands for a quarter of a circle."""


Codes = Mapping[str, object]


class HighlightLook(BaseModel):
    """What a caller chooses about captions made of words; sizes in pixels of a picture whose shorter side has 1080."""

    model_config = ConfigDict(frozen=True)

    # Portuguese or English: the names that callers send.
    fonte: str = "Arial Black"
    tamanho_fonte: int = 72
    fundo_cor: Color = "#000000"
    fundo_opacidade: Annotated[int, Field(ge=0, le=100)] = 50
    fundo_arredondado: bool = True
    texto_cor: Color = "#FFFFFF"
    highlight_cor: Color = "#D60000"
    highlight_texto_cor: Color = "#FFFFFF"
    highlight_borda: float = 12
    """Between the spoken word and the edge of its box."""
    padding_horizontal: int = 40
    padding_vertical: int = 80
    """From the edges of the picture."""
    position: Position = "bottom_center"
    words_per_line: Annotated[int, Field(ge=1, le=10)] = 4
    max_lines: Annotated[int, Field(ge=1, le=5)] = 2
    style: Style = "highlight"
    uppercase: bool = False
    safe_area: SafeArea = "none"
    replacements: tuple[Replacement, ...] = ()
    """Of parts of single words."""
    excluded: tuple[TimeRange, ...] = ()
    """Words that begin in one of these are not shown."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A word and its box on the screen, in pixels."""

    word: SpokenWord
    text: str
    """As ASS."""
    x: float
    y: float
    width: float


def highlight_script(
    words: Sequence[SpokenWord], look: HighlightLook, canvas: Canvas, typeface: Typeface
) -> tuple[pysubs2.SSAFile, str]:
    """The captions, and the characters that no font here can draw."""
    return _Captions(look, canvas, typeface).script(words)


class _Captions:
    def __init__(self, look: HighlightLook, canvas: Canvas, typeface: Typeface) -> None:
        self._look = look
        self._canvas = canvas
        self._typeface = typeface
        self._size = look.tamanho_fonte * canvas.scale
        self._pad = look.highlight_borda * canvas.scale
        self._left, self._right, _, _ = canvas.margins(look.padding_horizontal * canvas.scale, 0)
        self._top, self._bottom = canvas.edges(look.position, look.padding_vertical * canvas.scale)
        self._room = canvas.width - self._left - self._right - 2 * self._inset
        if self._room < _LEAST_ROOM * self._size:
            raise InvalidInputError(
                f"Beside a padding_horizontal of {look.padding_horizontal} there is no room for letters of "
                f"{look.tamanho_fonte} in a picture of {canvas.width}x{canvas.height}.",
                hint="Give a smaller padding_horizontal or a smaller tamanho_fonte.",
            )
        height = canvas.height - self._top - self._bottom - 2 * self._inset
        self._lines_with_room = max(1, int((height / self._size + _LINE_GAP) / (1 + _LINE_GAP)))
        space = typeface.width(" ", self._size)
        self._space = max(space, 1.25 * self._pad) if look.style == "highlight" else space

    @property
    def _inset(self) -> float:
        """Between the words and the outer edge of what is drawn around them."""
        return max(self._pad, _BOX_PADDING * self._size if self._look.fundo_opacidade else 0.0)

    def script(self, words: Sequence[SpokenWord]) -> tuple[pysubs2.SSAFile, str]:
        script = new_script(self._canvas)
        script.styles[STYLE] = pysubs2.SSAStyle(
            fontname=self._typeface.family,
            encoding=DIRECTION_BY_TEXT,
            fontsize=self._size,
            bold=self._typeface.bold,
            primarycolor=ass_color(self._look.texto_cor),
            outlinecolor=ass_color("#000000"),
            borderstyle=1,
            outline=_OUTLINE * self._size,
            shadow=0,
            alignment=pysubs2.Alignment.TOP_LEFT,
            marginl=0,
            marginr=0,
            marginv=0,
        )
        shown, lost = self._drawable(words)
        most = 1 if self._look.style == "word_by_word" else self._look.words_per_line
        lines = plan_lines(shown, most, lambda line: self._width(line) <= self._room)
        most_lines = 1 if self._look.style == "word_by_word" else self._look.max_lines
        most_lines = min(most_lines, self._lines_with_room)
        for card in plan_cards(lines, most_lines):
            script.extend(self._card(card))
        return script, lost

    def _drawable(self, words: Sequence[SpokenWord]) -> tuple[list[SpokenWord], str]:
        shown, lost = [], ""
        for word in replaced_words(words, self._look.replacements):
            if any(hole.start <= word.start < hole.end for hole in self._look.excluded):
                continue
            text, missing = self._typeface.drawable(word.word.upper() if self._look.uppercase else word.word)
            lost += missing
            if text.strip():
                shown.append(SpokenWord(word=text.strip(), start=word.start, end=word.end))
        return shown, lost

    def _width(self, line: Line) -> float:
        return sum(self._word_width(word) for word in line) + self._space * (len(line) - 1)

    def _word_width(self, word: SpokenWord) -> float:
        return self._typeface.drawn_width(word.word, self._size)

    def _card(self, card: Card) -> Iterator[pysubs2.SSAEvent]:
        placed, scale = self._placed(card)
        if self._look.fundo_opacidade:
            yield self._background(card, placed, scale)
        words = [word for line in placed for word in line]
        starts = [word.word.start for word in words[1:]]
        for word, following in zip(words, [*starts, card.end], strict=True):
            end = following if following - word.word.end <= _GAP else word.word.end
            yield from self._word(card, word, max(end, word.word.start), scale)

    def _placed(self, card: Card) -> tuple[list[list[_Placed]], float]:
        """The words of each line, and the share of their size at which the widest line fits."""
        widest = max(self._width(line) for line in card.lines)
        scale = min(1.0, self._room / widest) if widest > 0 else 1.0
        size = self._size * scale
        height = size * (1 + _LINE_GAP) * len(card.lines) - size * _LINE_GAP
        left, right, top, bottom = self._left, self._right, self._top, self._bottom
        place = numpad(self._look.position)
        row, column = (place - 1) // 3, (place - 1) % 3
        y = {
            0: self._canvas.height - bottom - self._inset - height,
            1: top + (self._canvas.height - top - bottom - height) / 2,
            2: top + self._inset,
        }[row]
        lines = []
        for line in card.lines:
            width = self._width(line) * scale
            x = {
                0: left + self._inset,
                1: left + (self._canvas.width - left - right - width) / 2,
                2: self._canvas.width - right - self._inset - width,
            }[column]
            lines.append(self._placed_line(line, x, y, scale))
            y += size * (1 + _LINE_GAP)
        return lines, scale

    def _placed_line(self, line: Line, x: float, y: float, scale: float) -> list[_Placed]:
        # What is read from the right begins there.
        ordered = list(reversed(line)) if _reads_from_right(line) else list(line)
        placed = []
        for word in ordered:
            width = self._word_width(word) * scale
            text, _ = styled_text(word.word, self._typeface)
            placed.append(_Placed(word, text, x, y, width))
            x += width + self._space * scale
        return sorted(placed, key=lambda item: item.word.start)

    def _word(self, card: Card, word: _Placed, end: float, scale: float) -> Iterator[pysubs2.SSAEvent]:
        look, start = self._look, word.word.start
        plain = {"1c": color_code(look.texto_cor)}
        spoken = {"1c": color_code(look.highlight_texto_cor)}
        match look.style:
            case "classic" | "word_by_word":
                yield self._text(word, card.start, card.end, plain, scale)
                return
            case "karaoke":
                yield from self._spans(word, ((card.start, start, plain),), scale)
                reached = {"1c": color_code(look.highlight_cor)}
                yield from self._spans(word, ((start, card.end, reached),), scale)
                return
            case "underline":
                yield from self._spans(word, ((card.start, card.end, plain),), scale)
                thick = _UNDERLINE * self._size * scale
                below = word.y + _BELOW * self._size * scale
                yield self._drawing(
                    (word.x, below, word.width, thick),
                    thick / 2,
                    look.highlight_cor,
                    1.0,
                    start,
                    end,
                    _WORD_BOX,
                )
                return
        boxed = {**spoken, "bord": 0}
        yield from self._spans(word, ((card.start, start, plain), (end, card.end, plain)), scale)
        yield from self._spans(word, ((start, end, boxed),), scale)
        pad, size = self._pad * scale, self._size * scale
        radius = _ROUND * size if look.fundo_arredondado else 0.0
        area = (word.x - pad, word.y - pad / 2, word.width + 2 * pad, size + pad)
        yield self._drawing(area, radius, look.highlight_cor, 1.0, start, end, _WORD_BOX)

    def _spans(
        self, word: _Placed, spans: Sequence[tuple[float, float, Codes]], scale: float
    ) -> Iterator[pysubs2.SSAEvent]:
        for start, end, changes in spans:
            if round(end * 100) > round(start * 100):
                yield self._text(word, start, end, changes, scale)

    def _text(
        self, word: _Placed, start: float, end: float, changes: Codes, scale: float
    ) -> pysubs2.SSAEvent:
        sized = {"fs": f"{self._size * scale:.2f}"} if scale < 1 else {}
        place = codes({"an": 7, "pos": f"({word.x:.2f},{word.y:.2f})", "q": 2, **sized, **changes})
        return event(start, end, place + word.text, _TEXT)

    def _background(self, card: Card, lines: list[list[_Placed]], scale: float) -> pysubs2.SSAEvent:
        size = self._size * scale
        inset = self._inset * scale
        words = [word for line in lines for word in line]
        left = min(word.x for word in words) - inset
        right = max(word.x + word.width for word in words) + inset
        top = lines[0][0].y - inset * 0.6
        bottom = lines[-1][0].y + size + inset * 0.6
        radius = _ROUND * size * 1.3 if self._look.fundo_arredondado else 0.0
        return self._drawing(
            (left, top, right - left, bottom - top),
            radius,
            self._look.fundo_cor,
            self._look.fundo_opacidade / 100,
            card.start,
            card.end,
            _BOX,
        )

    def _drawing(
        self,
        area: tuple[float, float, float, float],
        radius: float,
        color: str,
        opacity: float,
        start: float,
        end: float,
        layer: int,
    ) -> pysubs2.SSAEvent:
        x, y, width, height = area
        look = {"1c": color_code(color), "1a": alpha_code(opacity), "bord": 0, "shad": 0}
        place = codes({"an": 7, "pos": f"({x:.2f},{y:.2f})", **look, "p": _UNIT.bit_length()})
        return event(start, end, place + rounded_box(width, height, radius), layer)


def rounded_box(width: float, height: float, radius: float) -> str:
    """A box with round corners as a drawing of ASS, in eighths of a pixel."""
    w, h = round(width * _UNIT), round(height * _UNIT)
    r = round(min(radius, width / 2, height / 2) * _UNIT)
    if r <= 0:
        return f"m 0 0 l {w} 0 {w} {h} 0 {h}"
    c = round(r * (1 - _CURVE))
    return (
        f"m {r} 0 l {w - r} 0 b {w - c} 0 {w} {c} {w} {r} l {w} {h - r} b {w} {h - c} {w - c} {h} {w - r} {h} "
        f"l {r} {h} b {c} {h} 0 {h - c} 0 {h - r} l 0 {r} b 0 {c} {c} 0 {r} 0"
    )


def _reads_from_right(line: Line) -> bool:
    """By the first letter that has a direction."""
    for word in line:
        for character in word.word:
            direction = unicodedata.bidirectional(character)
            if direction in ("R", "AL"):
                return True
            if direction == "L":
                return False
    return False
