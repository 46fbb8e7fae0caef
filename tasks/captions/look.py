"""How captions can look: what callers may choose."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Color = Annotated[
    str,
    Field(
        pattern=r"^#[0-9a-fA-F]{6}$", json_schema_extra={"allowed": "a colour as #RRGGBB, such as #FF8800"}
    ),
]
"""#RRGGBB."""

Position = Literal[
    "top_left",
    "top_center",
    "top_right",
    "middle_left",
    "middle_center",
    "middle_right",
    "bottom_left",
    "bottom_center",
    "bottom_right",
    "top",
    "center",
    "bottom",
]
"""The last three stand for the middle of their rows."""
# The number of a row's left end on a keyboard's numbers, as ASS counts; see `numpad`.
_ROWS = {"bottom": 1, "middle": 4, "center": 4, "top": 7}
_COLUMNS = {"left": 0, "center": 1, "right": 2}

SafeArea = Literal["none", "auto", "title", "youtube", "tiktok", "reels", "shorts"]
"""Keeps captions out of what players lay over the picture. `auto`: what TikTok, Reels and Shorts need together in a
tall picture, what YouTube needs in any other."""

_Margins = tuple[float, float, float, float]

# Shares of width (left, right) and height (top, bottom). What the platforms publish, in pixels of 1080x1920, and where
# they publish nothing our measures of the apps, rounded up:
# - title: the 5 % of EBU R 95.
# - youtube: the title above (10 %); below, the control bar and the progress bar of a small player (12 %).
# - tiktok: about 180 above, 420 below (name, caption, sound), 150 on the right (buttons).
# - reels: Meta's guide for advertisers, 14 % above, 35 % below, 6 % at the sides; the buttons on the right take more.
# - shorts: about 190 above, 480 below (title, channel), 150 on the right (buttons).
_SAFE: dict[SafeArea, _Margins] = {
    "none": (0.0, 0.0, 0.0, 0.0),
    "title": (0.05, 0.05, 0.05, 0.05),
    "youtube": (0.05, 0.05, 0.10, 0.12),
    "tiktok": (0.06, 0.14, 0.10, 0.22),
    "reels": (0.06, 0.12, 0.14, 0.35),
    "shorts": (0.06, 0.14, 0.10, 0.25),
}

_TALL: tuple[SafeArea, ...] = ("tiktok", "reels", "shorts")

Style = Literal["classic", "karaoke", "highlight", "underline", "word_by_word", "color", "reveal"]
Animation = Literal["none", "pop", "fade"]


class _Choice(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FontChoice(_Choice):
    """In which letters."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = "Arial"
    size: Annotated[int, Field(ge=20, le=200)] = 36
    """Line height in pixels of a picture whose shorter side has 1080; scaled for others."""
    bold: bool = True


class ColorChoice(_Choice):
    """In which colours."""

    primary: Color = "#FFFFFF"
    outline: Color = "#000000"


class BorderChoice(_Choice):
    """What makes letters stand out."""

    style: Literal[1, 3, 4] = 1
    """1: an outline; 3: a box behind each line; 4: one box behind all lines."""
    width: Annotated[float, Field(ge=0, le=10)] = 3


class PlaceChoice(_Choice):
    """Where captions stand."""

    alignment: Position = "bottom_center"
    marginVertical: Annotated[int, Field(ge=0, le=500)] = 20  # noqa: N815 - the callers' name
    """Pixels from the edge, as `FontChoice.size`."""


class TimeRange(_Choice):
    """Seconds in which nothing is shown."""

    start: Annotated[float, Field(ge=0)]
    end: Annotated[float, Field(ge=0)]


class Canvas(BaseModel):
    """The picture that captions are laid on, and what of it is free for them."""

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    safe_area: SafeArea = "none"

    @property
    def scale(self) -> float:
        """Pixels of this picture for one of a picture whose shorter side has 1080."""
        return min(self.width, self.height) / 1080

    def margins(self, horizontal: float, vertical: float) -> tuple[int, int, int, int]:
        """Left, right, top, bottom: what is asked for (already scaled), or more where the safe area needs it."""
        left, right, top, bottom = self._safe()
        return (
            round(max(horizontal, left * self.width)),
            round(max(horizontal, right * self.width)),
            round(max(vertical, top * self.height)),
            round(max(vertical, bottom * self.height)),
        )

    def _safe(self) -> _Margins:
        if self.safe_area != "auto":
            return _SAFE[self.safe_area]
        if self.height <= self.width:
            return _SAFE["youtube"]
        lefts, rights, tops, bottoms = zip(*(_SAFE[area] for area in _TALL), strict=True)
        # As much on the left as on the right: captions beside the middle look like a mistake.
        side = max(*lefts, *rights)
        return (side, side, max(tops), max(bottoms))

    def edges(self, position: Position, vertical: float) -> tuple[int, int]:
        """Pixels that are kept free at the top and at the bottom.

        `vertical` (already scaled) is kept free at the edge that the position is at, the safe area at both.
        """
        row = (numpad(position) - 1) // 3
        _, _, safe_top, safe_bottom = self.margins(0, 0)
        _, _, top, bottom = self.margins(0, vertical)
        return (top if row == 2 else safe_top, bottom if row == 0 else safe_bottom)


def numpad(position: Position) -> int:
    """ASS's number of a position: 1 to 9 as on a keyboard's numbers."""
    row, _, column = position.partition("_")
    return _ROWS[row] + _COLUMNS[column or "center"]
