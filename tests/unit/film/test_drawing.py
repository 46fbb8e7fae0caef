import itertools
from pathlib import Path

import numpy as np
import pytest
import skia
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.errors import InvalidInputError, MissingEngineError
from tasks.film.drawing.column import Row, column
from tasks.film.drawing.lettering import Block, Style, fit, reads_from_right, require
from tasks.film.drawing.palette import (
    BLACK,
    READABLE,
    WHITE,
    Rgb,
    contrast,
    cover,
    ink_on,
    lightest_of,
    mixed,
    readable,
    scheme_of,
    tones_of,
)
from tasks.film.drawing.prices import set_price
from tasks.film.drawing.shapes import logo
from tasks.film.drawing.stage import Box, drawn
from tasks.film.storyboard import Title
from tasks.promotion.product import Brand

STYLE = Style("Outfit", bold=True)
colours = st.tuples(*[st.integers(0, 255)] * 3)
codes = colours.map(lambda rgb: "#{:02X}{:02X}{:02X}".format(*rgb))


@given(st.lists(codes, max_size=5))
def test_whatever_the_brand_letters_are_read_on_every_ground(brand: list[str]) -> None:
    scheme = scheme_of(Brand(colors=tuple(brand)), (), ("#1F3A5F", "#E4572E"))
    pairs = [
        (scheme.on_main, scheme.main), (scheme.on_second, scheme.second), (scheme.accent, scheme.paper),
        (scheme.accent, WHITE), (scheme.muted, scheme.paper), (scheme.deep, scheme.paper), (WHITE, scheme.deep),
        (ink_on(scheme.main), scheme.main),
        # Grounds grow darker from one end to the other.
        *((scheme.on_main, mixed(scheme.main, scheme.shade, share)) for share in (0.5, 1.0)),
        *((ink, scheme.paper_shade) for ink in (scheme.accent, scheme.muted, scheme.deep)),
    ]  # fmt: skip
    assert min(float(contrast(ink, ground)) for ink, ground in pairs) >= READABLE


@given(colours, colours)
def test_a_colour_is_changed_until_it_is_read(colour: Rgb, ground: Rgb) -> None:
    changed = readable(colour, ground)
    assert contrast(changed, ground) >= READABLE or changed in (WHITE, BLACK)
    if contrast(colour, ground) >= READABLE:
        assert changed == colour


def test_a_veil_is_dark_enough_for_the_whitest_picture() -> None:
    least = cover(WHITE, (10, 10, 12))
    assert contrast(WHITE, mixed(WHITE, (10, 10, 12), least)) >= READABLE
    assert contrast(WHITE, mixed(WHITE, (10, 10, 12), least - 0.02)) < READABLE


def test_the_colours_of_a_picture_are_its_strong_ones_made_deep_enough_for_letters() -> None:
    picture = np.full((60, 60, 3), 200, np.uint8)
    picture[10:40, 10:40] = (240, 60, 30)
    (first, *_) = tones_of(picture)
    red, green, blue = (int(first[at : at + 2], 16) for at in (1, 3, 5))
    assert red > 2 * green > 0
    assert contrast((red, green, blue), WHITE) >= READABLE
    assert tones_of(np.full((40, 40, 3), 128, np.uint8)) == ()


@settings(max_examples=25, deadline=None)
@example("1222222222222222ÁÕ", 120.0)
@example("h" * 60, 120.0)
@given(st.text(alphabet="abcdefgh ÁÇÕ123 🔥", min_size=1, max_size=120), st.floats(120, 900))
def test_a_text_is_never_wider_or_higher_than_its_room(text: str, room: float) -> None:
    block = fit(text, STYLE, (room, 300), (90, 30))
    assert block.width <= room + 1
    assert block.height <= 301
    assert "".join(block.lines).replace(" ", "") == text.replace(" ", "")


def test_lines_are_about_as_wide_as_each_other_and_prices_are_not_broken() -> None:
    block = fit("Chegou a nova cafeteira por R$\u00a01.299,90", STYLE, (500, 400), (80, 30))
    assert any("R$\u00a01.299,90" in line for line in block.lines)
    widths = [len(line) for line in block.lines]
    assert max(widths) - min(widths) <= 8


def test_emoji_are_drawn_in_colour_and_never_as_boxes() -> None:
    block = fit("Oferta 🔥🇧🇷👩‍👩‍👧 só hoje", STYLE, (900, 300), (80, 40))
    pixels = drawn(900, 300, lambda canvas: block.draw(canvas, 20, 60))
    opaque = pixels[pixels[..., 3] > 250][:, :3].astype(int)

    def near(*colour: int) -> int:
        return int((np.abs(opaque - np.array(colour)).max(axis=1) < 30).sum())

    assert near(244, 144, 12) > 100, "the fire"
    assert near(0, 155, 58) > 100, "the flag"
    assert near(255, 220, 93) > 100, "the faces"


def test_a_sequence_of_emoji_that_join_is_one() -> None:
    one, three = (fit(text, STYLE, (900, 300), (80, 40)).width for text in ("👩‍👩‍👧", "👩👩👧"))
    assert one == pytest.approx(three / 3, rel=0.05)


def test_letters_that_no_font_here_has_are_named_with_what_fetches_them() -> None:
    require(["قهوة عربية", "Café"], STYLE)
    with pytest.raises(MissingEngineError, match="Chinese") as caught:
        require(["咖啡机"], STYLE)
    assert "models get fonts-cjk" in (caught.value.hint or "")


def test_an_unknown_font_is_named_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInputError, match=r'"Papyrus" is not installed') as caught:
        fit("Café", Style("Papyrus"), (100, 100), (20, 10))
    assert "Outfit" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("R$\u00a01.299,90", ("R$", "1.299", ",90")),
        ("$89", ("$", "89", "")),
        ("€1,000,000", ("€", "1,000,000", "")),
        ("£12.50", ("£", "12", ".50")),
    ],
)
def test_prices_are_set_with_small_signs_and_cents(written: str, parts: tuple[str, str, str]) -> None:
    block = set_price(written, STYLE, 400, 200)
    assert (block.sign, block.whole, block.cents) == parts
    assert block.width <= 401


def test_rows_that_have_no_room_are_made_smaller_together() -> None:
    rows = [Row(Title("name", "Cafeteira " * 8), STYLE, 100, lines=3, gap=20) for _ in range(4)]
    placed = column(rows, Box(0, 0, 500, 400), 1.0)
    assert placed[-1].box.bottom <= 401
    assert all(one.box.bottom < other.box.top for one, other in itertools.pairwise(placed))


def test_a_logo_that_could_not_be_seen_stands_on_a_plate() -> None:
    white = np.zeros((40, 80, 4), np.uint8)
    white[10:30, 10:70] = 255
    room = Box(0, 0, 200, 100)
    _, on_dark = logo(white, room, (20, 20, 20))
    paint, on_white = logo(white, room, WHITE)
    assert on_white.height > 0
    assert drawn(200, 100, paint)[int(on_white.top) + 4, 100, 3] > 250, "the plate"
    assert on_dark.width <= 200


def test_every_font_of_the_project_is_known_to_the_renderer() -> None:
    for path in Path("tasks/captions/fonts").glob("*.ttf"):
        assert skia.Typeface.MakeFromFile(str(path)) is not None, path


def test_no_line_begins_with_a_dash() -> None:
    for room in range(120, 600, 40):
        block = fit("Jaqueta Varsity Conceição — Edição “São João”", STYLE, (room, 400), (60, 20))
        assert not any(line.startswith("—") for line in block.lines)


def test_the_letters_of_a_button_are_large_in_several_lines_rather_than_small_in_one() -> None:
    large = 46
    style = Style("Outfit", bold=True)
    call = "Book your free tour of the rooms this week at Harbour"
    long, short = (
        column([Row(Title("call_to_action", text), style, large, kind="button")], Box(0, 0, 420, 900), 1)[0]
        for text in (call, "Shop now")
    )
    assert isinstance(long.block, Block)
    assert isinstance(short.block, Block)
    assert long.block.size >= large * 0.7
    assert len(long.block.lines) == 3
    assert (short.block.size, len(short.block.lines)) == (large, 1)


def test_what_is_read_from_the_right_is_known_by_most_of_its_words() -> None:
    assert reads_from_right("ساعة النورس الذكية X2")
    assert reads_from_right("שעון חכם")
    assert not reads_from_right("Relógio Nawras X2")


def test_a_veil_on_a_dark_picture_is_thin() -> None:
    dark = np.full((80, 80, 3), 60, np.uint8)
    level = lightest_of(dark)
    thin = cover(WHITE, BLACK, lightest=(level, level, level))
    assert 60 <= level < 90
    assert thin < cover(WHITE, BLACK) / 2
    assert contrast(WHITE, mixed((60, 60, 60), BLACK, thin)) >= READABLE
