from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.film.drawing.legibility import legibility
from tasks.film.drawing.palette import READABLE
from tasks.film.drawing.still import filled, laid_over
from tasks.film.storyboard import Brief, Canvas, Layer, Scene
from tasks.film.templates import TEMPLATES
from tasks.promotion.product import Product
from tests.unit.film.briefs import PRODUCTS, brief


def replace_facts(product: Product, **changes: object) -> Product:
    return product.model_copy(update=changes)


CANVASES = {
    "9:16": Canvas(270, 480, (0.06, 0.10, 0.86, 0.65)),
    "9:16 with captions": Canvas(270, 480, (0.06, 0.14, 0.86, 0.52)),
    "4:5": Canvas(270, 336),
    "1:1": Canvas(270, 270),
    "16:9": Canvas(480, 270, (0.05, 0.10, 0.95, 0.88)),
}


def photographs() -> dict[str, NDArray[np.uint8]]:
    # Of what is between these letters stand out at least as much; a busy picture has both.
    return {"white": np.full((90, 90, 3), 255, np.uint8), "black": np.zeros((90, 90, 3), np.uint8)}


def titles(layers: tuple[Layer, ...]) -> list[Layer]:
    return [layer for layer in layers if layer.title is not None]


def letters(layer: Layer) -> tuple[int, int, int, int]:
    rows = np.flatnonzero((layer.pixels[..., 3] > 100).any(axis=1))
    columns = np.flatnonzero((layer.pixels[..., 3] > 100).any(axis=0))
    return (
        layer.left + int(columns[0]),
        layer.top + int(rows[0]),
        layer.left + int(columns[-1]) + 1,
        layer.top + int(rows[-1]) + 1,
    )


def scenes(name: str, of: Brief) -> list[Scene]:
    return [*TEMPLATES[name].scenes(of), TEMPLATES[name].poster(of)]


@pytest.mark.parametrize(
    ("shape", "product"),
    [
        ("9:16", "short"), ("16:9", "short"),
        ("9:16 with captions", "long"), ("1:1", "long"), ("16:9", "long"),
        *((shape, "full") for shape in CANVASES),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", TEMPLATES)
def test_titles_are_whole_apart_in_the_safe_area_and_read_on_any_picture(
    name: str, shape: str, product: str
) -> None:
    canvas = CANVASES[shape]
    told = brief(PRODUCTS[product], canvas)
    for scene in scenes(name, told):
        layers = TEMPLATES[name].layers(scene, told)
        where = f"{name} {shape} {scene.layout}"
        drawn = titles(layers)
        assert sorted(layer.title.text for layer in drawn if layer.title) == sorted(
            title.text for title in scene.titles
        ), where
        left, top, right, bottom = (
            side * size for side, size in zip(canvas.safe, (canvas.width, canvas.height) * 2, strict=True)
        )
        for layer in drawn:
            box = letters(layer)
            assert box[0] >= left - 2, (where, layer.title)
            assert box[1] >= top - 2, (where, layer.title)
            assert box[2] <= right + 2, (where, layer.title)
            assert box[3] <= bottom + 2, (where, layer.title)
        for one, other in combinations(drawn, 2):
            first, second = letters(one), letters(other)
            across = min(first[2], second[2]) - max(first[0], second[0])
            down = min(first[3], second[3]) - max(first[1], second[1])
            assert across <= 1 or down <= 1, (where, one.title, other.title)
        ground = TEMPLATES[name].ground(scene, told)
        for kind, photograph in photographs().items():
            frame = ground[..., :3].copy()
            if scene.picture is not None:
                x0, x1 = (round(scene.box[side] * canvas.width) for side in (0, 2))
                y0, y1 = (round(scene.box[side] * canvas.height) for side in (1, 3))
                frame[y0:y1, x0:x1] = filled(photograph, (x1 - x0, y1 - y0))
            for layer in layers:
                if layer.title is not None:
                    measured = legibility(layer, frame)
                    assert measured is None or measured >= READABLE, (where, kind, layer.title, measured)
                laid_over(frame, layer)


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_stands_under_the_comma_of_an_english_price_keeps_clear_of_it(name: str) -> None:
    product = PRODUCTS["full"].model_copy(update={"currency": "USD", "instalments": None})
    told = replace(brief(product, CANVASES["16:9"]), language="en")
    for scene in TEMPLATES[name].scenes(told):
        if scene.layout == "price":
            boxes = {
                layer.title.role: letters(layer)
                for layer in TEMPLATES[name].layers(scene, told)
                if layer.title
            }
            assert boxes["offer_ends"][1] > boxes["price"][3]


def _layers_of_price(name: str, shape: str) -> tuple[Layer, ...]:
    told = brief(PRODUCTS["full"], CANVASES[shape])
    (scene,) = (scene for scene in TEMPLATES[name].scenes(told) if scene.layout == "price")
    return TEMPLATES[name].layers(scene, told)


def test_the_card_of_a_slideshow_is_as_wide_as_a_square_frame_lets_it() -> None:
    assert max(layer.left + layer.pixels.shape[1] for layer in _layers_of_price("slideshow", "1:1")) > 250


def test_the_price_of_a_wide_product_hero_fills_a_third_of_the_frame() -> None:
    boxes = {
        layer.title.role: letters(layer) for layer in _layers_of_price("product-hero", "16:9") if layer.title
    }
    assert boxes["price"][2] - boxes["price"][0] > 480 / 3


def test_the_price_of_a_story_hides_nothing_of_a_square_picture() -> None:
    told = brief(PRODUCTS["full"], CANVASES["1:1"])
    (scene,) = (scene for scene in TEMPLATES["story"].scenes(told) if scene.layout == "price")
    assert all(
        layer.left + layer.pixels.shape[1] <= scene.box[0] * told.canvas.width + 1
        for layer in TEMPLATES["story"].layers(scene, told)
    )
    assert scene.box[2] - scene.box[0] > 0.4


@pytest.mark.parametrize("shape", CANVASES)
@pytest.mark.parametrize("product", ["full", "long"])
@pytest.mark.parametrize("name", ["slideshow", "testimonial"])
def test_a_card_hides_no_more_of_a_picture_than_its_edge(name: str, product: str, shape: str) -> None:
    canvas = CANVASES[shape]
    told = brief(PRODUCTS[product], canvas)
    for scene in scenes(name, told):
        if scene.layout == "end" or (name == "slideshow" and scene.layout not in ("price", "poster")):
            continue
        hidden = np.zeros((canvas.height, canvas.width), bool)
        for layer in TEMPLATES[name].layers(scene, told):
            height, width = layer.pixels.shape[:2]
            part = hidden[layer.top : layer.top + height, layer.left : layer.left + width]
            part |= layer.pixels[..., 3] > 127
        x0, x1 = (round(scene.box[side] * canvas.width) for side in (0, 2))
        y0, y1 = (round(scene.box[side] * canvas.height) for side in (1, 3))
        seen = hidden[y0:y1, x0:x1]
        rows, columns = seen.shape
        assert seen.mean() < 0.2, scene.layout
        assert seen[rows // 5 : -rows // 5, columns // 5 : -columns // 5].mean() < 0.08, scene.layout


@pytest.mark.parametrize("shape", ["4:5", "1:1", "16:9", "1:1 with captions"])
def test_labels_at_the_bottom_leave_faces_free(shape: str) -> None:
    canvas = CANVASES.get(shape, Canvas(270, 270, (0.05, 0.05, 0.95, 0.8)))
    told = brief(PRODUCTS["full"], canvas, headline="Cafeteira Bella com 18% de desconto")
    for scene in scenes("slideshow", told):
        if scene.layout in ("opening", "feature"):
            labels = [
                layer
                for layer in TEMPLATES["slideshow"].layers(scene, told)
                if layer.title is None or layer.title.role in ("headline", "feature")
            ]
            top = min(layer.top for layer in labels)
            assert (canvas.safe[3] * canvas.height - top) / canvas.height < 0.25, scene.layout


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_last_frame_of_a_film_has_all_of_its_titles(name: str) -> None:
    told = brief(PRODUCTS["full"], CANVASES["1:1"])
    last = TEMPLATES[name].scenes(told)[-1]
    assert last.end == told.seconds
    assert {layer.leave for layer in TEMPLATES[name].layers(last, told)} == {0.0}


@pytest.mark.parametrize("product", ["short", "full"])
def test_a_story_darkens_a_picture_only_where_words_stand(product: str) -> None:
    canvas = CANVASES["1:1"]
    told = brief(PRODUCTS[product], canvas)
    seen = 0
    for scene in scenes("story", told):
        drawn = TEMPLATES["story"].layers(scene, told)
        first = min(letters(layer)[1] for layer in titles(drawn))
        if scene.picture is None or scene.layout == "end" or first < canvas.height * 0.3:
            continue
        frame = np.full((canvas.height, canvas.width, 3), 255, np.uint8)
        for layer in drawn:
            laid_over(frame, layer)
        assert frame[: canvas.height // 20].mean() > 200, scene.layout
        seen += 1
    assert seen


ARABIC = replace_facts(
    PRODUCTS["full"],
    name="ساعة النورس الذكية X2",
    features=("بطارية تدوم 7 أيام!", "مقاومة للماء"),
    call_to_action="اطلبها الآن",
)


@pytest.mark.models
@pytest.mark.parametrize("shape", ["16:9", "9:16"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_read_from_the_right_is_laid_out_as_in_a_mirror(
    name: str, shape: str, models_dir: Path
) -> None:
    fonts = (models_dir / "fonts",)
    canvas = CANVASES[shape]
    left, top, right, bottom = canvas.safe
    mirror = replace(canvas, safe=(1 - right, top, 1 - left, bottom))
    told = replace(brief(ARABIC, canvas), fonts=fonts)
    other = replace(brief(PRODUCTS["full"], mirror), fonts=fonts)
    for scene, latin in zip(scenes(name, told), scenes(name, other), strict=True):
        x0, y0, x1, y1 = latin.box
        assert scene.box == pytest.approx((1 - x1, y0, 1 - x0, y1))
        ground = TEMPLATES[name].ground(scene, told)
        assert np.array_equal(ground, TEMPLATES[name].ground(latin, other)[:, ::-1])
        for layer in titles(TEMPLATES[name].layers(scene, told)):
            box = letters(layer)
            assert box[0] >= left * canvas.width - 2, layer.title
            assert box[2] <= right * canvas.width + 2, layer.title
        if shape == "16:9" and scene.layout == "opening":
            brands = [
                letters(next(each for each in titles(found) if each.title and each.title.role == "brand"))
                for found in (TEMPLATES[name].layers(scene, told), TEMPLATES[name].layers(latin, other))
            ]
            # The same letters, at the other side.
            assert brands[0][2] == pytest.approx(canvas.width - brands[1][0], abs=2)


@pytest.mark.parametrize("shape", ["9:16", "9:16 with captions"])
def test_below_a_price_captions_may_rise_off_a_face(shape: str) -> None:
    canvas = CANVASES[shape]
    told = brief(PRODUCTS["full"], canvas)
    scene = next(scene for scene in TEMPLATES["price-drop"].scenes(told) if scene.layout == "price")
    lowest = max(letters(layer)[3] for layer in titles(TEMPLATES["price-drop"].layers(scene, told)))
    assert lowest < (scene.box[1] + 0.05) * canvas.height
