"""What the film of a promotional job is asked to show, and in which language."""

import asyncio
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest

from flows.promotion_steps import film
from flows.promotion_steps.language import language_of
from flows.promotion_steps.material import Given
from tasks.film.options import VideoConfig
from tasks.film.steps import Film, FilmRequest
from tasks.promotion.materials import Language, Picture, StoredFile, WrittenCopy
from tasks.promotion.product import Product

PICTURE = Picture(file=StoredFile(key="a.jpg", sha256="0" * 64), width=600, height=400, source=0)
MADE = Film(
    key="f.mp4", sha256="0" * 64, size=1, width=2, height=2, seconds=1, fps=1, frames=1, template="story",
    audio="none", thumbnail="t.jpg", poster=None, contact_sheet="c.jpg", checks=(),
)  # fmt: skip


class _Parts:
    def __init__(self, _stage: object, _count: int) -> None: ...

    def part(self, _number: int, **_share: float) -> Any:
        return nullcontext()


def given(product: Product, written: WrittenCopy | None = None, **config: Any) -> Given:
    return Given(
        options=VideoConfig(**config), product=product, images=(), pictures=(PICTURE,), copy=written,
        narration=None, captions=None, for_film=False, max_seconds=None, max_script_seconds=None, speed=1.0,
        strict=False,
    )  # fmt: skip


def written(language: Language) -> WrittenCopy:
    return WrittenCopy(
        platform="instagram", language=language, headline="", text="", hashtags=(), call_to_action="", script="",
        engine="templates",
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[FilmRequest]:
    """The films that are asked for."""
    requests: list[FilmRequest] = []

    async def run_step(_step: object, request: FilmRequest) -> Film:
        requests.append(request)
        return MADE

    monkeypatch.setattr(film, "run_step", run_step)
    monkeypatch.setattr(film, "current_stage", lambda: None)
    monkeypatch.setattr(film, "StageParts", _Parts)
    monkeypatch.setattr(film, "choose_encoder", lambda _wanted: "libx264")
    return requests


@pytest.mark.parametrize(("days", "over"), [(-1, True), (0, False), (1, False)])
def test_a_film_shows_no_offer_that_is_over(asked: list[FilmRequest], days: int, over: bool) -> None:
    last = datetime.now().astimezone().date() + timedelta(days=days)
    product = Product(name="Chapéu", price="80", old_price="100", offer_ends=last)
    made = asyncio.run(film.make(given(product)))
    (request,) = asked
    assert (request.product.price is None) == (request.product.old_price is None) == over
    assert (request.product.offer_ends is None) == over
    assert any("The offer ended on" in warning for warning in made.warnings) == over
    again = asyncio.run(film.make(given(product, written("pt-BR"))))
    assert again.warnings == (), "the copy has said it"


def test_a_price_that_was_not_lowered_outlives_its_last_day(asked: list[FilmRequest]) -> None:
    last = datetime.now().astimezone().date() - timedelta(days=1)
    asyncio.run(film.make(given(Product(name="Chapéu", price="80", offer_ends=last))))
    assert asked[0].product == Product(name="Chapéu", price="80")


@pytest.mark.parametrize(
    ("product", "copy", "config", "language"),
    [
        (Product(name="Trucker Cap", features=("Made in Portland",), currency="USD"), None, {}, "en"),
        (Product(name="Boné", features=("Aba de camurça",), currency="USD"), None, {}, "pt-BR"),
        (Product(name="Trucker Cap", features=("Made in Portland",)), "pt-BR", {}, "pt-BR"),
        (Product(name="Trucker Cap", features=("Made in Portland",)), "pt-BR", {"language": "en"}, "en"),
    ],
)
def test_a_film_speaks_the_language_of_the_product(
    asked: list[FilmRequest],
    product: Product,
    copy: Language | None,
    config: dict[str, Any],
    language: Language,
) -> None:
    asyncio.run(film.make(given(product, written(copy) if copy else None, **config)))
    assert asked[0].language == language


def test_a_script_of_ones_own_is_spoken_in_its_language() -> None:
    product = Product(name="Boné", features=("Aba de camurça",))
    assert language_of(given(product), "This is the cap for you.") == "en"
    assert language_of(given(product)) == "pt-BR"
    assert language_of(given(product, written("pt-BR")), "This is the cap for you.") == "pt-BR"
