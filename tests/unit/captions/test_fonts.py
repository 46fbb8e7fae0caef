"""Which font is used, what it can draw and how wide that is."""

import shutil
from pathlib import Path

import pytest

from tasks.captions.fonts import SHIPPED, STAND_INS, Run, Typeface, find_typeface, font_files
from tasks.captions.letters import require_letters
from tasks.captions.scripts import han_region
from tasks.errors import InvalidInputError, MissingEngineError


def test_the_callers_fonts_have_stand_ins_that_are_named() -> None:
    arial = find_typeface("Arial", bold=True)
    assert (arial.family, arial.mapped, arial.file.path.name) == ("Arimo", True, "Arimo-Bold.ttf")
    assert find_typeface("  arial ", bold=False).file.path.name == "Arimo-Regular.ttf"
    black = find_typeface("ARIAL BLACK", bold=True)
    assert (black.family, black.mapped) == ("Archivo Black", True)
    assert not find_typeface("arimo", bold=True).mapped
    for name in STAND_INS:
        find_typeface(name, bold=True)


def test_an_unknown_font_is_an_error_that_lists_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r'"Papyrus" is not installed.*Archivo Black, Arimo'):
        find_typeface("Papyrus", bold=True, folders=(tmp_path / "nothing",))


def test_fonts_of_the_installation_are_found_and_broken_files_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    shutil.copy(SHIPPED / "ArchivoBlack-Regular.ttf", tmp_path / "mine.ttf")
    typeface = find_typeface("Archivo Black", bold=True, folders=(tmp_path,))
    assert typeface.file.path == tmp_path / "mine.ttf"
    files = {face.path.name for face in font_files(["archivo black", "Arimo"], (tmp_path,))}
    assert files >= {"mine.ttf", "Arimo-Bold.ttf"}


def runs(typeface: Typeface, text: str) -> list[tuple[str | None, str]]:
    return [(run.helper.family if run.helper else None, run.text) for run in typeface.runs(text)[0]]


def test_portuguese_is_drawn_by_the_fonts_themselves() -> None:
    text = "áéíóú âêô ãõ à ç ÁÉÍÓÚ ÂÊÔ ÃÕ À Ç ªº “aspas” — … R$ 1.000 €"
    for name in ("Arial", "Arial Black"):
        assert find_typeface(name, bold=True).runs(text) == ([Run(text)], "")


def test_other_scripts_go_to_helpers_and_what_nobody_has_is_left_out() -> None:
    black = find_typeface("Arial Black", bold=True)
    assert [family for family, _ in runs(black, "Oi مرحبا Привет 👍🏽")] == [
        None,
        "Noto Sans Arabic",
        "Arimo",
    ]
    assert black.runs("Oi 👍🏽")[1] == "👍🏽"


def test_punctuation_stays_with_the_words_of_a_helper() -> None:
    for name in ("Arial", "Arial Black"):
        assert runs(find_typeface(name, bold=True), "مرحبا بكم، 25!") == [
            ("Noto Sans Arabic", "مرحبا بكم، 25!")
        ]
    assert runs(find_typeface("Arial", bold=True), "Oi, (25)!") == [(None, "Oi, (25)!")]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("你好, 世界! - …", ""),
        ("你好 - (42)", "(42)"),
        ("Oi, 你好, mundo", "Oi, mundo"),
        ("Oi,你好!", "Oi"),
        ("3月5日 será bom", "será bom"),
        ("สวัสดี - tchau", "tchau"),
        ("Oi \U0001fae9, tudo", "Oi , tudo"),
    ],
)
def test_with_letters_that_cannot_be_drawn_goes_what_belongs_to_them(text: str, left: str) -> None:
    drawn, lost = find_typeface("Arial", bold=True).drawable(text)
    assert " ".join(drawn.split()) == left
    assert lost


def test_helpers_are_set_so_that_small_letters_are_as_high() -> None:
    black = find_typeface("Arial Black", bold=True)
    (run,) = black.runs("жж")[0]
    assert run.helper is not None
    assert run.helper.x_height * run.scale == pytest.approx(black.file.x_height)
    assert black.drawn_width("жж", 10) == pytest.approx(run.helper.width("жж", 10) * run.scale)


def test_widths_are_those_of_the_font() -> None:
    arial = find_typeface("Arial", bold=False)
    # Arial's and Arimo's advance of "n" is 1139 of 2048; their line height is 1854 + 434.
    assert arial.width("nnnn", 100) == pytest.approx(4 * 1139 / (1854 + 434) * 100, rel=0.01)
    assert arial.width("nn", 50) == pytest.approx(arial.width("nn", 100) / 2)


def test_letters_that_nobody_can_draw_are_named_with_what_helps() -> None:
    arial = find_typeface("Arial", bold=True)
    require_letters("Oi Привет שלום مرحبا 👍🏽 ☃︎", arial, [])
    with pytest.raises(MissingEngineError, match=r"draw Thai \(ส, ว, ั\).*models get fonts \(put a .ttf"):
        require_letters("สวัสดี", arial, [])
    with pytest.raises(
        MissingEngineError, match=r"Chinese characters \(你, 好\) and Lao .*get fonts-cjk fonts"
    ):
        require_letters("你好 ລາວ", arial, [])
    with pytest.raises(InvalidInputError, match=r"draw Tibetan .*folder fonts.*leave_out"):
        require_letters("བོད", arial, ["fonts"])


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("東京へ行く", "JP"),
        ("大韓民國 대한민국", "KR"),
        ("人人生而自由，在尊严和权利上一律平等。", "SC"),
        ("人人生而自由，在尊嚴和權利上一律平等。", "TC"),
        ("他说「こ」是日文，这句话还是中文，不是日文。", "SC"),
        ("", "SC"),
    ],
)
def test_han_is_written_as_in_the_language_of_the_text(text: str, region: str) -> None:
    assert han_region(text) == region
