"""Captions of a film and the room that they take."""

import re
from typing import get_args

import pytest

from tasks.captions.word_look import READABLE, Preset, contrast
from tasks.film.lettering import Passage, caption_look, caption_script, film_canvas
from tasks.film.options import Aspect, VideoConfig
from tasks.promotion.materials import SpokenWord
from tasks.promotion.product import Brand

WORDS = [
    SpokenWord(text=text, start=number * 0.5, end=number * 0.5 + 0.45)
    for number, text in enumerate(
        ("Extraordinariamente", "silenciosa", "por", "R$ 1.299,90", "só", "até", "domingo", "na", "loja!")
    )
]


@pytest.mark.parametrize("preset", get_args(Preset))
@pytest.mark.parametrize("aspect", get_args(Aspect))
def test_nothing_of_a_caption_stands_where_titles_may(preset: Preset, aspect: Aspect) -> None:
    config = VideoConfig(aspect=aspect, caption_style=preset)
    free = film_canvas(config, captions=True)
    script, lost = caption_script([Passage(tuple(WORDS))], config)
    assert not lost
    tops = [float(place) for event in script for place in re.findall(r"\\pos\([\d.]+,([\d.]+)\)", event.text)]
    assert tops
    assert min(tops) >= free.safe[3] * free.height - 1
    assert free.safe[3] - free.safe[1] > 0.25


def test_the_spoken_word_has_the_colour_of_the_brand_and_can_be_read() -> None:
    for color, letters in (("#0B3D2E", "#FFFFFF"), ("#FFD400", "#000000")):
        look = caption_look(VideoConfig(), Brand(colors=(color,)))
        assert (look.highlight_cor, look.highlight_texto_cor) == (color, letters)


@pytest.mark.parametrize("preset", get_args(Preset))
def test_letters_of_captions_have_an_edge_or_a_ground_of_their_own(preset: Preset) -> None:
    look = caption_look(VideoConfig(caption_style=preset))
    behind = look.fundo_cor if look.fundo_opacidade >= 75 else look.outline_color
    assert look.fundo_opacidade >= 75 or look.outline_width >= 5
    assert contrast(look.texto_cor, behind) >= READABLE


def test_without_captions_titles_have_all_of_the_safe_area() -> None:
    config = VideoConfig(platform="tiktok")
    assert film_canvas(config, captions=False).safe == pytest.approx((0.06, 0.10, 0.86, 0.78), abs=0.001)


@pytest.mark.parametrize("preset", get_args(Preset))
def test_captions_of_two_passages_are_never_seen_together(preset: Preset) -> None:
    config = VideoConfig(caption_style=preset)
    passages = [Passage(tuple(WORDS[:3])), Passage(tuple(WORDS[3:]))]
    script, _ = caption_script(passages, config)
    second = round(WORDS[3].start * 1000)
    assert {event.start < second for event in script} == {True, False}
    assert all(event.end <= second for event in script if event.start < second)


def test_a_passage_stands_as_far_above_the_usual_place_as_it_is_raised() -> None:
    config = VideoConfig()
    usual, raised = (caption_script([Passage(tuple(WORDS), up)], config)[0] for up in (0.0, 200.0))
    places = [
        [float(place) for event in script for place in re.findall(r"\\pos\([\d.]+,([\d.]+)\)", event.text)]
        for script in (usual, raised)
    ]
    assert [low - high for low, high in zip(*places, strict=True)] == pytest.approx(
        [200] * len(places[0]), abs=1
    )


def test_the_box_of_the_spoken_word_is_seen_on_the_ground_of_the_template() -> None:
    brand = Brand(colors=("#5A2D0C", "#E3B261"))
    assert caption_look(VideoConfig(), brand).highlight_cor == "#5A2D0C"
    assert caption_look(VideoConfig(), brand, ["#5A2D0C", "#3F1F08"]).highlight_cor == "#E3B261"
    alone = caption_look(VideoConfig(), Brand(colors=("#5A2D0C",)), ["#5A2D0C"])
    assert (alone.highlight_cor, alone.highlight_texto_cor) == ("#FFFFFF", "#000000")
