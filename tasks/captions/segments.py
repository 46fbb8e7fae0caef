"""Subtitles laid out as captions: one style for the whole file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pysubs2
from pydantic import BaseModel, ConfigDict

from tasks.abbreviations import LANGUAGES
from tasks.captions.breaking import broken, pieces_of, rows_of
from tasks.captions.emoji import with_look
from tasks.captions.fonts import Typeface
from tasks.captions.layout import Frame, Spot, Text, arranged
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
from tasks.captions.placement import Placement
from tasks.captions.reading import Subtitle
from tasks.captions.rows import has_parts, rows_in
from tasks.captions.script import DIRECTION_BY_TEXT, STYLE, ass_color, codes, event, new_script, styled_text
from tasks.captions.styling import STYLING, without_styling
from tasks.captions.wording import Replacement, replaced
from tasks.subtitles.abbreviations import ends_sentence
from tasks.subtitles.pieces import Piece

_SIDES = 40
"""Pixels kept free on the left and on the right, of a picture whose shorter side has 1080."""
_STYLED = "".join(STYLING)
_SENTENCE_END = re.compile(rf"([.!?…][\"'”’»){_STYLED}]*) +(?=[{_STYLED} ]*[^\s{_STYLED}])")
_SAME_SPEAKER = re.compile(rf"\n(?![{_STYLED}]*[-‐-―−](?!\d))")
"""Where a line ends and the next one is not the words of somebody else, which begin with a dash."""
_BOX_OPACITY = 0.75
"""Of the boxes of border styles 3 and 4: what is behind them stays visible."""
_LEAST_BOX = 0.01
"""Border that makes the renderer draw a box at all; too thin to be seen."""
_ROW = "row"
"""The style of rows that are lines of the script of their own."""
_ROUNDING = 0.01
"""Pixels by which widths that are summed in another order may differ."""
_SMALLEST = 0.25
"""Share of its size down to which a text is made smaller to show all of its lines."""


class SegmentLook(BaseModel):
    """All that a caller chooses about captions made of subtitles."""

    model_config = ConfigDict(frozen=True)

    font: FontChoice = FontChoice()
    colors: ColorChoice = ColorChoice()
    border: BorderChoice = BorderChoice()
    position: PlaceChoice = PlaceChoice()
    placed_by_file: bool = True
    """Whether subtitles stand where their file wants them; where it says nothing, at `position`."""
    uppercase: bool = False
    safe_area: SafeArea = "none"
    break_sentences: bool = False
    replacements: tuple[Replacement, ...] = ()
    excluded: tuple[TimeRange, ...] = ()


def segment_script(
    subtitles: Sequence[Subtitle], look: SegmentLook, canvas: Canvas, typeface: Typeface
) -> tuple[pysubs2.SSAFile, str]:
    """The captions, and the characters that no font here can draw."""
    typeface = typeface.for_text("\n".join(subtitle.text for subtitle in subtitles))
    script = new_script(canvas)
    script.styles[STYLE] = _style(look, canvas, typeface)
    script.styles[_ROW] = _style(look.model_copy(update={"border": _one_box(look.border)}), canvas, typeface)
    frame = _frame(look, canvas)
    lost = ""
    drawn: list[_Drawn] = []
    for subtitle in subtitles:
        worded = _worded(subtitle.text, look)
        worded, size = _fitting(worded, look, frame, typeface)
        text, missing = styled_text(worded, typeface, size)
        lost += missing
        if text.strip():
            measured = _measured(subtitle, worded, size, typeface)
            drawn.append(
                _Drawn(subtitle, worded, text, size, measured, look.border.style == 3 and has_parts(text))
            )
    places = [(each.measured, _place(each, look)) for each in drawn]
    for each, spot in zip(drawn, arranged(places, frame), strict=True):
        for start, end in _shown(each.subtitle, look.excluded):
            if spot is None or not each.in_rows:
                script.append(
                    _at(event(start, end, _sized(each.text, each.size, look, canvas)), spot, canvas)
                )
                continue
            for row in _rows(each, spot, frame, look, typeface):
                row.start, row.end = (round(seconds * 100) * 10 for seconds in (start, end))
                script.append(row)
    return script, lost


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A subtitle as it is drawn."""

    subtitle: Subtitle
    worded: str
    text: str
    """As ASS."""
    size: float
    """Line height of its letters in pixels."""
    measured: Text
    in_rows: bool
    """Whether its rows are lines of their own in the script, because of their boxes."""


def _one_box(border: BorderChoice) -> BorderChoice:
    return BorderChoice(style=4, width=border.width)


def _place(drawn: _Drawn, look: SegmentLook) -> Placement | None:
    place = drawn.subtitle.place if look.placed_by_file else None
    return place or (Placement() if drawn.in_rows else None)


def _sized(text: str, size: float, look: SegmentLook, canvas: Canvas) -> str:
    smaller = codes({"fs": f"{size:.2f}"}) if size < look.font.size * canvas.scale else ""
    return smaller + with_look(text)


def _rows(
    drawn: _Drawn, spot: Spot, frame: Frame, look: SegmentLook, typeface: Typeface
) -> Iterator[pysubs2.SSAEvent]:
    """The rows of a text in their places, each with a box of its own; they have no times yet."""
    room = spot.right - spot.left + _ROUNDING if spot.breaks else frame.right - frame.left
    rows = rows_in(drawn.worded, drawn.measured, room)
    heights = [drawn.size * sum(typeface.line_height(row)) for row in rows]
    free = spot.bottom - spot.top - sum(heights)
    top = spot.top + free * {"top": 0.0, "middle": 0.5, "bottom": 1.0}[spot.row]
    x, _ = spot.anchor
    column = {"left": 7, "center": 8, "right": 9}[spot.column]
    for row, height in zip(rows, heights, strict=True):
        text, _ = styled_text(row, typeface, drawn.size)
        place = codes({"an": column, "pos": f"({x:.2f},{top:.2f})", "q": 2})
        line = event(0, 0, place + _sized(text, drawn.size, look, frame.canvas))
        line.style = _ROW
        if text.strip():
            yield line
        top += height


def _frame(look: SegmentLook, canvas: Canvas) -> Frame:
    """The part of the picture that texts may take, borders left out."""
    edge = look.border.width * canvas.scale
    vertical = look.position.marginVertical * canvas.scale
    left, right, safe_top, safe_bottom = canvas.margins(_SIDES * canvas.scale, 0)
    if look.placed_by_file:
        _, _, top, bottom = canvas.margins(0, vertical)
    else:
        top, bottom = canvas.edges(look.position.alignment, vertical)
    return Frame(
        canvas,
        left + edge,
        canvas.width - right - edge,
        max(top, safe_top + edge),
        canvas.height - max(bottom, safe_bottom + edge),
        look.position.alignment,
    )


def _at(line: pysubs2.SSAEvent, spot: Spot | None, canvas: Canvas) -> pysubs2.SSAEvent:
    """The line in its place. Margins of a line are where its rows are broken."""
    if spot is None:
        return line
    x, y = spot.anchor
    place = {"an": spot.number, "pos": f"({x:.2f},{y:.2f})"}
    if spot.breaks:
        line.marginl = max(1, int(spot.left))
        line.marginr = max(1, int(canvas.width - spot.right))
    else:
        place["q"] = 2
    line.text = codes(place) + line.text
    return line


def _style(look: SegmentLook, canvas: Canvas, typeface: Typeface) -> pysubs2.SSAStyle:
    scale = canvas.scale
    border = look.border.width * scale
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
        outline={1: border, 3: max(border, _LEAST_BOX), 4: 0}[look.border.style],
        shadow=border if look.border.style == 4 else 0,
        alignment=pysubs2.Alignment(alignment),
        marginl=left,
        marginr=right,
        marginv=top if alignment >= 7 else bottom if alignment <= 3 else 0,
    )


def _fitting(text: str, look: SegmentLook, frame: Frame, typeface: Typeface) -> tuple[str, float]:
    """The text and the size at which it stays in the frame.

    Lines without spaces are broken; all are smaller for a word too long for a line, and for too many lines.
    """
    full = look.font.size * frame.canvas.scale
    width, height = frame.right - frame.left, frame.bottom - frame.top
    lines = text.split("\n")
    pieces = [pieces_of(line, lambda part: typeface.drawn_width(part, 1.0), width / full) for line in lines]
    longest = max((piece.width for line in pieces for piece in line), default=0.0)
    size = min(full, width / longest) if longest else full
    row = sum(typeface.line_height(text))
    while (
        size > _SMALLEST * full
        and row * size * sum(max(1, len(rows_of(line, width / size))) for line in pieces) > height
    ):
        size *= 0.95
    shown = (broken(line, parts, width / size) for line, parts in zip(lines, pieces, strict=True))
    return "\n".join(shown), size


def _measured(subtitle: Subtitle, text: str, size: float, typeface: Typeface) -> Text:
    words = (line.split() for line in text.split("\n"))
    lines = tuple(tuple(typeface.drawn_width(word, size) for word in line) for line in words)
    row = sum(typeface.line_height(text))
    return Text(subtitle.start, subtitle.end, lines, typeface.width(" ", size), row * size)


def _worded(text: str, look: SegmentLook) -> str:
    text = replaced(text, look.replacements)
    if look.break_sentences:
        text = _SENTENCE_END.sub(_broken, _SAME_SPEAKER.sub(" ", text))
    return text.upper() if look.uppercase else text


def _broken(end: re.Match[str]) -> str:
    """The end of a sentence with a new line after it; unchanged where it may be that of an abbreviation.

    In whatever language: callers do not say which it is, and subtitles without times of words tell no pause.
    """
    before = _piece(without_styling(end.string[: end.end(1)]).split()[-1])
    after = _piece(without_styling(end.string[end.end() :]).split(maxsplit=1)[0])
    ends = all(ends_sentence(before, after, language) for language in LANGUAGES)
    return f"{end[1]}\n" if ends else end[0]


def _piece(word: str) -> Piece:
    return Piece(word, spaced=True, start=0.0, end=0.0)


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
