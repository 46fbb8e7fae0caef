from datetime import date
from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.film.drawing.legibility import legibility
from tasks.film.drawing.palette import READABLE
from tasks.film.drawing.still import filled, laid_over
from tasks.film.storyboard import Brief, Canvas, Layer, Scene, Shot
from tasks.film.templates import TEMPLATES
from tasks.promotion.materials import Picture, StoredFile, WrittenCopy
from tasks.promotion.product import Brand, Instalments, Product
from tasks.promotion.product import Testimonial as Quote

CANVASES = {
    "9:16": Canvas(270, 480, (0.06, 0.10, 0.86, 0.65)),
    "9:16 with captions": Canvas(270, 480, (0.06, 0.14, 0.86, 0.52)),
    "4:5": Canvas(270, 336),
    "1:1": Canvas(270, 270),
    "16:9": Canvas(480, 270, (0.05, 0.10, 0.95, 0.88)),
}
FULL = Product(
    name="Cafeteira Expresso Bella 20 bar",
    features=("Espresso cremoso em 30 segundos", "Reservatório de 1,5 litro", "Vaporizador"),
    price=Decimal("1299.90"),
    old_price=Decimal("1599.90"),
    instalments=Instalments(count=12, amount=Decimal("108.33"), interest_free=True),
    offer_ends=date(2026, 12, 15),
    testimonials=(Quote(quote="Chegou em dois dias e o café é ótimo!", author="Mariana", stars=5),),
    brand=Brand(
        name="Casa Bella", colors=("#7A2E1D", "#F2B134"), website="casabella.com.br", phone="(11) 98765-4321"
    ),
)
LONG = Product(
    name="Buquê de Dálias Colhidas no Dia para Presentear Quem Você Ama de Verdade, com Cartão Escrito à Mão",
    features=(
        "Two-year warranty on every part that we build and sell, worldwide and without any fine print",
    ),
    price=Decimal("1000000"),
    old_price=Decimal("1999999.99"),
    instalments=Instalments(count=120, amount=Decimal("10999.99")),
    testimonials=(Quote(quote="Lindo demais! " * 30, author="Ana Carolina de Albuquerque e Melo"),),
    brand=Brand(name="Flor & Companhia de Arranjos Florais", colors=("#FFFFFF", "#FDFDFD")),
)
SHORT = Product(name="Ride")
PRODUCTS = {"full": FULL, "long": LONG, "short": SHORT}
SHOTS = (
    Shot("opening", 0, 3, 0),
    Shot("picture", 3, 6, 1),
    Shot("picture", 6, 9, 0),
    Shot("picture", 9, 12, 1),
    Shot("end", 12, 15, None),
)


def brief(product: Product, canvas: Canvas, headline: str = "", shots: tuple[Shot, ...] = SHOTS) -> Brief:
    picture = Picture(file=StoredFile(key="a", sha256="0" * 64), width=600, height=400, source=0)
    copy = WrittenCopy(
        platform="instagram", language="pt-BR", headline=headline, text="", hashtags=(), call_to_action="",
        script="", engine="templates",
    )  # fmt: skip
    return Brief(
        product=product, pictures=(picture, picture), copy=copy, narration=None, seconds=15, canvas=canvas,
        transition="fade", shots=shots,
    )  # fmt: skip


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
