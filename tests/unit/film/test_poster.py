from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tasks.film.poster import FEED, TALL, jpeg_of, poster
from tasks.film.storyboard import Canvas
from tests.unit.film.briefs import FULL, brief


@pytest.mark.parametrize("canvas", [TALL, FEED])
def test_a_poster_shows_the_whole_of_a_product_on_white(canvas: Canvas) -> None:
    picture = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(picture).rectangle((60, 100, 840, 200), fill=(20, 120, 40))
    made = poster("product-hero", brief(FULL, Canvas(270, 480)), np.asarray(picture), canvas)
    assert made.size == (canvas.width, canvas.height)
    pixels = np.asarray(made).astype(int)
    green = (pixels[..., 1] - pixels[..., 0] > 60) & (pixels[..., 1] - pixels[..., 2] > 40)
    columns = np.flatnonzero(green.any(axis=0))
    rows = np.flatnonzero(green.any(axis=1))
    # Neither side of it is cut off: it is as wide to its height as it was.
    assert (columns[-1] - columns[0]) / (rows[-1] - rows[0]) == pytest.approx(7.8, rel=0.05)


def test_a_poster_is_delivered_as_a_jpeg() -> None:
    data = jpeg_of(Image.new("RGB", (32, 32), "red"))
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (32, 32))
