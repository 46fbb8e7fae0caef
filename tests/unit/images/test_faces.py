"""Faces are found where they are, and nowhere else; what stands out without one, too."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tasks.images.faces import Box, find_faces
from tasks.images.loading import load_image
from tasks.images.salience import find_salient

ASTRONAUT = Path(__file__).parent / "astronaut.jpg"
FACE = (0.34, 0.14, 0.54, 0.345)
"""Of the astronaut, looked up by eye."""


def astronaut(side: int) -> Image.Image:
    return Image.open(ASTRONAUT).resize((side, side), Image.Resampling.LANCZOS)


def gravel(width: int, height: int) -> Image.Image:
    """Detail at several scales, and grain, as of a photograph without anything in it."""
    rng = np.random.default_rng(3)
    levels = np.full((height, width), 110.0)
    for cells, strength in ((8, 30), (40, 30), (160, 25)):
        small = Image.fromarray(rng.integers(0, 255, (cells, cells), dtype=np.uint8))
        levels += (
            np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), float) / 255 - 0.5
        ) * strength
    return Image.fromarray(np.clip(levels + rng.normal(0, 5, levels.shape), 0, 255).astype(np.uint8)).convert(
        "RGB"
    )


def of(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    ("size", "side", "place"),
    [
        ((384, 384), 384, (0, 0)),
        ((1200, 800), 300, (850, 350)),
        ((800, 1200), 300, (300, 40)),
        ((2400, 600), 500, (1800, 90)),
        ((3000, 2000), 700, (100, 1200)),
        ((200, 200), 160, (20, 20)),
    ],
)
def test_a_face_is_found_of_every_size_and_everywhere(
    size: tuple[int, int], side: int, place: tuple[int, int]
) -> None:
    picture = gravel(*size)
    picture.paste(astronaut(side), place)
    (face,) = find_faces(of(picture))
    wanted = [(place[axis % 2] + side * FACE[axis]) / size[axis % 2] for axis in range(4)]
    off = [
        abs(one - other) * size[axis % 2] / side
        for axis, (one, other) in enumerate(zip(face.box, wanted, strict=True))
    ]
    assert max(off) < 0.04
    assert find_faces(of(picture))[0] == face, "the same each time"


def test_all_faces_are_found_the_largest_first() -> None:
    picture = gravel(1500, 600)
    for number, side in enumerate((250, 400, 300)):
        picture.paste(astronaut(side), (40 + 500 * number, 100))
    faces = find_faces(of(picture))
    assert [round(face.box[0] * 1500 / 500 - 0.2) for face in faces] == [1, 2, 0]


def test_a_photograph_of_a_telephone_is_upright(tmp_path: Path) -> None:
    """Turned by its EXIF orientation before it is looked at."""
    lying = astronaut(400).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(tmp_path / "a.jpg", exif=exif)
    (face,) = find_faces(load_image(tmp_path / "a.jpg").pixels)
    assert face.box == pytest.approx(FACE, abs=0.03)


def written(width: int, height: int) -> Image.Image:
    page = Image.new("RGB", (width, height), (250, 250, 248))
    for row in range(height // 38 - 1):
        line = "Relatório trimestral: vendas por região e canal. " * 3
        ImageDraw.Draw(page).text(
            (30, 30 + row * 38), line, fill=(20, 20, 30), font=ImageFont.load_default(22)
        )
    return page


def drawn() -> Image.Image:
    """A face of circles: a drawing, not a face."""
    picture = Image.new("RGB", (500, 500), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((150, 100, 350, 350), outline="black", width=5)
    for x in (205, 275):
        pen.ellipse((x, 180, x + 20, 200), fill="black")
    pen.arc((200, 230, 300, 310), 20, 160, fill="black", width=5)
    return picture


@pytest.mark.parametrize(
    "picture", [gravel(900, 600), written(900, 1200), drawn()], ids=["gravel", "text", "drawing"]
)
def test_what_has_no_face_has_none(picture: Image.Image) -> None:
    assert find_faces(of(picture)) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (40, 25)])
def test_the_smallest_pictures_are_no_trouble(size: tuple[int, int]) -> None:
    assert find_faces(of(gravel(*size))) == []
    assert find_salient(of(gravel(*size))) is None


def close(box: Box, wanted: Box) -> bool:
    return max(abs(one - other) for one, other in zip(box, wanted, strict=True)) < 0.03


def test_text_and_logos_are_to_be_seen_whole(tmp_path: Path) -> None:
    page = find_salient(of(written(900, 1200)))
    assert page is not None
    assert page.whole
    assert page.box[0] < 0.06
    assert page.box[2] > 0.97
    logo = Image.new("RGBA", (800, 600), (0, 0, 0, 0))
    ImageDraw.Draw(logo).ellipse((80, 300, 320, 540), fill=(200, 40, 30, 255))
    logo.save(tmp_path / "a.png")
    found = find_salient(load_image(tmp_path / "a.png").pixels)
    assert found is not None
    assert found.whole
    assert close(found.box, (0.1, 0.5, 0.4, 0.9))


def test_what_stands_out_of_a_photograph_is_found_and_nothing_is_made_up() -> None:
    assert find_salient(of(gravel(900, 600))) is None
    assert find_salient(np.full((300, 300, 3), 90, np.uint8)) is None
    picture = gravel(900, 600)
    ImageDraw.Draw(picture).ellipse((520, 150, 700, 380), fill=(210, 60, 40))
    found = find_salient(of(picture))
    assert found is not None
    assert not found.whole
    left, top, right, bottom = found.box
    assert 0.52 < left < (left + right) / 2 < right < 0.83
    assert 0.2 < top < (top + bottom) / 2 < bottom < 0.7
