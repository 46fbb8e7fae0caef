"""The parts of ASS, the language of styled subtitles, that captions are written in."""

import re
from collections.abc import Mapping

import pysubs2

from tasks.captions.fonts import Typeface
from tasks.captions.look import Canvas
from tasks.captions.reading import STYLING

STYLE = "caption"
DIRECTION_BY_TEXT = -1
"""Encoding of a style whose texts begin where the script that they are written in begins."""

# ASS knows no escape for the backslash: an invisible character keeps it from beginning a code.
_ESCAPES = str.maketrans({"\\": "\\\u200d", "{": "\\{", "}": "\\}"})
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


def styled_text(text: str, typeface: Typeface) -> tuple[str, str]:
    """A text as ASS, its styling kept, characters of other scripts set in the fonts that have them.

    Returns it and the characters that no font can draw, which are left out.
    """
    parts, lost = [], ""
    for piece in _STYLING.split(text):
        if piece in STYLING:
            parts.append(STYLING[piece])
            continue
        for number, line in enumerate(piece.split("\n")):
            if number:
                parts.append("\\N")
            runs, missing = typeface.runs(line)
            lost += missing
            for family, run in runs:
                escaped = run.translate(_ESCAPES)
                parts.append(escaped if family is None else f"{{\\fn{family}}}{escaped}{{\\fn}}")
    return "".join(parts), lost


def event(start: float, end: float, text: str, layer: int = 0) -> pysubs2.SSAEvent:
    """A line of the script; times in seconds. ASS counts in hundredths."""
    return pysubs2.SSAEvent(
        start=round(start * 100) * 10, end=round(end * 100) * 10, text=text, style=STYLE, layer=layer
    )


def codes(values: Mapping[str, object]) -> str:
    """Override codes from their names and values."""
    return "{" + "".join(f"\\{name}{value}" for name, value in values.items()) + "}"
