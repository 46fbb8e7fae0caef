"""Pictures of captions before the whole video is drawn."""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tasks.captions.burning import canvas_of
from tasks.captions.fonts import find_typeface
from tasks.captions.preview import MOST, sheet, stills, telling_moments
from tasks.captions.reading import Subtitle
from tasks.captions.script import event, new_script
from tasks.captions.segments import SegmentLook, segment_script
from tasks.media.ffmpeg import run_ffmpeg

ARIAL = find_typeface("Arial", bold=True)


def script_of(*shown: tuple[float, float, str]) -> pysubs2.SSAFile:
    script = pysubs2.SSAFile()
    script.extend(event(start, end, text) for start, end, text in shown)
    return script


def test_moments_are_those_with_most_words_in_different_parts_of_the_film() -> None:
    script = script_of(
        (0, 2, "a"), (1, 2, "{\\an7}bcdef"), (4, 5, "xy"), (5, 6, "{\\p4}m 0 0 l 80 0 80 80"), (8, 10, "z")
    )
    assert telling_moments(script, 0, 60) == [1.5, 4.5, 9.0]
    assert telling_moments(script, 0, 1.5) == [0.5, 1.25]
    assert telling_moments(script, 20, 60) == []


@given(
    st.lists(st.tuples(st.floats(0, 50), st.floats(0, 9), st.text("ab ", max_size=8)), max_size=20),
    st.floats(0, 10),
    st.floats(0, 60),
)
def test_moments_are_few_in_their_order_and_something_is_written_then(
    drawn: list[tuple[float, float, str]], start: float, end: float
) -> None:
    script = script_of(*((begin, begin + length, text) for begin, length, text in drawn))
    found = telling_moments(script, start, end)
    assert len(found) <= MOST
    assert all(one < other for one, other in pairwise(found))
    for moment in found:
        assert start <= moment <= end
        assert any(each.start <= moment * 1000 <= each.end and each.text for each in script)


@pytest.mark.parametrize("rate", ["25", "1/2"])
def test_pictures_are_of_their_moment_with_the_words_of_that_moment(tmp_path: Path, rate: str) -> None:
    film = tmp_path / "v.mkv"
    picture = f"color=black:size=640x360:rate={rate}:duration=4,drawbox=color=blue:t=fill:enable='gte(t,2)'"
    run_ffmpeg(["-f", "lavfi", "-i", picture], output=film, duration=4, deadline=60)
    cues = [Subtitle(0.5, 1.0, "um"), Subtitle(2.5, 3.5, "dois dois dois")]
    script, _ = segment_script(cues, SegmentLook(), canvas_of(film), ARIAL)
    (tmp_path / "work").mkdir()
    found = stills(film, script, workplace=tmp_path / "work", deadline=60).stills
    assert [still.seconds for still in found] == [0.75, 3.0]
    letters = []
    for still in found:
        with Image.open(io.BytesIO(still.jpeg)) as image:
            shown = np.asarray(image).astype(int)
        assert shown.shape == (360, 640, 3)
        letters.append(int((shown.min(axis=2) > 180).sum()))
    assert 0 < 3 * letters[0] < letters[1]
    if rate == "25":
        assert shown[10, 10, 2] > 180, "the picture of the later moment is blue"
    with Image.open(io.BytesIO(sheet([still.jpeg for still in found]))) as image:
        assert image.size == (2 * 853 + 6, 480)


def test_without_captions_there_is_a_picture_of_the_beginning(tmp_path: Path) -> None:
    film = tmp_path / "v.mp4"
    run_ffmpeg(
        ["-f", "lavfi", "-i", "color=white:size=90x160:rate=10:duration=1"],
        output=film,
        duration=1,
        deadline=60,
    )
    (tmp_path / "work").mkdir()
    script = new_script(canvas_of(film))
    found = stills(film, script, workplace=tmp_path / "work", deadline=60).stills
    assert [still.seconds for still in found] == [0.0]
    with Image.open(io.BytesIO(found[0].jpeg)) as image:
        assert image.size == (90, 160)


def test_captions_that_nobody_will_see_are_told_before_the_film_is_drawn(tmp_path: Path) -> None:
    film = tmp_path / "v.mp4"
    picture = "color=white:size=160x90:rate=10:duration=1"
    run_ffmpeg(["-f", "lavfi", "-i", picture], output=film, duration=1, deadline=60)
    cues = [Subtitle(0.2, 0.8, "um"), Subtitle(5.0, 6.0, "dois")]
    script, _ = segment_script(cues, SegmentLook(), canvas_of(film), ARIAL)
    (tmp_path / "work").mkdir()
    preview = stills(film, script, workplace=tmp_path / "work", deadline=60)
    assert len(preview.stills) == 1
    assert [warning for warning in preview.warnings if "up to 5.0 s" in warning]
