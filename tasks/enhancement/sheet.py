"""A small picture of before and after, for people who look at a run."""

import io

from PIL import Image, ImageDraw, ImageFont

_HEIGHT = 360
_GAP = 6
_CHECKS = (232, 206)
"""Greys of the squares that stand for what is transparent."""
_SQUARE = 12


def before_and_after(before: Image.Image, after: Image.Image, what: str) -> bytes:
    """A JPEG of two pictures of one size beside each other; `what` stands on the second."""
    scale = _HEIGHT / after.height
    size = (max(1, round(after.width * scale)), _HEIGHT)
    sheet = Image.new("RGB", (2 * size[0] + _GAP, _HEIGHT), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for image, left, label in ((before, 0, "before"), (after, size[0] + _GAP, what)):
        sheet.paste(_shown(image.resize(size, Image.Resampling.LANCZOS)), (left, 0))
        draw.text((left + 8, 6), label, "white", font, stroke_width=2, stroke_fill="black")
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=82)
    return data.getvalue()


def _shown(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, (_CHECKS[0],) * 3)
    draw = ImageDraw.Draw(ground)
    for top in range(0, image.height, _SQUARE):
        for left in range((top // _SQUARE % 2) * _SQUARE, image.width, 2 * _SQUARE):
            draw.rectangle((left, top, left + _SQUARE - 1, top + _SQUARE - 1), fill=(_CHECKS[1],) * 3)
    ground.paste(image, mask=image.getchannel("A"))
    return ground
