"""Texts cut into rows here, where the renderer's own rows would not do.

The renderer draws the box behind a line in pieces, one for each font, style and direction: they lie over each other at
their edges and differ in height. A row that is a line of the script of its own has one box.
"""

import re
import unicodedata

from tasks.captions.layout import Text, rows_of
from tasks.captions.placement import reads_from_right
from tasks.captions.styling import STYLING

_CODE = re.compile(r"(?<!\\)\{")
_MARK = re.compile("[" + "".join(STYLING) + "]")
_FROM_LEFT, _FROM_RIGHT = "\u200e", "\u200f"
"""Invisible characters that have a direction."""
_STEPS = 12
"""Halvings in which the width is found at which rows are about equally long."""


def has_parts(script_text: str) -> bool:
    """Whether the renderer draws a text, given as ASS, in several parts."""
    return bool(_CODE.search(script_text)) or any(
        unicodedata.bidirectional(c) in ("R", "AL") for c in script_text
    )


def rows_in(text: str, measured: Text, room: float) -> list[str]:
    """The rows of a text that has so much room, about equally long; styling goes on from row to row."""
    rows: list[str] = []
    styled: dict[str, str] = {}
    for line, widths in zip(text.split("\n"), measured.lines, strict=True):
        words, begin = line.split(), 0
        for end in _ends(widths, measured.space, room):
            row = " ".join(words[begin:end])
            if reads_from_right(row) != reads_from_right(line):
                row = (_FROM_RIGHT if reads_from_right(line) else _FROM_LEFT) + row
            rows.append("".join(styled.values()) + row)
            for mark in _MARK.findall(row):
                # The code of a mark: its third character names what it styles, the fourth whether it begins.
                name, begins = STYLING[mark][2], STYLING[mark][3] == "1"
                if begins:
                    styled[name] = mark
                else:
                    styled.pop(name, None)
            begin = end
    return rows


def _ends(widths: tuple[float, ...], space: float, room: float) -> list[int]:
    """After which words the rows end: as many as the room needs, in the least width that does with them."""
    count = rows_of(widths, space, room)
    least, most = max(widths, default=0.0), room
    for _ in range(_STEPS):
        middle = (least + most) / 2
        if rows_of(widths, space, middle) > count:
            least = middle
        else:
            most = middle
    ends, used = [], 0.0
    for number, width in enumerate(widths):
        if used and used + space + width > most:
            ends.append(number)
            used = 0.0
        used += space + width if used else width
    return [*ends, len(widths)] if widths else []
