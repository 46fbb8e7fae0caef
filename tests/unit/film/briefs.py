"""Products and briefs of films for tests."""

from datetime import date
from decimal import Decimal

from tasks.film.storyboard import Brief, Canvas, Shot
from tasks.promotion.materials import Picture, StoredFile, WrittenCopy
from tasks.promotion.product import Brand, Instalments, Product
from tasks.promotion.product import Testimonial as Quote

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
