"""Where a file of subtitles wants a cue to stand: the settings of WebVTT and the codes of ASS, as one thing.

What cannot be read is passed over: a place is never worth a text.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tasks.captions.styling import without_styling

Row = Literal["top", "middle", "bottom"]
Column = Literal["left", "center", "right"]

ASS_RESOLUTION = (384, 288)
"""Pixels in which a file counts that does not say so; as libass and ffmpeg take it."""
REGION_LINE = 0.0533
"""Height of a line of a region, as a share of the picture's: WebVTT, "6. Rendering", 5.33vh."""
_MOST_LINES = 100

_ROWS: tuple[Row, ...] = ("bottom", "middle", "top")
_COLUMNS: tuple[Column, ...] = ("left", "center", "right")
_ALIGNMENT = re.compile(r"\\an([1-9])(?!\d)|\\a(1[01]|[1-9])(?!\d)")
_POINT = re.compile(r"\\(?:pos|move)\(\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*[,)]")
_SETTING = re.compile(r"(line|position|size|align|vertical|region):(\S+)")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)%$")
_LINE = re.compile(r"-?\d{1,4}$")
_ANCHOR = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)%,(\d{1,3}(?:\.\d{1,9})?)%$")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a cue stands; what is None is left to the style. Shares (0 to 1) are those of the picture's sides."""

    row: Row | None = None
    """Which part of the text stands at `y`; without one, at which edge of the picture it stands."""
    column: Column | None = None
    """Which end of its lines stands at `x`; without one, at which edge of the picture they begin."""
    x: float | None = None
    y: float | None = None
    line: int | None = None
    """Instead of `y`, lines from the top (from 0) or from the bottom (from -1)."""
    width: float | None = None
    """Share of the picture's width that its lines may take."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture that cues of WebVTT may stand in; see its "REGION" blocks."""

    width: float = 1.0
    lines: int = 3
    anchor: tuple[float, float] = (0.0, 1.0)
    """The point of the region that stands at `at`."""
    at: tuple[float, float] = (0.0, 1.0)

    @property
    def left(self) -> float:
        """Share of the picture's width at which it begins."""
        return _share(self.at[0] - self.anchor[0] * self.width)

    @property
    def bottom(self) -> float:
        """Share of the picture's height at which it ends."""
        return _share(self.at[1] + (1 - self.anchor[1]) * self.lines * REGION_LINE)


def placement_of_codes(
    text: str, resolution: tuple[float, float] | None = None, alignment: int = 2
) -> Placement | None:
    r"""What the codes of ASS in a text say (`\an`, `\a`, `\pos`, `\move`: its beginning); None if nothing.

    `alignment` is the style's, as a number of the keyboard. Without a `resolution` the file names none: points outside
    of `ASS_RESOLUTION` are then in pixels that nobody knows, and passed over.
    """
    code = _ALIGNMENT.search(text)
    number = alignment
    if code and code[1]:
        number = int(code[1])
    elif code and int(code[2]) not in (4, 8):
        # The older numbers: 1 to 3 are at the bottom, 5 to 7 at the top, 9 to 11 in the middle.
        old = int(code[2])
        number = old % 4 + {0: 0, 1: 6, 2: 3}[old // 4]
    row, column = _ROWS[(number - 1) // 3], _COLUMNS[(number - 1) % 3]
    point = _POINT.search(text)
    if point:
        width, height = resolution or ASS_RESOLUTION
        x, y = float(point[1]) / width, float(point[2]) / height
        if resolution or (0 <= x <= 1 and 0 <= y <= 1):
            return Placement(row, column, _share(x), _share(y))
    return Placement(row, column) if number != 2 else None


def within_margins(
    place: Placement | None, margins: tuple[int, int, int], resolution: tuple[float, float]
) -> Placement | None:
    """A place by codes with the margins that a line of ASS has for itself: left, right and at its edge, in pixels.

    0 is the style's, as in the file. A point needs no margins, and a line in the middle has none at its edge.
    """
    place = place or Placement()
    left, right, edge = (max(0, margin) for margin in margins)
    if place.x is not None or not (left or right or edge):
        return place if place != Placement() else None
    width, height = resolution
    if left or right:
        begin, end = _share(left / width), _share(1 - right / width)
        if begin < end:
            column = place.column or "center"
            x = {"left": begin, "center": (begin + end) / 2, "right": end}[column]
            place = replace(place, column=column, x=x, width=end - begin)
    if edge and place.row != "middle":
        row = place.row or "bottom"
        place = replace(place, row=row, y=_share(edge / height if row == "top" else 1 - edge / height))
    return place if place != Placement() else None


def placement_of_settings(
    settings: str, regions: Mapping[str, Region], *, from_right: bool = False
) -> Placement | None:
    """What the settings of a cue of WebVTT say; None if nothing, or if its text is to be written from top to bottom.

    `from_right` is the direction of the text: `start` is where it begins.
    """
    said = dict(_SETTING.findall(settings))
    if not said or said.get("vertical") in ("rl", "lr"):
        return None
    region = regions.get(said.get("region", ""))
    column = _column(said.get("align", ""), from_right)
    x, width = _across(said, column or "center")
    place = replace(_line(said.get("line", "")), column=column, x=x, width=width)
    if region is not None and not said.get("line"):
        size = region.width * (1.0 if width is None else width)
        within = {"left": 0.0, "center": 0.5, "right": 1.0}[column or "center"] if x is None else x
        across = _share(region.left + region.width * within)
        place = Placement("bottom", column or "center", across, region.bottom, None, size)
    return place if place != Placement() else None


def regions_of(lines: Iterable[str]) -> dict[str, Region]:
    """The regions that the head of a WebVTT file defines, by their names."""
    found: dict[str, Region] = {}
    within: dict[str, str] | None = None
    for line in lines:
        if "-->" in line:
            break
        if line.strip() == "REGION":
            within = {}
        elif not line.strip():
            within = None
        elif within is not None:
            said = (part.partition(":") for part in line.split())
            within.update((name, value) for name, _, value in said)
            if "id" in within:
                found[within["id"]] = _region(within)
    return found


def reads_from_right(text: str) -> bool:
    """Whether a text is read from the right: by its first letter that has a direction."""
    for character in without_styling(text):
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


def _region(said: Mapping[str, str]) -> Region:
    region = Region()
    width = _percent(said.get("width", ""))
    if width is not None:
        region = replace(region, width=width)
    if said.get("lines", "").isdecimal():
        region = replace(region, lines=min(int(said["lines"][:4]), _MOST_LINES))
    if anchor := _ANCHOR.match(said.get("regionanchor", "")):
        region = replace(region, anchor=(_share(float(anchor[1]) / 100), _share(float(anchor[2]) / 100)))
    if at := _ANCHOR.match(said.get("viewportanchor", "")):
        region = replace(region, at=(_share(float(at[1]) / 100), _share(float(at[2]) / 100)))
    return region


def _line(value: str) -> Placement:
    value, _, alignment = value.partition(",")
    rows: dict[str, Row] = {"center": "middle", "middle": "middle", "end": "bottom"}
    percent = _percent(value)
    if percent is not None:
        return Placement(row=rows.get(alignment, "top"), y=percent)
    if _LINE.match(value):
        return Placement(row="top", line=max(-_MOST_LINES, min(int(value), _MOST_LINES)))
    return Placement()


def _column(value: str, from_right: bool) -> Column | None:
    begin: Column = "right" if from_right else "left"
    end: Column = "left" if from_right else "right"
    columns: dict[str, Column] = {"center": "center", "middle": "center", "left": "left", "right": "right"}
    return (columns | {"start": begin, "end": end}).get(value)


def _across(said: Mapping[str, str], column: Column) -> tuple[float | None, float | None]:
    """Where the column of a cue's lines stands, and how wide they may be; both as shares of the picture's width."""
    value, _, alignment = said.get("position", "").partition(",")
    size, position = _percent(said.get("size", "")), _percent(value)
    if size is None and position is None:
        return None, None
    if position is None:
        position = {"left": 0.0, "center": 0.5, "right": 1.0}[column]
    anchors: dict[str, Column] = {
        "line-left": "left",
        "line-right": "right",
        "center": "center",
        "middle": "center",
    }
    anchor = anchors.get(alignment, column)
    # As in "7.1 Processing model" of WebVTT: the box is as wide as there is room on both sides of its anchor.
    room = {"left": 1 - position, "right": position, "center": 2 * min(position, 1 - position)}[anchor]
    wide = min(1.0 if size is None else size, room)
    begin = position - wide * {"left": 0.0, "center": 0.5, "right": 1.0}[anchor]
    return _share(begin + wide * {"left": 0.0, "center": 0.5, "right": 1.0}[column]), size


def _percent(value: str) -> float | None:
    match = _PERCENT.match(value)
    share = float(match[1]) / 100 if match else None
    return share if share is not None and share <= 1 else None


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
