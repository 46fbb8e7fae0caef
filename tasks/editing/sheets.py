"""How pictures are laid on a sheet: in rows, with gaps, to the pixel as wide as is asked for."""

from dataclasses import dataclass

from tasks.errors import LimitExceededError

GAP = 6
"""Pixels between pictures, and around them."""
_NARROWEST = 16
"""Pixels of a picture: a sheet that has no room for it is wider."""
_LONGEST = {"jpg": 65_500, "png": 65_500, "webp": 16_383}
"""Pixels of a side, of the formats or of the libraries that write them."""
_LARGEST = 150_000_000
"""Pixels: a sheet is made in memory, where it takes three times as many bytes."""


@dataclass(frozen=True)
class Sheet:
    """Sizes in pixels."""

    columns: int
    width: int
    height: int
    cell: tuple[int, int]
    """Width and height of each picture."""
    edge: int
    """Left of the first column."""

    def place(self, number: int) -> tuple[int, int]:
        """Left and top of a picture."""
        row, column = divmod(number, self.columns)
        return self.edge + column * (self.cell[0] + GAP), GAP + row * (self.cell[1] + GAP)


def laid_out(columns: int, rows: int, width: int, picture: tuple[int, int], picture_format: str) -> Sheet:
    """The sheet of so many pictures whose own size is given. Raises LimitExceededError if it would be too large."""
    wide = max(_NARROWEST, (width - GAP * (columns + 1)) // columns)
    high = max(1, round(wide * picture[1] / picture[0]))
    needed = columns * (wide + GAP) + GAP
    whole = max(width, needed)
    height = rows * (high + GAP) + GAP
    longest = _LONGEST[picture_format]
    if max(whole, height) > longest or whole * height > _LARGEST:
        raise LimitExceededError(
            f"A sheet of {columns} × {rows} pictures would have {whole} × {height} pixels; {picture_format} takes "
            f"{longest:,} a side, and {_LARGEST // 1_000_000} million are the most.",
            hint="Give a smaller width, more columns, or fewer rows.",
        )
    return Sheet(columns, whole, height, (wide, high), GAP + (whole - needed) // 2)
