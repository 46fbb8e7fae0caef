"""Where lines of captions are broken: at spaces, and between the phrases of scripts without spaces."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tasks.captions.scripts import is_unspaced
from tasks.captions.styling import begins_style, is_styling, without_styling
from tasks.subtitles import unspaced

_STEPS = 12
"""Halvings with which the narrowest lines are looked for: a four-thousandth of the room is seen by nobody."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line after which it may be broken."""

    text: str
    width: float
    space: float
    """Width of the space after it, where it is not the last of a line."""


def phrases(text: str) -> list[str]:
    """The text cut wherever a line had better end; spaces stay with what they follow.

    In scripts with spaces, wherever the rules of Unicode allow it.
    """
    bare = without_styling(text)
    by_phrase = any(map(is_unspaced, bare))
    return _with_styling(text, unspaced.phrases(bare) if by_phrase else unspaced.allowed_parts(bare))


def pieces_of(line: str, measure: Callable[[str], float], room: float) -> list[Piece]:
    """A line in its pieces: words, and the phrases of those that have no spaces or no room in a line.

    A phrase that has no room is cut wherever the rules of Unicode allow it.

    `measure` gives the width of a text in the unit of `room`.
    """
    space = measure(" ")
    found: list[Piece] = []
    for word in line.split():
        width = measure(word)
        if width <= room and not any(map(is_unspaced, word)):
            parts = [(word, width)]
        else:
            parts = [piece for part in phrases(word) for piece in _with_room(part, measure, room)]
        found += (Piece(part, wide, 0.0) for part, wide in parts[:-1])
        found.append(Piece(*parts[-1], space))
    return found


def _with_room(phrase: str, measure: Callable[[str], float], room: float) -> list[tuple[str, float]]:
    width = measure(phrase)
    if width <= room:
        return [(phrase, width)]
    parts = _with_styling(phrase, unspaced.allowed_parts(without_styling(phrase)))
    return [(part, measure(part)) for part in parts]


def _with_styling(text: str, parts: Sequence[str]) -> list[str]:
    """The parts of a text without styling, with the styling that it has."""
    found = [""] * max(1, len(parts))
    number = left = 0
    for character in text:
        if not is_styling(character):
            if not left:
                left = len(parts[number])
            found[number] += character
            left -= 1
            number += not left
        elif (left or begins_style(character)) and number < len(parts):
            found[number] += character
        else:
            found[max(0, number - 1)] += character
    return found


def rows_of(pieces: Sequence[Piece], room: float) -> list[list[Piece]]:
    """The pieces in rows that are as full as they can be."""
    rows: list[list[Piece]] = []
    used = 0.0
    for piece in pieces:
        if rows and used + piece.width <= room:
            rows[-1].append(piece)
        else:
            rows.append([piece])
            used = 0.0
        used += piece.width + piece.space
    return rows


def broken(line: str, pieces: Sequence[Piece], room: float) -> str:
    """The line with new lines in it: as few as need be, of about the same width.

    Unchanged where it has room, and where it can be broken at spaces, which renderers do by themselves.
    """
    rows = rows_of(pieces, room)
    if len(rows) < 2 or all(piece.space for piece in pieces[:-1]):
        return line
    least, most = 0.0, room
    for _ in range(_STEPS):
        middle = (least + most) / 2
        tried = rows_of(pieces, middle)
        if len(tried) > len(rows) or max(map(_width, tried)) > room:
            least = middle
        else:
            rows, most = tried, middle
    return "\n".join(map(_text, rows))


def _width(row: Sequence[Piece]) -> float:
    return sum(piece.width + piece.space for piece in row) - row[-1].space


def _text(row: Sequence[Piece]) -> str:
    return "".join(piece.text + " " * bool(piece.space) for piece in row).rstrip()


def timed_phrases(text: str, start: float, end: float) -> Iterator[tuple[str, float, float]]:
    """A word of a script without spaces in its phrases, each with its share of the time by its length."""
    parts = phrases(text) if any(map(is_unspaced, text)) else [text]
    done, each = 0, (end - start) / max(1, len(text))
    for part in parts:
        yield part, start + done * each, start + (done + len(part)) * each
        done += len(part)
