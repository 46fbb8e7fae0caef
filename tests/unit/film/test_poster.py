from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tasks.film.poster import draw_poster
from tasks.film.storyboard import Canvas
from tasks.film.templates import TEMPLATES
from tests.unit.film.briefs import FULL, brief


@pytest.mark.parametrize("size", [(540, 960), (540, 675)])
def test_a_poster_shows_the_whole_of_a_product_on_white(size: tuple[int, int], tmp_path: Path) -> None:
    picture = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(picture).rectangle((60, 100, 840, 200), fill=(20, 120, 40))
    picture.save(tmp_path / "product.png")
    told = brief(FULL, Canvas(*size, (0.06, 0.14, 0.86, 0.52)))
    data = draw_poster(TEMPLATES["product-hero"], told, tmp_path / "product.png")
    with Image.open(BytesIO(data)) as made:
        assert (made.format, made.size) == ("JPEG", size)
        pixels = np.asarray(made).astype(int)
    green = (pixels[..., 1] - pixels[..., 0] > 60) & (pixels[..., 1] - pixels[..., 2] > 40)
    columns = np.flatnonzero(green.any(axis=0))
    rows = np.flatnonzero(green.any(axis=1))
    # Neither side of it is cut off: it is as wide to its height as it was.
    assert (columns[-1] - columns[0]) / (rows[-1] - rows[0]) == pytest.approx(7.8, rel=0.06)
