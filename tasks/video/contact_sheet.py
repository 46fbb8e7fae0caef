"""One picture of many: the small images of a job's clips in rows, numbered."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

COLUMNS, CELL_WIDTH, CELL_HEIGHT = 6, 160, 90
_GAP = 4


def contact_sheet(
    thumbnails: Sequence[tuple[int, bytes | None]], cell: tuple[int, int] = (CELL_WIDTH, CELL_HEIGHT)
) -> bytes:
    """A JPEG of the pictures (number, JPEG; None for one that failed), `COLUMNS` in a row.

    `cell`: width and height of each in pixels; pictures of another shape are cropped.
    """
    width, height = cell
    columns = min(COLUMNS, len(thumbnails))
    rows = -(-len(thumbnails) // columns)
    sheet = Image.new(
        "RGB",
        (columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP),
        "white",
    )
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for place, (number, picture) in enumerate(thumbnails):
        row, column = divmod(place, columns)
        left, top = _GAP + column * (width + _GAP), _GAP + row * (height + _GAP)
        if picture is None:
            draw.rectangle((left, top, left + width, top + height), fill="#f3d6d6")
        else:
            with Image.open(io.BytesIO(picture)) as image:
                sheet.paste(ImageOps.fit(image.convert("RGB"), (width, height)), (left, top))
        label = str(number) if picture is not None else f"{number} failed"
        draw.text((left + 5, top + 3), label, "white", font, stroke_width=2, stroke_fill="black")
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=72)
    return data.getvalue()
