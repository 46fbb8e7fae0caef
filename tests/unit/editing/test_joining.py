"""Films joined: the plan of pieces by its sums, real films by their frames and their sound."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.editing.bench import Bench
from tasks.editing.joining import JoinOptions, concatenate
from tasks.editing.joints import longest_transition, pieces
from tasks.errors import NoVideoError
from tasks.media.ffmpeg import run_ffmpeg
from tests.material import film, frames_of

Benches = Callable[[], Bench]
RATE = 25


def options(**changes: Any) -> JoinOptions:
    usual = {"width": None, "height": None, "fps": None, "fit": "pad", "transition": "none"}
    return JoinOptions.model_validate({**usual, "transition_seconds": 0.4, "quality": "draft", **changes})


def sound_of(path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Its first channel, as far as it is to be heard."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        heard = round(float(stream.duration * stream.time_base) * stream.rate)
        blocks = [frame.to_ndarray()[0] for frame in container.decode(stream)]
    return np.concatenate(blocks)[:heard].astype(np.float64)


def hertz(sound: np.ndarray[Any, np.dtype[np.float64]], rate: int) -> float:
    return float(np.abs(np.fft.rfft(sound)).argmax() * rate / len(sound))


@given(st.lists(st.integers(1, 400), min_size=2, max_size=200), st.integers(0, 300))
def test_pieces_have_every_frame_once_and_joints_two(lengths: list[int], wanted: int) -> None:
    transition = longest_transition(lengths, wanted)
    assert 0 <= transition <= wanted
    assert 2 * transition <= min(lengths)
    plan = pieces(lengths, transition)
    assert sum(piece.frames for piece in plan) == sum(lengths) - (len(lengths) - 1) * transition
    seen: list[list[int]] = [[] for _ in lengths]
    order = []
    for piece in plan:
        assert piece.frames > 0
        seen[piece.part] += range(piece.start, piece.start + piece.frames)
        order.append((piece.part, piece.start))
        if piece.joint:
            assert piece.frames == transition
            seen[piece.part + 1] += range(piece.frames)
    assert seen == [list(range(length)) for length in lengths]
    assert order == sorted(order)
    assert sum(piece.joint for piece in plan) == (len(lengths) - 1 if transition else 0)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    plain = {"size": "160x90", "rate": RATE}
    return {
        "one": film(folder / "one.mp4", seconds=1, **plain),  # type: ignore[arg-type]
        "two": film(folder / "two.mp4", seconds=0.68, picture="testsrc", **plain),  # type: ignore[arg-type]
        "tall": film(
            folder / "tall.mp4", "-ar", "22050", seconds=0.8, size="90x160", rate=30, picture="smptebars"
        ),
        "silent": film(folder / "silent.mkv", seconds=0.5, size="64x64", rate=12, sound=False),
    }


def test_films_that_are_alike_are_copied(films: dict[str, Path], bench: Benches) -> None:
    at = bench()
    target = at.scratch / "all.mp4"
    made = concatenate([films["one"], films["two"], films["one"]], options(), target, at)
    assert made.copied
    assert made.starts == (0.0, 1.0, 1.68)
    shown = frames_of(target)
    wanted = [*frames_of(films["one"]), *frames_of(films["two"]), *frames_of(films["one"])]
    assert len(shown) == len(wanted) == 67
    assert all(np.array_equal(one, other) for one, other in zip(shown, wanted, strict=True))
    assert len(sound_of(target)) / 44_100 == pytest.approx(67 / RATE, abs=0.001)


@pytest.mark.parametrize("fit", ["pad", "crop", "blur"])
def test_others_are_brought_to_the_first_ones_size_and_rate(
    films: dict[str, Path], bench: Benches, fit: str
) -> None:
    at = bench()
    target = at.scratch / "all.mp4"
    order = [films["one"], films["tall"], films["silent"], films["two"]]
    made = concatenate(order, options(fit=fit), target, at)
    assert not made.copied
    shown = frames_of(target)
    assert len(shown) == 25 + 20 + round(0.5 * RATE) + 17
    assert {picture.shape for picture in shown} == {(90, 160, 3)}
    left = shown[35][20:70, :10].astype(int)
    assert (left.max() < 12) == (fit == "pad"), "bars are black, the rest is not"
    if fit == "blur":
        assert np.abs(np.diff(left, axis=0)).max() < 40
    sound = sound_of(target)
    assert len(sound) / 48_000 == pytest.approx(len(shown) / RATE, abs=0.001)
    silence = sound[round(1.85 * 48_000) : round(2.25 * 48_000)]
    assert np.abs(silence).max() < 0.01


@pytest.mark.parametrize("transition", ["fade", "slide", "wipe", "dissolve"])
def test_transitions_begin_with_one_film_and_end_with_the_other(
    films: dict[str, Path], bench: Benches, tmp_path: Path, transition: str
) -> None:
    high = tmp_path / "high.mp4"
    run_ffmpeg(
        [
            *("-f", "lavfi", "-i", f"color=white:size=160x90:rate={RATE}:duration=1"),
            *("-f", "lavfi", "-i", "sine=frequency=1760:duration=1", "-pix_fmt", "yuv420p"),
        ],
        output=high,
        duration=1,
        deadline=60,
    )
    at = bench()
    target = at.scratch / "all.mp4"
    made = concatenate([films["one"], high, films["two"]], options(transition=transition), target, at)
    shown, first = frames_of(target), frames_of(films["one"])
    # 0.4 s of 25 frames a second are 10, and half of the shortest film's 17 are 8.
    assert made.transition_seconds == pytest.approx(8 / RATE)
    assert "number 3, has 0.68 s" in made.warnings[0]
    assert len(shown) == 25 + 25 + 17 - 16
    assert np.abs(shown[16].astype(int) - first[16].astype(int)).mean() < 16
    assert shown[26].mean() > 245
    between = [picture.mean() for picture in shown[17:25]]
    assert between == pytest.approx(sorted(between), abs=3), "brighter and brighter"
    sound = sound_of(target)
    assert len(sound) / 44_100 == pytest.approx(len(shown) / RATE, abs=0.001)
    assert hertz(sound[4_410:24_000], 44_100) == pytest.approx(440, abs=5)
    assert hertz(sound[46_000:56_000], 44_100) == pytest.approx(1760, abs=10)
    halfway = sound[round(0.8 * 44_100) - 2_000 : round(0.8 * 44_100) + 2_000]
    assert np.sqrt((halfway**2).mean()) > 0.6 * np.sqrt((sound[4_410:24_000] ** 2).mean())


def test_transitions_without_a_picture_of_their_own_are_told(films: dict[str, Path], bench: Benches) -> None:
    at = bench()
    made = concatenate([films["one"]] * 2, options(fps=1, transition="fade"), at.scratch / "all.mp4", at)
    assert made.transition_seconds == 0
    assert made.warnings == ("There are no transitions: 0.4 s are less than a picture at 1 frames a second.",)


@pytest.mark.parametrize("rate", ["11111", "37800"])
def test_sound_gets_a_rate_that_codecs_have(tmp_path: Path, bench: Benches, rate: str) -> None:
    odd = film(tmp_path / "odd.mkv", "-c:a", "pcm_s16le", "-ar", rate, seconds=0.4)
    at = bench()
    concatenate([odd, odd], options(), at.scratch / "all.mp4", at)
    with av.open(str(at.scratch / "all.mp4")) as container:
        assert container.streams.audio[0].rate == {"11111": 12_000, "37800": 44_100}[rate]


def test_what_is_no_film_is_named(films: dict[str, Path], bench: Benches, tmp_path: Path) -> None:
    tone = tmp_path / "tone.wav"
    run_ffmpeg(["-f", "lavfi", "-i", "sine=duration=0.1"], output=tone, duration=None, deadline=60)
    at = bench()
    with pytest.raises(NoVideoError, match="Film 2 of 3: The file has no picture"):
        concatenate([films["one"], tone, films["two"]], options(), at.scratch / "all.mp4", at)
