"""Captions stand off faces, each sentence of them in one place."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tasks.film.caption_places import Seen, passages
from tasks.film.lettering import Band
from tasks.film.storyboard import Layer, Scene, Shot, Title
from tests.unit.film.narrations import narration

FACE = Path(__file__).parents[1] / "images" / "astronaut.jpg"
SIZE = (540, 960)
BAND = Band(560.0, 620.0)


def portrait(folder: Path, top: int) -> Path:
    """The astronaut's head with its first row so far down in a frame of 540 × 960."""
    paper = Image.new("RGB", SIZE, (200, 200, 200))
    head = Image.open(FACE).convert("RGB").crop((100, 0, 300, 220)).resize((400, 440))
    paper.paste(head, (70, top))
    path = folder / f"{top}.png"
    paper.save(path)
    return path


def seen(image: Path, layers: tuple[Layer, ...] = ()) -> Seen:
    scene = Scene("feature", 0.0, 3.0, 0)
    return Seen((scene,), layers, (image,), SIZE, Fraction(30), 130.0)


def title(top: int) -> Layer:
    return Layer(np.full((60, 200, 4), 255, np.uint8), 100, top, 0.0, 3.0, title=Title("feature", "Lã"))


def test_captions_rise_off_a_face_and_no_further_than_that(tmp_path: Path) -> None:
    up = seen(portrait(tmp_path, 400)).raised(0.5, 2.5, BAND)
    assert 40 <= up <= 220
    assert seen(portrait(tmp_path, 100)).raised(0.5, 2.5, BAND) == 0.0


def test_captions_stay_below_titles_and_cover_as_little_of_a_face_as_there(tmp_path: Path) -> None:
    image = portrait(tmp_path, 400)
    free = seen(image).raised(0.5, 2.5, BAND)
    low = round(BAND.top - free) + 30
    up = seen(image, (title(low - 60),)).raised(0.5, 2.5, BAND)
    assert 0 <= up < free
    assert BAND.top - up >= low


def test_a_title_of_another_time_is_no_hindrance(tmp_path: Path) -> None:
    image = portrait(tmp_path, 400)
    layer = title(480)
    assert seen(image, (layer,)).raised(3.2, 4.0, BAND) == 0.0
    later = Layer(layer.pixels, layer.left, layer.top, 2.95, 3.0, title=layer.title)
    assert seen(image, (later,)).raised(0.5, 2.9, BAND) == seen(image).raised(0.5, 2.9, BAND)


def test_a_passage_has_words_of_one_sentence_over_one_picture() -> None:
    spoken = narration((2.0, 1.5))
    words = [word for sentence in spoken.sentences for word in sentence.words]
    shots = (Shot("opening", 0.0, 1.1, 0), Shot("picture", 1.1, 3.9, 1))
    found = list(passages(words, spoken.sentences, shots))
    assert [word for passage in found for word in passage] == words
    assert [len(passage) for passage in found] == [2, 2, 4]


@pytest.mark.parametrize("picture", [None, 0])
def test_grounds_are_those_that_no_picture_hides(picture: int | None) -> None:
    scene = Scene("feature", 0.0, 3.0, picture, box=(0.0, 0.3, 1.0, 1.0))
    ground = np.full((960, 540, 4), (10, 20, 30, 255), np.uint8)
    found = Seen((scene,), (), (), SIZE, Fraction(30), 0.0).grounds(BAND, lambda _: ground)
    assert found == (() if picture == 0 else ("#0A141E",))
