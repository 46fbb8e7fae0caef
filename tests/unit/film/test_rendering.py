"""Films are what their plan says, frame by frame."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from tasks.editing.bench import Bench
from tasks.errors import NotAnImageError
from tasks.film.planes import Frame
from tasks.film.rendering import Frames, render
from tasks.film.sound import Mix, make_film_sound
from tasks.film.storyboard import Layer, Transition
from tasks.film.timeline import plan_shots
from tests.unit.film.narrations import narration
from tests.unit.film.plain import COLOURS, decoded, nearest, plain_pictures, plain_reel

SENTENCES = (1.6, 1.1, 2.2, 1.3, 1.4)


def frames_of(reel_frames: Frames) -> list[Frame]:
    """All frames of a reel, before they are encoded."""
    found: list[Frame] = []
    reel_frames.each(lambda _number, frame: found.append(frame))
    return found


@pytest.mark.parametrize("kind", get_args(Transition))
def test_each_sentence_has_its_picture_and_changes_at_its_end(tmp_path: Path, kind: Transition) -> None:
    spoken = narration(SENTENCES)
    plan = plan_shots(5, narration=spoken, fps=25)
    sound = tmp_path / "sound.m4a"
    make_film_sound(Mix(), plan.seconds, sound, Bench(tmp_path))
    film = tmp_path / "film.mp4"
    render(plain_reel(plan, plain_pictures(tmp_path), kind), sound, film, encoder="libx264", deadline=60)
    frames = decoded(film)
    assert len(frames) == plan.frames
    seen = [nearest(frame) for frame in frames]
    for number, sentence in enumerate(spoken.sentences):
        assert seen[round((sentence.start + sentence.end) / 2 * 25)] == number
        before, after = (round((sentence.end + side * 0.14) * 25) for side in (-1, 1))
        # Within 100 ms of its end the old picture has given way by half.
        assert seen[before] == number
        if number + 1 < len(SENTENCES):
            share = _share(frames[after], COLOURS[number], COLOURS[number + 1])
            assert share > 0.5
    assert seen[-1] is None


def _share(frame: np.ndarray, old: tuple[int, ...], new: tuple[int, ...]) -> float:
    """How much of a frame has the new colour, between all of the old one and all of the new one."""
    way = np.subtract(new, old)
    return float(((frame.reshape(-1, 3) - np.array(old)) @ way).mean() / (way @ way))


def test_a_layer_comes_stays_and_goes(tmp_path: Path) -> None:
    plan = plan_shots(1, duration=3.0, fps=20)
    white = np.full((40, 80, 4), 255, np.uint8)
    layer = Layer(white, 80, 200, start=0.5, end=2.0, fade=0.4, leave=0.4, rise=10)
    images = plain_pictures(tmp_path)
    with_layer, without = (
        frames_of(Frames(plain_reel(plan, images, layers=layers))) for layers in ((layer,), ())
    )

    def middle(number: int) -> int:
        return int(with_layer[number].bright[220, 120])

    plain = int(without[0].bright[220, 120])
    assert [middle(number) == plain for number in (9, 40)] == [True, True]
    assert plain < middle(10) < middle(14) < middle(18) == 235
    assert 235 > middle(36) > middle(39) > plain
    for one, other in zip(with_layer, without, strict=True):
        assert np.array_equal(one.bright[:200], other.bright[:200])
        assert np.array_equal(one.bright[252:], other.bright[252:])


def test_a_layer_is_wiped_in_from_the_left(tmp_path: Path) -> None:
    plan = plan_shots(1, duration=3.0, fps=20)
    white = np.full((40, 80, 4), 255, np.uint8)
    layer = Layer(white, 80, 200, start=0.0, end=2.0, fade=1.0, wipe=True)
    frame = frames_of(Frames(plain_reel(plan, plain_pictures(tmp_path), layers=(layer,))))[3]
    row = frame.bright[220, 80:160]
    assert row[0] == 235
    assert row[-1] < 200
    assert (np.diff(row.astype(int)) <= 0).all()


def test_a_layer_grows_around_its_middle(tmp_path: Path) -> None:
    plan = plan_shots(1, duration=3.0, fps=20)
    white = np.full((40, 80, 4), 255, np.uint8)
    layer = Layer(white, 80, 200, start=0.0, end=2.0, fade=1.0, grow=0.5)
    frame = frames_of(Frames(plain_reel(plan, plain_pictures(tmp_path), layers=(layer,))))[2]
    plain = frame.bright[100, 120]
    shown = np.flatnonzero(frame.bright[220] != plain)
    assert 40 < len(shown) < 80
    assert abs(shown.mean() - 119.5) <= 1


def test_the_camera_moves_without_jumps_through_transitions(tmp_path: Path) -> None:
    """A gradient under a zoom: what is seen changes a little with every frame, and never at once."""

    ramp = np.repeat(np.linspace(0, 255, 480).astype(np.uint8)[np.newaxis, :], 852, axis=0)
    path = tmp_path / "ramp.png"
    Image.fromarray(np.dstack([ramp] * 3)).save(path)
    plan = plan_shots(1, duration=5.0, fps=25)
    frames = frames_of(Frames(plain_reel(plan, (path,))))
    rows = [frame.bright[200].astype(float) for frame in frames[: round(plan.shots[-1].start * 25) - 6]]
    steps = [np.abs(after - before).max() for before, after in pairwise(rows)]
    assert max(steps) <= 3


def test_a_picture_that_cannot_be_read_ends_the_film_with_its_error(tmp_path: Path) -> None:
    images = plain_pictures(tmp_path)
    images[1].write_bytes(b"<html>not found</html>")
    plan = plan_shots(2, duration=4.0, fps=20)
    sound, film = tmp_path / "sound.m4a", tmp_path / "film.mp4"
    make_film_sound(Mix(), plan.seconds, sound, Bench(tmp_path))
    with pytest.raises(NotAnImageError):
        render(plain_reel(plan, images), sound, film, encoder="libx264", deadline=60)
    assert not film.exists()


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    plan = plan_shots(2, duration=4.0, fps=20)
    told: list[float] = []
    sound, film = tmp_path / "sound.m4a", tmp_path / "film.mp4"
    make_film_sound(Mix(), plan.seconds, sound, Bench(tmp_path))
    reel = plain_reel(plan, plain_pictures(tmp_path))
    assert reel.rate == Fraction(20)
    render(reel, sound, film, encoder="libx264", deadline=60, progress=told.append)
    assert told == sorted(told)
    # A frame that takes long says again how far it is.
    assert (told[0], len(set(told))) == (0.0, 80)
