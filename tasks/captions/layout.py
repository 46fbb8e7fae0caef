"""Where subtitles that their file places stand in the picture: inside its margins, and beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.captions.look import Canvas, Position, numpad
from tasks.captions.placement import REGION_LINE, Column, Placement, Row

_NUMBERS: dict[Row, int] = {"bottom": 1, "middle": 4, "top": 7}
_OFFSETS: dict[Column, int] = {"left": 0, "center": 1, "right": 2}
_ALONG: dict[Column, float] = {"left": 0.0, "center": 0.5, "right": 1.0}
_DOWN: dict[Row, float] = {"top": 0.0, "middle": 0.5, "bottom": 1.0}
_NEAR = 0.01
"""Seconds and pixels below which two texts count as beside each other."""

_MOST_BESIDE = 8
"""Texts that are kept apart at one time."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What of a picture is free for subtitles, in pixels, and where those stand that no file places."""

    canvas: Canvas
    left: float
    right: float
    top: float
    bottom: float
    position: Position


@dataclass(frozen=True, slots=True)
class Text:
    """What is to be placed: when (seconds), how wide its lines are and how high one is (pixels)."""

    start: float
    end: float
    lines: tuple[tuple[float, ...], ...]
    """The widths of the words of each line."""
    space: float
    height: float

    def rows(self, room: float) -> int:
        """How many rows the text takes in lines of this width."""
        return sum(rows_of(line, self.space, room) for line in self.lines)

    @property
    def natural(self) -> float:
        """The width of its widest line."""
        return max((sum(line) + self.space * (len(line) - 1) for line in self.lines if line), default=0.0)

    @property
    def widest_word(self) -> float:
        """The least width of its lines."""
        return max((word for line in self.lines for word in line), default=0.0)


@dataclass(frozen=True, slots=True)
class Spot:
    """A text's box in the picture, in pixels; its lines are flush with the column."""

    start: float
    end: float
    left: float
    right: float
    top: float
    bottom: float
    row: Row
    column: Column
    breaks: bool
    """Whether its lines are broken."""

    @property
    def number(self) -> int:
        """Of its row and column on a keyboard, as ASS counts."""
        return _NUMBERS[self.row] + _OFFSETS[self.column]

    @property
    def anchor(self) -> tuple[float, float]:
        """The point at which `number` holds it."""
        return (
            self.left + (self.right - self.left) * _ALONG[self.column],
            self.top + (self.bottom - self.top) * _DOWN[self.row],
        )

    def meets(self, other: "Spot") -> bool:
        """Whether both are shown at one time and lie over each other."""
        return (
            self.start < other.end - _NEAR
            and other.start < self.end - _NEAR
            and self.left < other.right - _NEAR
            and other.left < self.right - _NEAR
            and self.top < other.bottom - _NEAR
            and other.top < self.bottom - _NEAR
        )


def rows_of(words: Sequence[float], space: float, room: float) -> int:
    """How many rows words of these widths take."""
    rows, used = 1, 0.0
    for word in words:
        if used and used + space + word > room:
            rows, used = rows + 1, word
        else:
            used += space + word if used else word
    return rows


def arranged(texts: Sequence[tuple[Text, Placement | None]], frame: Frame) -> list[Spot | None]:
    """The place of each text, in the order in which they begin.

    None where nothing is to be arranged: the renderer puts those into the style's place and stacks them by itself. A
    text that would lie over an earlier one moves up or down until it is free, if there is room.
    """
    placed = [text for text, place in texts if place is not None]
    spots: list[Spot | None] = []
    shown: list[Spot] = []
    near = 0
    for text, place in texts:
        # Both are in the order in which they begin.
        while near < len(placed) and placed[near].end <= text.start:
            near += 1
        if place is None and not _meets(text, placed, near):
            spots.append(None)
            continue
        shown = [spot for spot in shown if spot.end > text.start][-_MOST_BESIDE:]
        spot = _apart(_spot(text, place or Placement(), frame), shown, frame)
        shown.append(spot)
        spots.append(spot)
    return spots


def _meets(text: Text, placed: Sequence[Text], first: int) -> bool:
    """Whether one of the texts, from the first on, is shown at the same time; they are in the order of beginning."""
    for number in range(first, len(placed)):
        if placed[number].start >= text.end:
            return False
        if placed[number].end > text.start:
            return True
    return False


def _spot(text: Text, place: Placement, frame: Frame) -> Spot:
    default = numpad(frame.position) - 1
    row = place.row or ("bottom", "middle", "top")[default // 3]
    column = place.column or ("left", "center", "right")[default % 3]
    canvas = frame.canvas
    most = frame.right - frame.left
    if place.width is not None:
        most = min(most, max(place.width * canvas.width, text.widest_word))
    breaks = text.natural > most
    width = min(text.natural, most)
    along = _ALONG[column]
    x = frame.left + along * (frame.right - frame.left) if place.x is None else place.x * canvas.width
    left = _within(x - along * width, width, frame.left, frame.right)
    rows = text.rows(most)
    height = rows * text.height
    top = _within(_top(rows, text.height, place, row, frame), height, frame.top, frame.bottom)
    return Spot(text.start, text.end, left, left + width, top, top + height, row, column, breaks)


def _top(rows: int, line: float, place: Placement, row: Row, frame: Frame) -> float:
    if place.line is not None:
        # Players count in lines of their own letters: the same place for letters of any size.
        step = max(line, REGION_LINE * frame.canvas.height)
        if place.line >= 0:
            return frame.top + place.line * step
        return frame.bottom - max(0, -place.line - rows) * step - rows * line
    height = rows * line
    if place.y is not None:
        return place.y * frame.canvas.height - _DOWN[row] * height
    return frame.top + _DOWN[row] * (frame.bottom - frame.top - height)


def _apart(spot: Spot, shown: Sequence[Spot], frame: Frame) -> Spot:
    """The spot, moved to the nearest free place above or below; unmoved if there is none."""
    height = spot.bottom - spot.top
    edges = [other.bottom for other in shown] + [other.top - height for other in shown]
    for top in sorted((spot.top, *edges), key=lambda top: abs(top - spot.top)):
        if frame.top - _NEAR <= top <= frame.bottom - height + _NEAR or top == spot.top:
            moved = Spot(
                spot.start,
                spot.end,
                spot.left,
                spot.right,
                top,
                top + height,
                spot.row,
                spot.column,
                spot.breaks,
            )
            if not any(moved.meets(other) for other in shown):
                return moved
    return spot


def _within(begin: float, length: float, least: float, most: float) -> float:
    return max(least, min(begin, most - length))
