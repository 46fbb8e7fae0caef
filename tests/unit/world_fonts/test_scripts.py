"""The scripts of the world in captions, with the fonts that are fetched for them."""

import re
import unicodedata
from pathlib import Path

import av
import numpy as np
import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.captions.breaking import phrases
from tasks.captions.burning import burn
from tasks.captions.fonts import Typeface, find_typeface
from tasks.captions.highlight import highlight_script
from tasks.captions.letters import require_letters
from tasks.captions.look import Canvas, FontChoice, PlaceChoice
from tasks.captions.reading import SpokenWord, Subtitle
from tasks.captions.scripts import COVERED, by_script
from tasks.captions.segments import SegmentLook, segment_script
from tasks.captions.word_look import HighlightLook
from tasks.media.ffmpeg import run_ffmpeg

pytestmark = pytest.mark.models("fonts", "fonts-cjk")

LANGUAGES = {
    language: text
    for line in Path(__file__).with_name("languages.tsv").read_text(encoding="utf-8").splitlines()
    for language, _, text in [line.split("\t")]
}
"""Article 1 of the Universal Declaration of Human Rights, or its beginning."""
CANVAS = Canvas(width=640, height=360)
LOOK = SegmentLook(font=FontChoice(size=140), position=PlaceChoice(alignment="middle_center"))


@pytest.fixture(scope="module", name="folders")
def font_folders(models_dir: Path) -> tuple[Path, ...]:
    return tuple(models_dir / name for name in COVERED)


@pytest.fixture(scope="module", params=["Arial", "Arial Black"])
def typeface(request: pytest.FixtureRequest, folders: tuple[Path, ...]) -> Typeface:
    return find_typeface(request.param, bold=True, folders=folders)


def test_nothing_of_any_language_is_lost(typeface: Typeface) -> None:
    for text in LANGUAGES.values():
        runs, lost = typeface.runs(text)
        assert lost == ""
        assert "".join(run.text for run in runs) == unicodedata.normalize("NFC", text)
    require_letters("\n".join(LANGUAGES.values()), typeface, list(COVERED))


def test_the_models_are_there_for_the_scripts_that_they_are_said_to_have() -> None:
    shipped = find_typeface("Arial", bold=True)
    missing = shipped.missing_letters("\n".join(LANGUAGES.values()))
    said = {script for scripts in COVERED.values() for script in scripts}
    assert by_script(missing).keys() <= said
    assert said - by_script(missing).keys() == {"Arab", "Hebr", "Bopo", "Kana"}


def test_letters_beside_latin_are_as_large(typeface: Typeface) -> None:
    """Of square letters the em, of others at least small letters and at most a fifth more than capitals."""
    for text in LANGUAGES.values():
        for run in typeface.runs(text)[0]:
            if run.helper is not None:
                em = run.helper.em_share * run.scale
                assert em == pytest.approx(typeface.file.em_share, rel=0.06)


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_stay_in_the_frame_and_keep_every_letter(typeface: Typeface, language: str) -> None:
    text = LANGUAGES[language]
    own = typeface.for_text(text)
    script, lost = segment_script([Subtitle(0, 1, text)], LOOK, CANVAS, typeface)
    assert lost == ""
    (event,) = script
    smaller = re.match(r"\{\\fs([\d.]+)\}", event.text)
    size = float(smaller[1]) if smaller else LOOK.font.size * CANVAS.scale
    shown = event.plaintext
    assert "".join(shown.split()) == "".join(unicodedata.normalize("NFC", text).split())
    lines = shown.split("\n")
    if len(lines) > 1:
        widths = [own.drawn_width(line, size) for line in lines]
        assert max(widths) <= CANVAS.width
        assert min(widths) > 0.4 * max(widths), "balanced"
    spaced = len(text.split()) > 4
    assert spaced or len(lines) > 1, "broken, not shrunk"


def test_han_is_drawn_as_in_its_region_and_nothing_else_by_its_font(typeface: Typeface) -> None:
    for language, region in {"ja": "JP", "ko": "KR", "zh-Hans": "SC", "zh-Hant": "TC"}.items():
        text = LANGUAGES[language]
        families = {run.helper and run.helper.family for run in typeface.for_text(text).runs(text)[0]}
        assert f"Noto Sans CJK {region}" in families
        assert len([family for family in families if family and "CJK" in family]) == 1
        for other in ("el", "ru", "he", "hy"):
            runs = typeface.for_text(text).runs(LANGUAGES[other])[0]
            assert not any(run.helper and "CJK" in run.helper.family for run in runs)


@given(st.text(st.sampled_from("".join(LANGUAGES.values()) + " \u200b\u200d'(“”)—/-.,"), max_size=80))
@settings(max_examples=60)
def test_phrases_are_the_text(text: str) -> None:
    assert "".join(phrases(text)) == text


@given(st.lists(st.sampled_from(sorted(LANGUAGES.values())), min_size=1, max_size=3), st.integers(20, 200))
@settings(max_examples=25)
def test_words_of_any_language_stay_in_the_picture(texts: list[str], size: int) -> None:
    words = [
        SpokenWord(word=word, start=number, end=number + 0.9)
        for number, word in enumerate(" ".join(texts).split())
    ]
    typeface = find_typeface("Arial", bold=True)
    look = HighlightLook(fonte="Arial", tamanho_fonte=size, style="classic", fundo_opacidade=0)
    script, _ = highlight_script(words, look, CANVAS, typeface)
    for event in script:
        x = float(event.text.split("pos(")[1].split(",")[0])
        assert 0 <= x < CANVAS.width


def test_every_script_is_drawn_in_its_font(folders: tuple[Path, ...], tmp_path: Path) -> None:
    """A line a language, all in one picture; the renderer's choice of fonts is checked by `burn`."""
    typeface = find_typeface("Arial", bold=True, folders=folders)
    row, columns = 36, 3
    canvas = Canvas(width=960, height=row * -(-len(LANGUAGES) // columns))
    look = SegmentLook(font=FontChoice(size=60))
    all_of_it: pysubs2.SSAFile | None = None
    for number, text in enumerate(LANGUAGES.values()):
        begin = text[:8] if len(text.split()) < 5 else " ".join(text.split()[:2])
        script, _ = segment_script([Subtitle(0, 1, begin)], look, canvas, typeface)
        (event,) = script
        x, y = 320 * (number % columns) + 10, row * (number // columns) + 2
        event.text = f"{{\\an7\\pos({x},{y})\\fs22\\q2}}{event.text}"
        if all_of_it is None:
            all_of_it = script
        else:
            all_of_it.append(event)
    assert all_of_it is not None
    film = tmp_path / "v.mp4"
    picture = f"color=black:size={canvas.width}x{canvas.height}:rate=5:duration=0.4"
    run_ffmpeg(["-f", "lavfi", "-i", picture], output=film, duration=1, deadline=60)
    out = tmp_path / "o.mp4"
    (tmp_path / "work").mkdir()
    burn(film, all_of_it, out, encoder="libx264", deadline=60, workplace=tmp_path / "work", fonts=folders)
    with av.open(str(out)) as container:
        frame = np.asarray(next(container.decode(video=0)).to_ndarray(format="gray"), np.uint8)
    for number, language in enumerate(LANGUAGES):
        x, y = 320 * (number % columns), row * (number // columns)
        ink = frame[y : y + row, x : x + 320] > 128
        rows, cols = ink.nonzero()
        assert len(rows) > 100, language
        assert np.ptp(rows) > 10, language
        assert np.ptp(cols) > 30, language
