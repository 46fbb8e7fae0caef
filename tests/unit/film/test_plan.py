"""What is said when: titles are shown while they are heard, and an end card says what to do in few words."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from tasks.film.making import choose_template
from tasks.film.options import VideoConfig
from tasks.film.storyboard import Brief, Canvas, Shot
from tasks.film.templates.plan import end_titles, price_titles, scenes_of
from tasks.promotion.materials import Narration, SpokenSentence, StoredFile
from tasks.promotion.product import Product
from tests.unit.film.briefs import brief

CHAIR = Product(
    name="Cadeira Lina",
    features=("Madeira maciça de carvalho", "Encosto curvo e anatômico", "Aguenta até 130 kg", "Cinco cores"),
    price=Decimal("489.00"),
)


def _spoken(*sentences: tuple[str, float, float]) -> Narration:
    return Narration(
        file=StoredFile(key="voice.wav", sha256="0" * 64), duration=sentences[-1][2], language="pt-BR",
        sentences=tuple(SpokenSentence(text=text, start=start, end=end, words=()) for text, start, end in sentences),
        engine="none", voice="none",
    )  # fmt: skip


SAID = _spoken(
    ("Conheça a Cadeira Lina.", 0.1, 2.0),
    ("Feita para a sala de jantar.", 2.3, 4.0),
    ("Madeira maciça de carvalho.", 4.3, 6.5),
    ("Encosto curvo e anatômico.", 6.8, 9.0),
    ("Aguenta até 130 kg.", 9.3, 12.0),
    ("Só R$ 489,00.", 12.3, 14.0),
)
SHOTS = (
    Shot("opening", 0, 2.2, 0, (0,)),
    Shot("picture", 2.2, 4.2, 1, (1,)),
    Shot("picture", 4.2, 10.6, 0, (2, 3, 4)),
    Shot("picture", 10.6, 12.2, 1, (4,)),
    Shot("picture", 12.2, 14.2, 0, (5,)),
    Shot("end", 14.2, 17, None),
)


def _film(**changes: object) -> Brief:
    made = brief(CHAIR, Canvas(1080, 1920), shots=SHOTS)
    return replace(made, **{"narration": SAID, **changes})  # type: ignore[arg-type]


def _shown(film: Brief) -> list[tuple[float, str]]:
    return [
        (round(scene.start, 1), scene.titles[0].text)
        for scene in scenes_of(film)
        if scene.layout in ("feature", "picture")
    ]


def test_a_feature_is_shown_while_it_is_heard_and_never_while_another_is() -> None:
    assert _shown(_film()) == [
        (2.2, "Cinco cores"),  # heard nowhere
        (4.2, "Madeira maciça de carvalho"),
        (6.7, "Encosto curvo e anatômico"),
        (9.2, "Aguenta até 130 kg"),
        (10.6, "Aguenta até 130 kg"),
    ]
    scenes = list(scenes_of(_film()))
    assert scenes[0].start == 0
    assert all(one.end == next_one.start for one, next_one in pairwise(scenes))


def test_a_sentence_that_names_several_features_is_about_one_after_the_other() -> None:
    said = _spoken(
        ("Conheça a Lina.", 0.1, 2.0), ("Aguenta até 130 kg e tem encosto curvo e anatômico.", 2.3, 7.3)
    )
    shots = (Shot("opening", 0, 2.2, 0, (0,)), Shot("picture", 2.2, 7.5, 1, (1,)), Shot("picture", 7.5, 9, 0))
    assert _shown(_film(narration=said, shots=shots)) == [
        (2.2, "Aguenta até 130 kg"),
        (4.7, "Encosto curvo e anatômico"),
    ]


def test_what_is_heard_before_the_price_in_the_same_shot_is_shown_before_it() -> None:
    said = _spoken(
        ("Conheça a Cadeira Lina.", 0.1, 2.0),
        ("Madeira maciça de carvalho.", 2.3, 4.5),
        ("Só R$ 489,00.", 4.8, 7.0),
        ("Aguenta até 130 kg.", 7.3, 9.5),
    )
    shots = (
        Shot("opening", 0, 2.2, 0, (0,)),
        Shot("picture", 2.2, 10, 1, (1, 2, 3)),
        Shot("end", 10, 13, None),
    )
    scenes = list(scenes_of(_film(narration=said, shots=shots)))
    assert [(scene.layout, round(scene.start, 1)) for scene in scenes] == [
        ("opening", 0), ("feature", 2.2), ("price", 4.7), ("feature", 7.2), ("end", 10),
    ]  # fmt: skip
    assert all(one.end == next_one.start for one, next_one in pairwise(scenes))


@pytest.mark.parametrize("price", ["130", "30"])
def test_a_measure_with_the_digits_of_the_price_is_not_the_price(price: str) -> None:
    product = CHAIR.model_copy(update={"price": Decimal(price)})
    said = _spoken(
        ("Conheça a Cadeira Lina.", 0.1, 4.0),
        ("Aguenta até 130 kg.", 4.3, 10.4),
        (f"Só R$ {price},00.", 10.8, 14.0),
    )
    shots = (
        Shot("opening", 0, 4.2, 0, (0,)), Shot("picture", 4.2, 10.6, 0, (1,)), Shot("picture", 10.6, 14.2, 1, (2,)),
        Shot("end", 14.2, 17, None),
    )  # fmt: skip
    film = _film(narration=said, shots=shots, product=product)
    assert [scene.start for scene in scenes_of(film) if scene.layout == "price"] == [10.6]


@pytest.mark.parametrize(
    ("before", "off"), [("490", None), ("500", None), ("515", "5% OFF"), ("652", "25% OFF")]
)
def test_a_small_discount_is_not_shouted(before: str, off: str | None) -> None:
    product = CHAIR.model_copy(update={"old_price": Decimal(before)})
    shown = {title.role: title.text for title in price_titles(_film(product=product))}
    assert shown.get("discount") == off
    assert "old_price" in shown
    assert choose_template(VideoConfig(), product) == ("price-drop" if off else "product-hero")


def test_where_nothing_of_the_features_is_heard_stands_the_name() -> None:
    film = _film(product=CHAIR.model_copy(update={"features": CHAIR.features[:3]}))
    assert _shown(film)[0] == (2.2, "Cadeira Lina")


def test_without_a_voice_all_features_that_can_be_read_come_in_their_order() -> None:
    assert _shown(_film(narration=None)) == [
        (2.2, "Madeira maciça de carvalho"),
        (4.2, "Encosto curvo e anatômico"),
        (7.4, "Aguenta até 130 kg"),
        (10.6, "Cinco cores"),
    ]


@pytest.mark.parametrize(
    ("call", "button"),
    [
        ("Compre agora", "Compre agora"),
        ("Compre 1 e leve 2", "Compre 1 e leve 2"),
        ("Compre agora no site e receba em casa com frete grátis para todo o Sudeste", "Compre agora no site"),
        ("Quer? Chame a gente no Direct que a gente responde", "Chame a gente no Direct que a gente responde"),
        ("Ficou com alguma dúvida? Chame no Direct", "Chame no Direct"),
        ("Vamos tomar um café especial juntos hoje?", "Vamos tomar um café especial juntos hoje?"),
        ("Tap the link in bio and get yours before they sell out", "Tap the link in bio"),
        ("Garanta a sua cadeira: ela chega em dois dias úteis", "Garanta a sua cadeira"),
    ],
)  # fmt: skip
def test_a_button_has_the_first_clause_of_a_long_call(call: str, button: str) -> None:
    film = _film(product=CHAIR.model_copy(update={"call_to_action": call}))
    (found,) = [title.text for title in end_titles(film) if title.role == "call_to_action"]
    assert found == button


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Jaqueta Varsity Conceição — Edição “São João”", "Jaqueta Varsity Conceição — Edição “São João”"),
        (
            "Bolsa Carteiro Ipê em Couro Legítimo com Alça Transversal e Bolso para Notebook",
            "Bolsa Carteiro Ipê em Couro Legítimo",
        ),
    ],
)
def test_beside_a_price_a_name_has_no_more_letters_than_there_is_room_for(name: str, shown: str) -> None:
    told = brief(Product(name=name, price=Decimal("99.90")), Canvas(270, 480))
    priced = [scene for scene in scenes_of(told) if scene.layout in ("price", "end")]
    assert {title.text for scene in priced for title in scene.titles if title.role == "name"} == {shown}
