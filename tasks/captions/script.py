"""The parts of ASS, the language of styled subtitles, that captions are written in."""

import re
from collections.abc import Mapping

import pysubs2

from tasks.captions.emoji import Emoji, drawing, room
from tasks.captions.fonts import Run, Typeface
from tasks.captions.look import Canvas
from tasks.captions.styling import STYLING

STYLE = "caption"
DIRECTION_BY_TEXT = -1
"""Encoding of a style whose texts begin where the script that they are written in begins."""

# ASS knows no escape for the backslash: an invisible character keeps it from beginning a code.
_ESCAPES = str.maketrans({"\\": "\\\u200d", "{": "\\{", "}": "\\}"})
_UNIT = 8
"""Drawings are in eighths of a pixel, which ASS calls `p4`."""
_CURVE = 0.5523
"""Where the handles of a cubic curve lie that stands for a quarter of a circle."""
_STYLING = re.compile("([" + "".join(STYLING) + "])")


def new_script(canvas: Canvas) -> pysubs2.SSAFile:
    """An empty script in the pixels of the canvas."""
    script = pysubs2.SSAFile()
    script.styles.clear()
    script.info.update(
        {
            "PlayResX": str(canvas.width),
            "PlayResY": str(canvas.height),
            "ScaledBorderAndShadow": "yes",
            "YCbCr Matrix": "None",
            # Lines are broken so that the upper and the lower are about equally long.
            "WrapStyle": "0",
        }
    )
    return script


def ass_color(color: str, opacity: float = 1.0) -> pysubs2.Color:
    """A colour of ASS, whose last number is transparency."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return pysubs2.Color(red, green, blue, round(255 * (1 - opacity)))


def color_code(color: str) -> str:
    """The colour as it stands in override codes: blue first."""
    return f"&H{color[5:7]}{color[3:5]}{color[1:3]}&".upper()


def alpha_code(opacity: float) -> str:
    """An opacity (0 to 1) as it stands in override codes."""
    return f"&H{round(255 * (1 - opacity)):02X}&"


def styled_text(text: str, typeface: Typeface, size: float, *, draws_emoji: bool = True) -> tuple[str, str]:
    """A text as ASS, its styling kept, characters of other scripts set in the fonts that have them, emoji drawn.

    `size` is the line height in pixels. The codes of a look that changes the colour or the border of its letters must
    be made known: `with_look`. Without `draws_emoji` there is only room for them. Returns the text and the characters
    that no font can draw, which are left out.
    """
    parts, lost = [], ""
    for piece in _STYLING.split(text):
        if piece in STYLING:
            parts.append(STYLING[piece])
            continue
        for number, line in enumerate(piece.split("\n")):
            if number:
                parts.append("\\N")
            for part in typeface.pieces(line):
                if isinstance(part, Emoji):
                    em, space = typeface.em(size), typeface.width(" ", size)
                    parts.append(drawing(part, em, space) if draws_emoji else room(em, space))
                    continue
                runs, missing = typeface.runs(part)
                lost += missing
                parts.extend(_run_text(run) for run in runs)
    return "".join(parts), lost


def _run_text(run: Run) -> str:
    escaped = run.text.translate(_ESCAPES)
    if run.helper is None:
        return escaped
    # A size with a sign is a change by so many tenths of the size in force: texts may be made smaller as a whole.
    before, after = (
        f"{{\\fn{family}\\fs{(scale - 1) * 10:+.4f}}}"
        for family, scale in ((run.helper.family, run.scale), ("", 1 / run.scale))
    )
    return f"{before}{escaped}{after}"


def event(start: float, end: float, text: str, layer: int = 0) -> pysubs2.SSAEvent:
    """A line of the script; times in seconds. ASS counts in hundredths."""
    return pysubs2.SSAEvent(
        start=round(start * 100) * 10, end=round(end * 100) * 10, text=text, style=STYLE, layer=layer
    )


def codes(values: Mapping[str, object]) -> str:
    """Override codes from their names and values."""
    return "{" + "".join(f"\\{name}{value}" for name, value in values.items()) + "}"


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
