"""Where lines may be broken: by Unicode's rules, in scripts without spaces by the dictionaries of ICU."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from icu4py.breakers import LineBreaker

from tasks.captions.scripts import is_unspaced

_BY_PHRASE = "ja-u-lw-phrase"
"""Japanese, Korean and Chinese are kept in phrases; the language makes no difference to other scripts."""
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
    """The text cut wherever a line may end; spaces stay with what they follow."""
    return list(LineBreaker(text, _BY_PHRASE))


def pieces_of(line: str, measure: Callable[[str], float], room: float) -> list[Piece]:
    """A line in its pieces: words, and the phrases of those that have no spaces or no room in a line.

    `measure` gives the width of a text in the unit of `room`.
    """
    space = measure(" ")
    found: list[Piece] = []
    for word in line.split():
        width = measure(word)
        if width <= room and not any(map(is_unspaced, word)):
            parts = [(word, width)]
        else:
            parts = [(part, measure(part)) for part in phrases(word)]
        found += (Piece(part, wide, 0.0) for part, wide in parts[:-1])
        found.append(Piece(*parts[-1], space))
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
