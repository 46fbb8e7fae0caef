"""Pictures of films: the best one of a film that has bad ones too, those of given times, and sheets."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tasks.editing.bench import Bench
from tasks.editing.judging import is_fading, score
from tasks.editing.picturing import PictureOptions, picture, picture_options
from tasks.editing.sheets import GAP, laid_out
from tasks.errors import DamagedMediaError, InvalidInputError, LimitExceededError
from tasks.media.ffmpeg import run_ffmpeg
from tests.material import film, frames_of
from tests.unit.editing.films import damaged

Benches = Callable[[], Bench]


def difference(one: Path, other: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    with Image.open(one) as image:
        return float(np.abs(np.asarray(image.convert("RGB"), int) - other.astype(int)).mean())


def taken(
    source: Path, bench: Bench, options: PictureOptions
) -> tuple[list[Path], list[float], tuple[str, ...]]:
    folder = bench.scratch / "made"
    folder.mkdir()
    made = picture([source], options, folder / f"result.{options.picture_format}", bench)
    return sorted(folder.iterdir()), list(made.times), made.warnings


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds each: black, blurred, sharp, fading to black, white."""
    target = tmp_path_factory.mktemp("films") / "mixed.mp4"
    size = "size=320x180:rate=25:duration=2"
    run_ffmpeg(
        [
            *("-f", "lavfi", "-i", f"color=black:{size}", "-f", "lavfi", "-i", f"testsrc2={size}"),
            *("-f", "lavfi", "-i", f"testsrc2={size}", "-f", "lavfi", "-i", f"testsrc2={size}"),
            *("-f", "lavfi", "-i", f"color=white:{size}"),
            "-filter_complex",
            "[1]gblur=sigma=8[soft];[3]fade=out:st=0:d=1.9[fading];[0][soft][2][fading][4]concat=n=5:v=1",
            *("-pix_fmt", "yuv420p", "-g", "10"),
        ],
        output=target,
        duration=10,
        deadline=60,
    )
    return target


def test_the_best_picture_is_sharp_and_not_in_a_fade(mixed: Path, bench: Benches) -> None:
    (path,), (time,), _ = taken(mixed, bench(), picture_options([], None, None, None, "jpg"))
    assert 4 <= time < 6
    assert difference(path, frames_of(mixed)[round(time * 25)]) < 6


def test_a_black_film_has_a_picture_too(tmp_path: Path, bench: Benches) -> None:
    black = film(tmp_path / "black.mp4", picture="color=black", seconds=1, sound=False)
    (path,), _, _ = taken(black, bench(), picture_options([], None, None, None, "png"))
    with Image.open(path) as image:
        assert image.size == (160, 90)


def test_times_have_the_pictures_that_are_on_the_screen_then(tmp_path: Path, bench: Benches) -> None:
    source = film(tmp_path / "film.mp4", "-bf", "2", seconds=2, rate=10, sound=False)
    wanted = picture_options([0, "00:00.950", -0.05, "1.04", 99], None, None, None, "png")
    paths, times, warnings = taken(source, bench(), wanted)
    assert times == [0.0, 0.9, 1.9, 1.0, 1.9]
    shown = frames_of(source)
    for path, number in zip(paths, (0, 9, 19, 10, 19), strict=True):
        assert difference(path, shown[number]) < 4
    assert warnings == ("There is no picture at 99.0: the film is 00:02 long; the nearest was taken.",)


@pytest.mark.parametrize("picture_format", ["jpg", "png", "webp"])
def test_a_sheet_shows_every_part_of_the_film(mixed: Path, bench: Benches, picture_format: str) -> None:
    options = picture_options([], 5, 2, 640, picture_format)  # type: ignore[arg-type]
    (path,), times, _ = taken(mixed, bench(), options)
    assert times == pytest.approx([0.5 + number for number in range(10)], abs=0.05)
    with Image.open(path) as image:
        assert image.format == {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[picture_format]
        assert image.width == 640
        cells = np.asarray(image.convert("L").resize((50, 20)))
    assert cells[4, 5] < 40, "the first is black"
    assert cells[14, 45] > 220, "the last is white"


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(8, 4096).map(lambda half: 2 * half),
    st.tuples(st.integers(16, 4000), st.integers(16, 4000)),
)
def test_sheets_are_as_wide_as_asked_and_their_pictures_lie_apart(
    columns: int, rows: int, width: int, shape: tuple[int, int]
) -> None:
    try:
        sheet = laid_out(columns, rows, width, shape, "webp")
    except LimitExceededError:
        return
    assert max(sheet.width, sheet.height) <= 16_383
    needed = columns * (16 + GAP) + GAP
    assert sheet.width == max(width, needed)
    places = [sheet.place(number) for number in range(columns * rows)]
    assert len(set(places)) == len(places)
    left, top = places[-1]
    assert GAP <= sheet.width - left - sheet.cell[0] <= GAP + columns
    assert sheet.height - top - sheet.cell[1] == GAP


@pytest.mark.parametrize("picture_format", ["jpg", "png", "webp"])
def test_a_sheet_that_is_too_large_is_refused_before_a_picture_is_taken(
    mixed: Path, bench: Benches, picture_format: str
) -> None:
    at = bench()
    with pytest.raises(LimitExceededError, match=r"A sheet of 1 × 20 pictures would have 8192 × \d+ pixels"):
        taken(mixed, at, picture_options([], 1, 20, 8192, picture_format))  # type: ignore[arg-type]
    assert not list(at.scratch.glob("*.png"))
    with pytest.raises(LimitExceededError, match="webp takes 16,383 a side"):
        taken(mixed, bench(), picture_options([], 1, 20, None, "webp"))


def test_a_picture_that_cannot_be_decoded_is_named(tmp_path: Path, bench: Benches) -> None:
    source = damaged(film(tmp_path / "film.mp4", "-g", "5", seconds=1, rate=10, sound=False), 5, 6, 7, 8, 9)
    with pytest.raises(DamagedMediaError, match=r"The picture at 00:00\.900 cannot be decoded"):
        taken(source, bench(), picture_options([0.9], None, None, None, "jpg"))


def test_a_tall_film_and_pixels_that_are_not_square(tmp_path: Path, bench: Benches) -> None:
    flat = film(tmp_path / "flat.mp4", "-vf", "setsar=2", seconds=0.5, sound=False)
    turned = tmp_path / "turned.mp4"
    bench().ffmpeg(["-display_rotation", "90", "-i", f"file:{flat}", "-c", "copy"], turned, 1)
    (path,), _, _ = taken(turned, bench(), picture_options([0.1], None, None, None, "png"))
    with Image.open(path) as image:
        assert image.size == (90, 320)
    (path,), _, _ = taken(turned, bench(), picture_options([], None, None, 46, "webp"))
    with Image.open(path) as image:
        assert image.width == 46


def test_what_cannot_be_meant_is_said() -> None:
    with pytest.raises(InvalidInputError, match="both times and columns"):
        picture_options([1], 3, None, None, "jpg")
    with pytest.raises(InvalidInputError, match="no time"):
        picture_options(["1:99"], None, None, None, "jpg")


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_an_even_picture_is_worth_nothing_and_fades_go_one_way(one: int, two: int, three: int) -> None:
    assert score(np.full((20, 30, 3), [one, two, three], np.uint8)) == 0
    assert is_fading(one, two, three) == is_fading(three, two, one)
    if is_fading(one, two, three):
        assert two not in (one, three)
        assert min(one, three) < two < max(one, three)
