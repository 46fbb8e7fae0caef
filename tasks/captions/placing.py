"""Where every word stands: measured with the very font that draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tasks.captions.direction import as_seen
from tasks.captions.emphasis import bare_word
from tasks.captions.fonts import Typeface
from tasks.captions.lines import Card, plan_cards, plan_lines
from tasks.captions.look import Canvas, numpad
from tasks.captions.reading import SpokenWord
from tasks.captions.scripts import is_unspaced
from tasks.captions.word_look import CLASSIC_OUTLINE, HighlightLook
from tasks.errors import InvalidInputError

BOX_PADDING = 0.25
"""Between the words and the edge of the box behind them, as a share of the line height."""
_LEAST_ROOM = 2.0
"""Width that must be left for words, in line heights."""
_GROWS_INTO = 0.45
"""Share of the space beside a word that it may grow into."""
_TIGHT = 0.25
"""Share of the space around a spoken word that is left where words follow each other without spaces."""
_KEPT_MARKS = "?!¿¡#@&"
_SAID = ("&", "@", "#")
"""Marks that are words by themselves, as in "Cera & Cia"."""


class ShownWord(SpokenWord):
    """A word as it is written on the screen; `word` has all its punctuation, by which lines are planned."""

    text: str
    emphasised: bool
    number: int
    """Which of the shown words it is."""
    from_right: bool
    """Whether its sentence is read from the right."""


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word and its box on the screen, in pixels."""

    shown: ShownWord
    x: float
    y: float
    width: float
    size: float
    """Line height of its letters."""
    line_height: float
    growth: float
    """Up to which share of its size it may grow without touching others or leaving its room."""
    pad: float
    """Between it and the left and right edges of its box."""


@dataclass(frozen=True, slots=True)
class PlacedCard:
    """Lines that are shown together."""

    start: float
    end: float
    lines: tuple[tuple[PlacedWord, ...], ...]
    scale: float
    """The share of their size at which the widest line fits."""


class Placing:
    """Lines, cards and places of words for a look, a picture and a font. Raises InvalidInputError without room."""

    def __init__(self, look: HighlightLook, canvas: Canvas, typeface: Typeface) -> None:
        self._look = look
        self._canvas = canvas
        self._typeface = typeface
        self.size = look.tamanho_fonte * canvas.scale
        self.pad = look.highlight_borda * canvas.scale
        self._left, self._right, _, _ = canvas.margins(look.padding_horizontal * canvas.scale, 0)
        self._top, self._bottom = canvas.edges(look.position, look.padding_vertical * canvas.scale)
        self._gap = look.line_spacing / 100
        self._room = canvas.width - self._left - self._right - 2 * self.inset
        if self._room < _LEAST_ROOM * self.size:
            raise InvalidInputError(
                f"Beside a padding_horizontal of {look.padding_horizontal} there is no room for letters of "
                f"{look.tamanho_fonte} in a picture of {canvas.width}x{canvas.height}.",
                hint="Give a smaller padding_horizontal or a smaller tamanho_fonte.",
            )
        height = canvas.height - self._top - self._bottom - 2 * self.inset
        self._lines_with_room = max(1, int((height / self.size + self._gap) / (1 + self._gap)))
        space = typeface.width(" ", self.size) + self._spacing + 2 * self._beyond
        if look.style == "highlight":
            # The box of a word must not touch the outlines of the words beside it.
            space = max(space, 1.25 * self.pad) if not self._beyond else space + self.pad
        self._space = space

    @property
    def inset(self) -> float:
        """Between the words and the outer edge of what is drawn around them."""
        look = self._look
        reach = self._beyond + (2 * look.glow + look.shadow_distance + look.shadow_blur) / 100 * self.size
        return max(self.pad, BOX_PADDING * self.size if look.fundo_opacidade else 0.0, reach)

    @property
    def _beyond(self) -> float:
        """How much further than the classic outline, which stands in the padding, an outline reaches."""
        return max(0.0, self._look.outline_width - CLASSIC_OUTLINE) / 100 * self.size

    @property
    def _spacing(self) -> float:
        return self._look.letter_spacing / 100 * self.size

    def cards(self, words: Sequence[ShownWord]) -> list[PlacedCard]:
        """The words on the screen, card by card."""
        look = self._look
        single = look.style == "word_by_word"
        most_words = 1 if single else look.words_per_line
        most_lines = min(1 if single else look.max_lines, self._lines_with_room)
        lines = plan_lines(words, most_words, lambda line: self._width(line) <= self._room)
        # Without their marks nothing else shows where one sentence ends and the next begins.
        cards = plan_cards(lines, most_lines, by_sentence=look.strip_punctuation)
        return [self._placed(card) for card in cards]

    def _width(self, line: Sequence[ShownWord]) -> float:
        return sum(map(self._word_width, line)) + sum(map(self._between, line, line[1:]))

    def _between(self, word: ShownWord, following: ShownWord) -> float:
        """The space between two words; where their script has none, what a box around one of them needs."""
        if not _joined(word, following):
            return self._space
        return 2 * _TIGHT * self.pad if self._look.style == "highlight" else 0.0

    def _word_width(self, word: ShownWord) -> float:
        width = self._typeface.drawn_width(word.text, self.size)
        if self._spacing:
            letters = (piece for piece in self._typeface.pieces(word.text) if isinstance(piece, str))
            width += self._spacing * sum(map(len, letters))
        return width * self._emphasis(word)

    def _emphasis(self, word: ShownWord) -> float:
        return self._look.emphasis_scale / 100 if word.emphasised else 1.0

    def _placed(self, card: Card[ShownWord]) -> PlacedCard:
        words = card.lines
        widest = max(self._width(line) for line in words)
        scale = min(1.0, self._room / widest) if widest > 0 else 1.0
        size = self.size * scale
        height = size * (1 + self._gap) * len(words) - size * self._gap
        left, right, top, bottom = self._left, self._right, self._top, self._bottom
        place = numpad(self._look.position)
        row, column = (place - 1) // 3, (place - 1) % 3
        y = {
            0: self._canvas.height - bottom - self.inset - height,
            1: top + (self._canvas.height - top - bottom - height) / 2,
            2: top + self.inset,
        }[row]
        lines = []
        for line in words:
            width = self._width(line) * scale
            x = {
                0: left + self.inset,
                1: left + (self._canvas.width - left - right - width) / 2,
                2: self._canvas.width - right - self.inset - width,
            }[column]
            lines.append(self._placed_line(line, x, y, scale))
            y += size * (1 + self._gap)
        return PlacedCard(card.start, card.end, tuple(lines), scale)

    def _placed_line(
        self, line: Sequence[ShownWord], x: float, y: float, scale: float
    ) -> tuple[PlacedWord, ...]:
        order = as_seen([word.text for word in line], from_right=line[0].from_right)
        ordered = [line[place] for place in order]
        placed = []
        free = self._space * scale * _GROWS_INTO
        if len(line) == 1:
            free = max(free, (self._room - self._word_width(line[0]) * scale) / 2)
        for number, word in enumerate(ordered):
            width = self._word_width(word) * scale
            growth = 1 + 2 * free / width if width else 1.0
            size = self.size * scale
            beside = pairwise(line)
            tight = any(word in pair and _joined(*pair) for pair in beside)
            pad = self.pad * scale * (_TIGHT if tight else 1.0)
            placed.append(PlacedWord(word, x, y, width, size * self._emphasis(word), size, growth, pad))
            x += width
            if number + 1 < len(ordered):
                x += self._between(word, ordered[number + 1]) * scale
        return tuple(sorted(placed, key=lambda item: item.shown.start))


def without_punctuation(text: str) -> str:
    """The word without the marks around it, but for those that change how it is said."""
    bare = bare_word(text)
    if not bare:
        return text if text in _SAID else ""
    before, _, after = text.partition(bare)
    kept = ("".join(mark for mark in part if mark in _KEPT_MARKS) for part in (before, after))
    return f"{next(kept)}{bare}{next(kept)}"


def _joined(word: ShownWord, following: ShownWord) -> bool:
    """Whether two words are written without a space between them."""
    return is_unspaced(word.text[-1]) and is_unspaced(following.text[0])
