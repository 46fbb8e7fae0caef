"""Makes docs/film-templates.jpg with the templates themselves: `python -m deployments.scripts.film_pictures`.

A column is a template, a row a scene: opening, price or quote, end card.
"""

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
from PIL import Image

from blocks.settings import PROJECT_ROOT
from tasks.film.drawing.still import still
from tasks.film.storyboard import Brief, Canvas, Scene, Shot
from tasks.film.templates import TEMPLATES
from tasks.film.templates.base import Look
from tasks.images.loading import load_image
from tasks.promotion.materials import Picture, StoredFile, WrittenCopy
from tasks.promotion.product import Brand, Instalments, Product, Testimonial

PICTURE = PROJECT_ROOT / "docs" / "film-templates.jpg"
_PHOTOGRAPH = PROJECT_ROOT / "tests/unit/enhancement/photographs/coffee.jpg"
_CANVAS = Canvas(1080, 1920, (0.06, 0.10, 0.86, 0.75))
_SIZE, _GAP = (216, 384), 8
_QUALITY = 82
_SHOTS = (
    Shot("opening", 0, 3, 0),
    Shot("picture", 3, 6, 0),
    Shot("picture", 6, 9, 0),
    Shot("end", 9, 12, None),
)
_PRODUCT = Product(
    name="Cafeteira Expresso Bella 20 bar",
    features=("Espresso cremoso em 30 segundos",),
    price=Decimal("1299.90"),
    old_price=Decimal("1599.90"),
    instalments=Instalments(count=12, amount=Decimal("108.33"), interest_free=True),
    offer_ends=date(2026, 12, 15),
    testimonials=(
        Testimonial(
            quote="Chegou em dois dias e o café ficou igual ao da padaria!", author="Mariana Souza", stars=5
        ),
    ),
    brand=Brand(
        name="Casa Bella", colors=("#7A2E1D", "#F2B134"), website="casabella.com.br", handle="@casabella"
    ),
)


def brief() -> Brief:
    """What the films of the picture show."""
    copy = WrittenCopy(
        platform="instagram", language="pt-BR", headline="Seu café de padaria em casa ☕", text="", hashtags=(),
        call_to_action="Peça pelo WhatsApp", script="", engine="templates",
    )  # fmt: skip
    picture = Picture(file=StoredFile(key="coffee", sha256="0" * 64), width=600, height=400, source=0)
    return Brief(
        product=_PRODUCT, pictures=(picture,), copy=copy, narration=None, seconds=12, canvas=_CANVAS,
        transition="fade", shots=_SHOTS,
    )  # fmt: skip


def sheet() -> Image.Image:
    """The picture."""
    told, photograph = brief(), load_image(_PHOTOGRAPH).pixels
    wide, high = _SIZE[0] + _GAP, _SIZE[1] + _GAP
    made = Image.new("RGB", (wide * len(TEMPLATES) - _GAP, high * 3 - _GAP), (255, 255, 255))
    for column, template in enumerate(TEMPLATES.values()):
        for row, scene in enumerate(_shown(template, told)):
            drawn = still(template.ground(scene, told), scene, template.layers(scene, told), photograph)
            small = Image.fromarray(np.ascontiguousarray(drawn)).resize(_SIZE, Image.Resampling.LANCZOS)
            made.paste(small, (column * wide, row * high))
    return made


def _shown(template: Look, told: Brief) -> tuple[Scene, ...]:
    """Opening, the scene that the template is for, and end card."""
    found = {scene.layout: scene for scene in template.scenes(told)}
    middle = found["quote"] if template.quotes else found["price"]
    return found["opening"], middle, found["end"]


def main(target: Path = PICTURE) -> int:
    """Make it and say how large it is."""
    sheet().save(target, "JPEG", quality=_QUALITY, optimize=True)
    print(f"{target.relative_to(PROJECT_ROOT)}: {target.stat().st_size // 1000} kB")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
