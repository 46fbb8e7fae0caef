"""Emoji: which characters are one, and what is seen of them in the picture."""

from pathlib import Path

import av
import numpy as np
import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.captions.burning import burn, canvas_of
from tasks.captions.emoji import WIDTH, Emoji, emoji_of
from tasks.captions.fonts import find_typeface
from tasks.captions.highlight import highlight_script
from tasks.captions.reading import SpokenWord, Subtitle
from tasks.captions.script import styled_text
from tasks.captions.segments import SegmentLook, segment_script
from tasks.captions.word_look import HighlightLook
from tests.material import film

ARIAL = find_typeface("Arial", bold=True)
FAMILY, BRAZIL, ENGLAND = "👩‍👩‍👧", "🇧🇷", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"
SEQUENCES = ["😀", BRAZIL, "👍🏽", FAMILY, "👩🏽‍🚀", "1️⃣", "#⃣", ENGLAND, "❤️", "❤️‍🔥", "❤‍🔥", "⌚", "✔️", "🏳️‍🌈"]


def pieces(text: str) -> list[str | Emoji]:
    return list(emoji_of(text, ARIAL.file.has))


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_a_sequence_is_one_emoji(sequence: str) -> None:
    before, emoji, after = pieces(f"a {sequence}b")
    assert (before, after) == ("a ", "b")
    assert isinstance(emoji, Emoji)
    assert emoji.text == sequence
    assert pieces(sequence * 2) == [emoji, emoji]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("12 #5 * ©", ["12 #5 * ©"]),
        ("©\ufe0f", ["E"]),
        ("➡", ["E"]),
        ("→", ["→"]),
        ("☺\ufe0e ⌚\ufe0e", ["☺ ", "E"]),
        ("a\ufe0f\u200db", ["a\u200db"]),
        ("👩\u200d👩\u200d🌵", ["E", "E", "E"]),
        ("😀🏽!", ["E", "!"]),
        ("🏴\U000e0062\U000e0072\U000e007f", ["E"]),
        ("🇧", ["E"]),
        ("\U0001fae9", ["\U0001fae9"]),
    ],
)
def test_what_is_emoji_and_what_is_text(text: str, shown: list[str]) -> None:
    assert ["E" if isinstance(piece, Emoji) else piece for piece in pieces(text)] == shown


@given(
    st.lists(
        st.sampled_from(
            [*SEQUENCES, "\u200d", "\ufe0e", "\ufe0f", "\u20e3", "🏽", "🇧", "👩", "1", "a", " ", "ש"]
        )
        | st.text(max_size=3)
    ).map("".join)
)
def test_no_letter_is_lost_and_no_piece_is_empty(text: str) -> None:
    found = pieces(text)
    assert all(piece if isinstance(piece, str) else piece.text for piece in found)
    styles = dict.fromkeys(map(ord, "\ufe0e\ufe0f"))
    joined = "".join(piece if isinstance(piece, str) else piece.text for piece in found)
    assert joined.translate(styles) == text.translate(styles)


def test_an_emoji_has_its_width_in_a_line_and_what_is_in_no_font_is_named() -> None:
    without, em = ARIAL.drawn_width("ab", 100), ARIAL.em(100)
    assert ARIAL.drawn_width(f"a{FAMILY}b", 100) == pytest.approx(without + WIDTH * em)
    assert ARIAL.drawable(f"a{BRAZIL}\U0001fae9") == (f"a{BRAZIL}", "\U0001fae9")
    assert styled_text("a\U0001fae9", ARIAL, 36) == ("a", "\U0001fae9")


def frame(tmp_path: Path, script: pysubs2.SSAFile) -> NDArray[np.int16]:
    """What a second of grey with these captions shows in its middle."""
    video = film(tmp_path / "v.mp4", seconds=1, picture="color=0x606060", size="640x360", rate=10)
    (tmp_path / "work").mkdir()
    burn(
        video,
        script,
        tmp_path / "o.mp4",
        encoder="libx264",
        deadline=60,
        workplace=tmp_path / "work",
        quality="high",
    )
    with av.open(str(tmp_path / "o.mp4")) as container:
        shown = [each.to_ndarray(format="rgb24") for each in container.decode(video=0)]
    return np.asarray(shown[5], np.int16)


def yellow(shown: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Where the face of an emoji is."""
    red, green, blue = np.moveaxis(shown, 2, 0)
    return np.asarray((red > 200) & (green > 160) & (blue < 120))


def white(shown: NDArray[np.int16]) -> NDArray[np.bool_]:
    return np.asarray(shown.min(axis=2) > 225)


def segments(tmp_path: Path, text: str, style: int = 1) -> NDArray[np.int16]:
    look = SegmentLook.model_validate(
        {"font": {"size": 120}, "border": {"style": style}, "position": {"alignment": "middle_center"}}
    )
    video = film(tmp_path / "size.mp4", seconds=1, picture="color=0x606060", size="640x360", rate=10)
    script, lost = segment_script([Subtitle(0, 1, text)], look, canvas_of(video), ARIAL)
    assert lost == ""
    return frame(tmp_path, script)


@pytest.mark.parametrize("letters", ["mm", "שש"])
def test_an_emoji_stands_between_its_words_as_one_face(tmp_path: Path, letters: str) -> None:
    shown = segments(tmp_path, f"{letters} 😀 {letters}")
    rows, columns = yellow(shown).nonzero()
    em = ARIAL.em(40)
    assert np.ptp(columns) == pytest.approx(0.95 * em, abs=4)
    assert np.ptp(rows) == pytest.approx(0.95 * em, abs=4)
    letter_columns = white(shown).nonzero()[1]
    assert letter_columns.min() < columns.min()
    assert letter_columns.max() > columns.max()
    assert np.mean(columns) == pytest.approx(320, abs=4)
    # Its mouth lies over the face, not beside it: the darkest part of it is brown.
    inside = shown[rows.min() : rows.max(), columns.min() : columns.max()]
    assert ((inside[..., 0] < 130) & (inside[..., 2] < 60)).sum() > 20


def test_boxes_and_colours_go_on_behind_and_after_an_emoji(tmp_path: Path) -> None:
    shown = segments(tmp_path, "m😀m", style=3)
    rows, columns = yellow(shown).nonzero()
    assert shown[rows.min() + 1, columns.min() + 1].max() < 60, "the box is behind its corners"
    assert white(shown)[:, columns.max() :].sum() > 50, "the letters after it are white again"
    above = shown[rows.min() - 2]
    box = above[above.max(axis=1) < 60]
    assert box.min() > np.median(box) - 8, "one box, not several that lie over each other"
    assert len(box) > ARIAL.drawn_width("m😀m", 40) - 2


@pytest.mark.parametrize("style", ["highlight", "karaoke", "word_by_word"])
def test_a_spoken_emoji_is_in_the_place_of_its_word(tmp_path: Path, style: str) -> None:
    words = [SpokenWord(word=word, start=at, end=at + 0.4) for word, at in (("😀", 0.4), ("fim", 0.9))]
    look = HighlightLook.model_validate({"style": style, "fundo_opacidade": 0, "position": "top_left"})
    canvas = canvas_of(film(tmp_path / "s.mp4", seconds=1, picture="color=0x606060", size="640x360", rate=10))
    typeface = find_typeface("Arial Black", bold=True)
    script, _ = highlight_script(words, look, canvas, typeface)
    columns = yellow(frame(tmp_path, script)).nonzero()[1]
    width = 0.95 * typeface.em(24)
    assert len(columns) > 0.3 * width**2
    left = 40 / 3 + (12 / 3)
    assert columns.min() == pytest.approx(left + (WIDTH * typeface.em(24) - width) / 2, abs=2)


def test_a_sign_is_as_white_as_the_letters(tmp_path: Path) -> None:
    assert white(segments(tmp_path, "✔")).sum() > 50


def test_many_emoji_in_one_word_are_made_to_fit(tmp_path: Path) -> None:
    columns = yellow(segments(tmp_path, "😀" * 40)).nonzero()[1]
    assert columns.min() > 10
    assert columns.max() < 630
