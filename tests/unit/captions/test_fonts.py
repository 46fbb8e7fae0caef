"""Which font is used, what it can draw and how wide that is."""

import shutil
from pathlib import Path

import pytest

from tasks.captions.fonts import SHIPPED, STAND_INS, find_typeface, font_files
from tasks.errors import InvalidInputError


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
    assert {path.name for path in font_files(typeface, (tmp_path,))} >= {"mine.ttf", "Arimo-Bold.ttf"}


def test_portuguese_is_drawn_by_the_fonts_themselves() -> None:
    text = "áéíóú âêô ãõ à ç ÁÉÍÓÚ ÂÊÔ ÃÕ À Ç ªº “aspas” — … R$ 1.000 €"
    for name in ("Arial", "Arial Black"):
        assert find_typeface(name, bold=True).runs(text) == ([(None, text)], "")


def test_other_scripts_go_to_helpers_and_emoji_are_left_out() -> None:
    runs, lost = find_typeface("Arial Black", bold=True).runs("Oi مرحبا Привет 👍🏽")
    assert [family for family, _ in runs] == [None, "Noto Sans Arabic", "Arimo"]
    assert lost == "👍🏽"


def test_punctuation_stays_with_the_words_of_a_helper() -> None:
    for name in ("Arial", "Arial Black"):
        runs, lost = find_typeface(name, bold=True).runs("مرحبا بكم، 25!")
        assert (runs, lost) == ([("Noto Sans Arabic", "مرحبا بكم، 25!")], "")
    assert find_typeface("Arial", bold=True).runs("Oi, (25)!") == ([(None, "Oi, (25)!")], "")


def test_widths_are_those_of_the_font() -> None:
    arial = find_typeface("Arial", bold=False)
    # Arial's and Arimo's advance of "n" is 1139 of 2048; their line height is 1854 + 434.
    assert arial.width("nnnn", 100) == pytest.approx(4 * 1139 / (1854 + 434) * 100, rel=0.01)
    assert arial.width("nn", 50) == pytest.approx(arial.width("nn", 100) / 2)
