"""Captions as they are drawn: odd paths, turned videos, dangerous text, the font that was really used."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.captions.burning import burn, canvas_of
from tasks.captions.fonts import find_typeface
from tasks.captions.highlight import highlight_script
from tasks.captions.look import BorderChoice, Canvas, ColorChoice, FontChoice, PlaceChoice
from tasks.captions.placement import Placement
from tasks.captions.reading import SpokenWord, Subtitle
from tasks.captions.script import rounded_box, styled_text
from tasks.captions.segments import SegmentLook, segment_script
from tasks.captions.word_look import HighlightLook
from tasks.captions.wording import Replacement
from tasks.errors import EngineError, InvalidInputError, NoVideoError
from tasks.media.ffmpeg import run_ffmpeg
from tests.unit.media.conftest import TONE

ARIAL = find_typeface("Arial", bold=True)
CANVAS = Canvas(width=640, height=360)


def film(path: Path, *arguments: str, size: str = "640x360") -> Path:
    source = ("-f", "lavfi", "-i", f"color=black:size={size}:rate=10:duration=1")
    run_ffmpeg([*source, *arguments], output=path, duration=1, deadline=60)
    return path


def burnt(video: Path, subtitles: list[Subtitle], folder: Path, look: SegmentLook | None = None) -> Path:
    script, _ = segment_script(subtitles, look or SegmentLook(), canvas_of(video), ARIAL)
    workplace = folder / "work"
    workplace.mkdir(exist_ok=True)
    burn(
        video,
        script,
        folder / "out.mp4",
        encoder="libx264",
        deadline=60,
        workplace=workplace,
        quality="draft",
    )
    return folder / "out.mp4"


def picture(path: Path) -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in container.decode(video=0)][
            5
        ]


def test_paths_with_every_odd_character(tmp_path: Path) -> None:
    folder = tmp_path / "a b, it's [1];:x=%d ç\\n"
    folder.mkdir()
    out = burnt(film(folder / "v.mp4"), [Subtitle(0, 1, "Olá")], folder)
    assert (picture(out) > 128).sum() > 50


def test_turned_videos_get_upright_captions(tmp_path: Path) -> None:
    lying = film(tmp_path / "lying.mp4")
    turned = tmp_path / "turned.mp4"
    run_ffmpeg(
        ["-display_rotation", "90", "-i", f"file:{lying}", "-c", "copy"],
        output=turned,
        duration=1,
        deadline=60,
    )
    assert canvas_of(turned) == Canvas(width=360, height=640)
    rows, columns = (picture(burnt(turned, [Subtitle(0, 1, "mm")], tmp_path)) > 200).nonzero()
    assert rows.min() > 500
    assert np.ptp(columns) > np.ptp(rows)


def test_odd_sides_are_cut_and_sound_alone_is_refused(tmp_path: Path) -> None:
    odd = film(tmp_path / "odd.mkv", "-pix_fmt", "yuv444p", size="321x181")
    assert picture(burnt(odd, [Subtitle(0, 1, "x")], tmp_path)).shape == (180, 320)
    sound = tmp_path / "a.wav"
    run_ffmpeg([*TONE, "-t", "1"], output=sound, duration=1, deadline=60)
    with pytest.raises(NoVideoError):
        canvas_of(sound)


@pytest.mark.parametrize(
    ("last", "said"), [(0.5, ""), (0.95, ""), (1.0, "up to 1.0 s"), (9.0, "up to 9.0 s")]
)
def test_captions_after_the_last_picture_are_named(tmp_path: Path, last: float, said: str) -> None:
    video = film(tmp_path / "v.mp4")
    texts = [Subtitle(0, 0.5, "Olá"), Subtitle(last, last + 3, "fim")]
    script, _ = segment_script(texts, SegmentLook(), CANVAS, ARIAL)
    (tmp_path / "work").mkdir()
    made = burn(
        video,
        script,
        tmp_path / "o.mp4",
        encoder="libx264",
        deadline=60,
        workplace=tmp_path / "work",
        quality="draft",
    )
    assert (len(made.warnings), said in " ".join(made.warnings)) == (bool(said), True)


def test_text_is_never_taken_for_code() -> None:
    text, lost = styled_text("{\\pos(0,0)} a\\Nb }{ c\\", ARIAL, 36)
    assert lost == ""
    assert "\\pos" not in text.replace("\\\u200d", "")
    assert text.count("\\{") == 2
    assert "\\N" not in text


def test_text_that_looks_like_code_is_drawn(tmp_path: Path) -> None:
    black = film(tmp_path / "v.mp4")
    look = SegmentLook(font=FontChoice(size=60), position=PlaceChoice(alignment="middle_center"))
    plain = picture(burnt(black, [Subtitle(0, 1, "iiii")], tmp_path, look)) > 128
    braces = picture(burnt(black, [Subtitle(0, 1, "{\\pos(0,0)}iiii")], tmp_path, look)) > 128
    assert braces.sum() > 2 * plain.sum()
    assert braces[:100].sum() == 0


def test_another_font_than_the_chosen_one_is_an_error(tmp_path: Path) -> None:
    video = film(tmp_path / "v.mp4")
    script, _ = segment_script([Subtitle(0, 1, "x")], SegmentLook(), CANVAS, ARIAL)
    script.styles["caption"].fontname = "Nobody Has This"
    workplace = tmp_path / "work"
    workplace.mkdir()
    with pytest.raises(EngineError, match="instead of Nobody Has This"):
        burn(video, script, tmp_path / "o.mp4", encoder="libx264", deadline=60, workplace=workplace)


def test_another_font_of_those_at_hand_is_an_error_too(tmp_path: Path) -> None:
    video = film(tmp_path / "v.mp4")
    script, _ = segment_script([Subtitle(0, 1, "x")], SegmentLook(), CANVAS, ARIAL)
    script.styles["caption"].fontname = "Arimo Bold Extended"
    (tmp_path / "work").mkdir()
    with pytest.raises(EngineError, match="instead of Arimo Bold Extended"):
        burn(
            video,
            script,
            tmp_path / "o.mp4",
            encoder="libx264",
            deadline=60,
            workplace=tmp_path / "work",
        )


def test_words_of_scripts_that_read_from_the_right_are_laid_out_so() -> None:
    words = [SpokenWord(word=w, start=i, end=i + 0.9) for i, w in enumerate(("מרחב", "שלום", "עולם"))]
    script, _ = highlight_script(words, HighlightLook(style="classic", fundo_opacidade=0), CANVAS, ARIAL)
    places = [float(event.text.split("pos(")[1].split(",")[0]) for event in script]
    assert places == sorted(places, reverse=True)


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("ראה iPhone Pro עכשיו", "עכשיו iPhone Pro ראה"),
        ("say שלום עולם now", "say עולם שלום now"),
        ("מרחב 25 שלום", "שלום 25 מרחב"),
        ("ראה iPhone 15 עכשיו", "עכשיו iPhone 15 ראה"),
        ("ראה AT & T עכשיו", "עכשיו AT & T ראה"),
        ("see שלום 15 now", "see 15 שלום now"),
        ("iPhone הגיע היום", "היום הגיע iPhone"),
    ],
)
def test_what_a_line_quotes_is_read_in_its_own_direction(line: str, seen: str) -> None:
    words = [SpokenWord(word=w, start=i, end=i + 0.9) for i, w in enumerate(line.split())]
    look = HighlightLook(style="classic", fundo_opacidade=0, tamanho_fonte=30, words_per_line=10)
    script, _ = highlight_script(words, look, CANVAS, ARIAL)
    placed = sorted((float(event.text.split("pos(")[1].split(",")[0]), event.plaintext) for event in script)
    assert " ".join(word for _, word in placed) == seen


@pytest.mark.parametrize("text", ["אאאא.", "مسسس."])
def test_a_full_stop_of_what_is_read_from_the_right_is_on_the_left(tmp_path: Path, text: str) -> None:
    look = SegmentLook(font=FontChoice(size=200), border=BorderChoice(width=0))
    drawn = picture(burnt(film(tmp_path / "v.mp4"), [Subtitle(0, 1, text)], tmp_path, look)) > 128
    rows, columns = drawn.nonzero()
    assert np.ptp(rows[columns < columns.min() + 4]) < 0.5 * np.ptp(rows)
    assert np.ptp(rows[columns > columns.max() - 10]) > 0.3 * np.ptp(rows)


def test_words_can_be_replaced_and_left_out() -> None:
    words = [SpokenWord(word=w, start=i, end=i + 0.9) for i, w in enumerate(("Contra-ponto,", "mal", "bem"))]
    look = HighlightLook.model_validate(
        {
            "style": "classic",
            "fundo_opacidade": 0,
            "replacements": [{"find": "Contra-ponto", "replace": "Contraponto"}],
            "excluded": [{"start": 1, "end": 2}],
        }
    )
    script, _ = highlight_script(words, look, CANVAS, ARIAL)
    assert [event.text.rpartition("}")[2] for event in script] == ["Contraponto,", "bem"]


@pytest.mark.parametrize("style", ["classic", "karaoke", "highlight", "underline", "word_by_word"])
def test_no_style_leaves_the_picture(style: str) -> None:
    long = "Pneumoultramicroscopicossilicovulcanoconiótico"
    words = [SpokenWord(word=word, start=i, end=i + 0.9) for i, word in enumerate([long, "e", long, "fim"])]
    look = HighlightLook.model_validate({"style": style, "tamanho_fonte": 200})
    script, _ = highlight_script(words, look, CANVAS, find_typeface("Arial Black", bold=True))
    for event in script:
        x = float(event.text.split("pos(")[1].split(",")[0])
        assert 0 <= x < CANVAS.width
        if "\\p4" in event.text:
            right = max(int(number) for number in event.text.split("}")[1].split()[1::1] if number.isdigit())
            assert x + right / 8 <= CANVAS.width + 1
    assert len(script) > 0


@pytest.mark.parametrize("position", ["top_left", "center", "bottom_right"])
def test_as_many_lines_as_there_is_room_for_and_no_more(position: str) -> None:
    words = [
        SpokenWord(word=word, start=i, end=i + 0.9) for i, word in enumerate(["um", "dois", "três", "quatro"])
    ]
    chosen = {"tamanho_fonte": 200, "max_lines": 5, "words_per_line": 1, "position": position}
    look = HighlightLook.model_validate({**chosen, "safe_area": "reels", "fundo_opacidade": 0})
    canvas = Canvas(width=1920, height=1080, safe_area="reels")
    script, _ = highlight_script(words, look, canvas, ARIAL)
    heights = {float(event.text.split("pos(")[1].split(",")[1].split(")")[0]) for event in script}
    assert min(heights) > 0.12 * 1080
    assert max(heights) + 200 < (1 - 0.22) * 1080
    assert len(heights) > 1


def test_padding_that_leaves_no_room_is_refused() -> None:
    look = HighlightLook(padding_horizontal=500)
    highlight_script([], look, Canvas(width=1920, height=1080), ARIAL)
    with pytest.raises(InvalidInputError, match=r"padding_horizontal of 500.*1080x1920"):
        highlight_script([], look, Canvas(width=1080, height=1920), ARIAL)


@pytest.mark.parametrize("text", ["Pneumoultramicroscopicossilicovulcanoconiótico", "palavras e mais " * 20])
def test_too_much_text_is_drawn_smaller(tmp_path: Path, text: str) -> None:
    look = SegmentLook(font=FontChoice(size=200))
    rows, columns = (
        picture(burnt(film(tmp_path / "v.mp4"), [Subtitle(0, 1, text)], tmp_path, look)) > 128
    ).nonzero()
    assert columns.min() >= 40 / 3 - 1
    assert columns.max() <= 640 - 40 / 3
    assert np.ptp(columns) > 400, "no smaller than needed"
    assert rows.min() > 2
    assert rows.max() < 358


def test_a_replacement_cannot_break_the_script() -> None:
    look = SegmentLook(replacements=(Replacement(find="x", replace="a\r\nDialogue: 0\u2028b\u202fc"),))
    script, lost = segment_script([Subtitle(0, 1, "x")], look, CANVAS, ARIAL)
    assert script[0].text == "a \\NDialogue: 0 b c"
    assert lost == ""


def test_corners_are_never_rounder_than_the_box() -> None:
    assert rounded_box(10, 10, 0) == "m 0 0 l 80 0 80 80 0 80"
    assert rounded_box(10, 4, 50).startswith("m 16 0 l 64 0 b")


def test_a_box_without_padding_is_a_box(tmp_path: Path) -> None:
    video = film(tmp_path / "v.mp4", "-vf", "negate")
    boxes = []
    for style in (3, 4):
        look = SegmentLook.model_validate({"border": {"style": style, "width": 0}, "font": {"size": 100}})
        boxes.append((picture(burnt(video, [Subtitle(0, 1, "aaa")], tmp_path, look)) < 128).sum())
    assert boxes[0] == pytest.approx(boxes[1], rel=0.3)


def test_the_files_place_is_where_it_is_drawn(tmp_path: Path) -> None:
    cues = [
        Subtitle(0, 1, "iiii", Placement("top", "left")),
        Subtitle(0, 1, "iiii", Placement(x=0.75, y=0.5)),
    ]
    rows, columns = (picture(burnt(film(tmp_path / "v.mp4"), cues, tmp_path)) > 128).nonzero()
    above = columns[rows < 40]
    below = columns[rows >= 40]
    assert 12 <= above.min() < above.max() < 60
    assert np.mean(below) == pytest.approx(0.75 * 640, abs=2)
    assert rows.max() <= 181, "it stands on the middle"


def test_letters_of_several_fonts_stand_in_one_straight_box(tmp_path: Path) -> None:
    look = SegmentLook(
        font=FontChoice(size=100), border=BorderChoice(style=3), colors=ColorChoice(outline="#FFFFFF")
    )
    drawn = (
        picture(burnt(film(tmp_path / "v.mp4"), [Subtitle(0, 1, "Oi, مرحبا, mundo")], tmp_path, look)) > 100
    )
    _, columns = drawn.nonzero()
    upper = {int(drawn[:, column].argmax()) for column in range(columns.min() + 4, columns.max() - 4)}
    assert max(upper) - min(upper) <= 2
