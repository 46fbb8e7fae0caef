"""Subtitles laid out as captions: one style for the whole file."""

import re
from collections.abc import Sequence

import pysubs2
from pydantic import BaseModel, ConfigDict

from tasks.captions.fonts import Typeface
from tasks.captions.look import (
    BorderChoice,
    Canvas,
    ColorChoice,
    FontChoice,
    PlaceChoice,
    SafeArea,
    TimeRange,
    numpad,
)
from tasks.captions.reading import Subtitle
from tasks.captions.script import DIRECTION_BY_TEXT, STYLE, ass_color, codes, event, new_script, styled_text
from tasks.captions.wording import Replacement, replaced
from tasks.subtitles.abbreviations import LANGUAGES, ends_sentence
from tasks.subtitles.pieces import Piece

_SIDES = 40
"""Pixels kept free on the left and on the right, of a picture whose shorter side has 1080."""
_SENTENCE_END = re.compile(r"([.!?…][\"'”’»)]*)[ \n]+(?=\S)")
_BOX_OPACITY = 0.75
"""Of the boxes of border styles 3 and 4: what is behind them stays visible."""
_SMALLEST = 0.25
"""Share of its size down to which a text is made smaller to show all of its lines."""


class SegmentLook(BaseModel):
    """All that a caller chooses about captions made of subtitles."""

    model_config = ConfigDict(frozen=True)

    font: FontChoice = FontChoice()
    colors: ColorChoice = ColorChoice()
    border: BorderChoice = BorderChoice()
    position: PlaceChoice = PlaceChoice()
    uppercase: bool = False
    safe_area: SafeArea = "none"
    break_sentences: bool = False
    replacements: tuple[Replacement, ...] = ()
    excluded: tuple[TimeRange, ...] = ()


def segment_script(
    subtitles: Sequence[Subtitle], look: SegmentLook, canvas: Canvas, typeface: Typeface
) -> tuple[pysubs2.SSAFile, str]:
    """The captions, and the characters that no font here can draw."""
    script = new_script(canvas)
    script.styles[STYLE] = _style(look, canvas, typeface)
    lost = ""
    for subtitle in subtitles:
        worded = _worded(subtitle.text, look)
        text, missing = styled_text(worded, typeface)
        lost += missing
        if text.strip():
            text = _shrunk(worded, look, canvas, typeface) + text
            script.extend(event(start, end, text) for start, end in _shown(subtitle, look.excluded))
    return script, lost


def _style(look: SegmentLook, canvas: Canvas, typeface: Typeface) -> pysubs2.SSAStyle:
    scale = canvas.scale
    left, right, _, _ = canvas.margins(_SIDES * scale, 0)
    top, bottom = canvas.edges(look.position.alignment, look.position.marginVertical * scale)
    alignment = numpad(look.position.alignment)
    return pysubs2.SSAStyle(
        fontname=typeface.family,
        encoding=DIRECTION_BY_TEXT,
        fontsize=look.font.size * scale,
        bold=look.font.bold,
        primarycolor=ass_color(look.colors.primary),
        outlinecolor=ass_color(look.colors.outline, _BOX_OPACITY if look.border.style == 3 else 1.0),
        backcolor=ass_color(look.colors.outline, _BOX_OPACITY),
        borderstyle=look.border.style,
        # Of a box it is the space between it and the letters.
        outline=look.border.width * scale if look.border.style != 4 else 0,
        shadow=look.border.width * scale if look.border.style == 4 else 0,
        alignment=pysubs2.Alignment(alignment),
        marginl=left,
        marginr=right,
        marginv=top if alignment >= 7 else bottom if alignment <= 3 else 0,
    )


def _shrunk(text: str, look: SegmentLook, canvas: Canvas, typeface: Typeface) -> str:
    """The code for a smaller size, if a text would leave the picture: a word too long for a line, too many lines."""
    full = look.font.size * canvas.scale
    edge = 2 * look.border.width * canvas.scale
    left, right, _, _ = canvas.margins(_SIDES * canvas.scale, 0)
    top, bottom = canvas.edges(look.position.alignment, look.position.marginVertical * canvas.scale)
    width, height = canvas.width - left - right - edge, canvas.height - top - bottom - edge
    lines = [[typeface.drawn_width(word, 1.0) for word in line.split()] for line in text.split("\n")]
    longest = max(max(line, default=0.0) for line in lines)
    size = min(full, width / longest) if longest else full
    space = typeface.width(" ", 1.0)
    while size > _SMALLEST * full and size * sum(_rows(line, space, width / size) for line in lines) > height:
        size *= 0.95
    return codes({"fs": f"{size:.2f}"}) if size < full else ""


def _rows(words: Sequence[float], space: float, room: float) -> int:
    """How many rows words of these widths take."""
    rows, used = 1, 0.0
    for word in words:
        if used and used + space + word > room:
            rows, used = rows + 1, word
        else:
            used += space + word if used else word
    return rows


def _worded(text: str, look: SegmentLook) -> str:
    text = replaced(text, look.replacements)
    if look.break_sentences:
        text = _SENTENCE_END.sub(_broken, text.replace("\n", " "))
    return text.upper() if look.uppercase else text


def _broken(end: re.Match[str]) -> str:
    """The end of a sentence with a new line after it; unchanged where it may be that of an abbreviation.

    In whatever language: callers do not say which it is, and subtitles without times of words tell no pause.
    """
    before = Piece(end.string[: end.end(1)].rpartition(" ")[2], spaced=True, start=0.0, end=0.0)
    after = Piece(end.string[end.end() :].partition(" ")[0], spaced=True, start=0.0, end=0.0)
    ends = all(ends_sentence(before, after, language) for language in LANGUAGES)
    return f"{end[1]}\n" if ends else end[0]


def _shown(subtitle: Subtitle, excluded: Sequence[TimeRange]) -> list[tuple[float, float]]:
    """When the subtitle is shown: its time without the excluded ranges."""
    times = [(subtitle.start, subtitle.end)]
    for hole in excluded:
        times = [
            part
            for start, end in times
            for part in ((start, min(end, hole.start)), (max(start, hole.end), end))
            if part[1] > part[0]
        ]
    return times
