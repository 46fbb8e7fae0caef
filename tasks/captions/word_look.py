"""How captions made of words can look."""

import unicodedata
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.captions.look import Animation, Color, Position, SafeArea, Style, TimeRange
from tasks.captions.wording import Replacement
from tasks.errors import InvalidInputError

Preset = Literal["bold", "punch", "grow", "box", "clean", "news", "neon", "candy"]
Percent = Annotated[int, Field(ge=0, le=100)]
Around = Annotated[float, Field(ge=0, le=20)]
"""How far something reaches beyond the letters, in per cent of their height."""
Larger = Annotated[int, Field(ge=100, le=150)]
EmphasisWord = Annotated[str, Field(min_length=1, max_length=100)]

CLASSIC_OUTLINE = 5.5
"""Of letters, in per cent of their height: what is drawn where nothing else is asked for."""
READABLE = 4.5
"""Least contrast of a letter to what is around it: WCAG 2.2, 1.4.3."""


class HighlightLook(BaseModel):
    """What a caller chooses about captions made of words; its defaults are the classic look.

    Sizes in pixels of a picture whose shorter side has 1080, or in per cent of `tamanho_fonte` where it says so.
    """

    model_config = ConfigDict(frozen=True)

    # Portuguese or English: the names that callers send.
    fonte: str = "Arial Black"
    tamanho_fonte: int = 72
    fundo_cor: Color = "#000000"
    fundo_opacidade: Percent = 50
    fundo_arredondado: bool = True
    texto_cor: Color = "#FFFFFF"
    highlight_cor: Color = "#D60000"
    highlight_texto_cor: Color = "#FFFFFF"
    highlight_borda: float = 12
    """Between the spoken word and the edge of its box."""
    highlight_scale: Larger = 100
    """Of the spoken word, in per cent; less where it would touch its neighbours."""
    padding_horizontal: int = 40
    padding_vertical: int = 80
    """From the edges of the picture."""
    position: Position = "bottom_center"
    words_per_line: Annotated[int, Field(ge=1, le=10)] = 4
    max_lines: Annotated[int, Field(ge=1, le=5)] = 2
    line_spacing: Annotated[int, Field(ge=0, le=100)] = 22
    """Between two lines, in per cent of `tamanho_fonte`."""
    letter_spacing: Annotated[float, Field(ge=0, le=30)] = 0
    """In per cent of `tamanho_fonte`, as are the following."""
    outline_width: Around = CLASSIC_OUTLINE
    outline_color: Color = "#000000"
    shadow_distance: Around = 0
    shadow_blur: Around = 0
    shadow_color: Color = "#000000"
    glow: Around = 0
    glow_color: Color = "#FFFFFF"
    style: Style = "highlight"
    animation: Animation = "none"
    word_colors: tuple[Color, ...] = ()
    """Instead of `highlight_cor`: one word each, again and again."""
    emphasis_words: tuple[EmphasisWord, ...] = ()
    emphasis_auto: bool = False
    emphasis_color: Color = "#FFD60A"
    emphasis_scale: Larger = 100
    """In per cent."""
    uppercase: bool = False
    lowercase: bool = False
    strip_punctuation: bool = False
    safe_area: SafeArea = "none"
    replacements: tuple[Replacement, ...] = ()
    """Of parts of single words."""
    excluded: tuple[TimeRange, ...] = ()
    """Words that begin in one of these are not shown."""

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "HighlightLook":
        if self.uppercase and self.lowercase:
            raise InvalidInputError(
                "Captions cannot be in capitals and in small letters at once: uppercase and lowercase are both true.",
                hint="Set one of them to false; a preset may have set the other.",
            )
        return self

    def cased(self, word: str) -> str:
        """The word in the letters of the look; signs of currencies keep theirs: "r$" is none."""
        if self.lowercase and not any(unicodedata.category(letter) == "Sc" for letter in word):
            return word.lower()
        return word.upper() if self.uppercase else word

    @property
    def is_layered(self) -> bool:
        """Whether letters have more around them than the thin outline of a renderer."""
        return self.outline_width > CLASSIC_OUTLINE or bool(
            self.shadow_distance or self.shadow_blur or self.glow
        )

    @property
    def moves(self) -> bool:
        """Whether words change their size, or have not all the same one."""
        return self.highlight_scale > 100 or self.emphasis_scale > 100 or self.animation != "none"


def contrast(one: str, other: str) -> float:
    """Of two colours, 1 to 21, as WCAG 2 counts it."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def readable_outline(letters: str, asked: str) -> str:
    """The colour asked for an outline; black or white where letters in it could not be read."""
    if contrast(letters, asked) >= READABLE:
        return asked
    return max(("#000000", "#FFFFFF"), key=lambda color: contrast(letters, color))


def _luminance(color: str) -> float:
    """Relative luminance of sRGB."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
