"""One picture of many: the small images of a job's clips in rows, numbered."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

COLUMNS, CELL_WIDTH, CELL_HEIGHT = 6, 160, 90
_GAP = 4


def contact_sheet(thumbnails: Sequence[tuple[int, bytes | None]]) -> bytes:
    """A JPEG of the pictures (number, JPEG; None for one that failed), `COLUMNS` in a row."""
    columns = min(COLUMNS, len(thumbnails))
    rows = -(-len(thumbnails) // columns)
    sheet = Image.new(
        "RGB",
        (columns * (CELL_WIDTH + _GAP) + _GAP, rows * (CELL_HEIGHT + _GAP) + _GAP),
        "white",
    )
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for place, (number, picture) in enumerate(thumbnails):
        row, column = divmod(place, columns)
        left, top = _GAP + column * (CELL_WIDTH + _GAP), _GAP + row * (CELL_HEIGHT + _GAP)
        if picture is None:
            draw.rectangle((left, top, left + CELL_WIDTH, top + CELL_HEIGHT), fill="#f3d6d6")
        else:
            with Image.open(io.BytesIO(picture)) as image:
                sheet.paste(ImageOps.fit(image.convert("RGB"), (CELL_WIDTH, CELL_HEIGHT)), (left, top))
        label = str(number) if picture is not None else f"{number} failed"
        draw.text((left + 5, top + 3), label, "white", font, stroke_width=2, stroke_fill="black")
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=72)
    return data.getvalue()
