"""The subject is in every view, whatever the shapes, and the camera never leaves the stage."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.images.faces import Box, Face
from tasks.video.framing import Background, Framing, frame_subject
from tasks.video.motion import View, camera_path
from tasks.video.subject import NOTHING, WHOLE, Subject, people
from tasks.video.zoom_types import ZoomType

SHAPES = (16 / 9, 9 / 16, 1.0, 4 / 5)
MOVES: tuple[ZoomType, ...] = ("zoomin", "zoomout", "zoompanright")
aspects = st.floats(0.2, 5).filter(lambda aspect: aspect > 0)
lengths = st.floats(0.1, 60)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = (draw(st.floats(0, 0.99)) for _ in range(2))
    return left, top, draw(st.floats(left + 0.001, 1)), draw(st.floats(top + 0.001, 1))


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    kind = draw(st.sampled_from(["face", "drawn", "photograph", "none"]))
    if kind == "none":
        return NOTHING
    if kind == "face":
        faces = [Face(draw(boxes()), 0.9) for _ in range(draw(st.integers(1, 4)))]
        return people(sorted(faces, key=lambda face: face.box[1] - face.box[3]), draw(aspects))
    box = draw(boxes())
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    core = box if kind == "drawn" else (x, y, x, y)
    return Subject("salient", core, box, core)


def on_stage(box: Box, framing: Framing, aspect: float, shape: float) -> Box:
    """Where a part of the picture lies on the stage: written again from what a stage is."""
    if framing.background == "fill":
        left, top, right, bottom = framing.crop
        width, height = 1 / (right - left), 1 / (bottom - top)
        begin = (-left * width, -top * height)
    else:
        width, height = (framing.inset * min(1, side) for side in (aspect / shape, shape / aspect))
        begin = ((1 - width) / 2, (1 - height) / 2)
    return (
        begin[0] + box[0] * width,
        begin[1] + box[1] * height,
        begin[0] + box[2] * width,
        begin[1] + box[3] * height,
    )


def inside(box: Box, view: View) -> bool:
    half = view.size / 2 + 1e-6
    return (
        view.x - half <= box[0]
        and box[2] <= view.x + half
        and view.y - half <= box[1]
        and box[3] <= view.y + half
    )


@given(subjects(), aspects, st.sampled_from(SHAPES), st.sampled_from(MOVES), lengths)
def test_the_subject_is_in_every_view(
    subject: Subject, aspect: float, shape: float, move: ZoomType, seconds: float
) -> None:
    framing = frame_subject(subject, aspect, shape, "auto", seconds)
    same_shape = framing.crop == WHOLE and framing.background == "fill"
    if subject.kind != "none" and not same_shape:
        kept = subject.core if framing.background == "fill" else subject.wanted
        box = on_stage(kept, framing, aspect, shape)
        for view in camera_path(move, 25, seconds, framing.focus):
            assert inside(box, view)


@given(
    subjects(),
    aspects,
    st.sampled_from(SHAPES),
    st.sampled_from(MOVES),
    lengths,
    st.sampled_from(["auto", "fill", "blur"]),
)
def test_no_view_leaves_the_stage_and_none_jumps(
    subject: Subject, aspect: float, shape: float, move: ZoomType, seconds: float, background: Background
) -> None:
    framing = frame_subject(subject, aspect, shape, background, seconds)
    left, top, right, bottom = framing.crop
    assert -1e-9 <= left < right <= 1 + 1e-9
    assert -1e-9 <= top < bottom <= 1 + 1e-9
    if framing.background == "fill":
        assert (right - left) * aspect / (bottom - top) == pytest.approx(shape, rel=0.01)
    path = camera_path(move, 49, seconds, framing.focus)
    for view in path:
        assert 0 < view.size <= 1
        assert view.size / 2 - 1e-9 <= view.x <= 1 - view.size / 2 + 1e-9
        assert view.size / 2 - 1e-9 <= view.y <= 1 - view.size / 2 + 1e-9
    # Smooth: no step is far from the ones beside it.
    for edge in ([view.x - view.size / 2 for view in path], [view.y + view.size / 2 for view in path]):
        steps = [after - before for before, after in itertools.pairwise(edge)]
        turns = [abs(after - before) for before, after in itertools.pairwise(steps)]
        assert max(turns) <= 0.003


@given(subjects(), aspects, st.sampled_from(SHAPES), lengths)
def test_fill_fills_and_blur_shows_all(subject: Subject, aspect: float, shape: float, seconds: float) -> None:
    assert frame_subject(subject, aspect, shape, "fill", seconds).background == "fill"
    blurred = frame_subject(subject, aspect, shape, "blur", seconds)
    if not math.isclose(aspect, shape, rel_tol=0.01):
        assert blurred.background == "blur"
        assert 0.85 < blurred.inset <= 1
        assert on_stage(WHOLE, blurred, aspect, shape)[0] >= -1e-9


def test_nothing_found_is_the_middle_as_ever() -> None:
    backgrounds: tuple[Background, ...] = ("auto", "fill")
    for background in backgrounds:
        framing = frame_subject(NOTHING, 2 / 3, 16 / 9, background, 5)
        assert framing.background == "fill"
        assert framing.crop == pytest.approx((0, 0.3125, 1, 0.6875))
        assert framing.focus.box is None


def test_who_stands_is_shown_whole_and_who_does_not_is_shown_close() -> None:
    standing = people([Face((0.46, 0.06, 0.54, 0.12), 0.9)], 2 / 3)
    assert standing.wanted[3] > 0.75
    assert frame_subject(standing, 2 / 3, 16 / 9, "auto", 5).background == "blur"
    assert frame_subject(standing, 2 / 3, 9 / 16, "auto", 5).background == "fill"
    bust = people([Face((0.38, 0.25, 0.62, 0.41), 0.9)], 2 / 3)
    assert bust.wanted == bust.core
    close = frame_subject(bust, 2 / 3, 16 / 9, "auto", 5)
    assert close.background == "fill"
    assert close.crop[1] < bust.core[1] < bust.core[3] < close.crop[3]


def test_all_of_several_faces_are_kept_and_bystanders_are_not() -> None:
    two = people([Face((0.1, 0.3, 0.2, 0.5), 0.9), Face((0.8, 0.3, 0.88, 0.45), 0.9)], 1.5)
    assert two.core[0] < 0.1
    assert two.core[2] > 0.88
    assert frame_subject(two, 1.5, 9 / 16, "auto", 5).background == "blur"
    passing = people([Face((0.1, 0.3, 0.2, 0.5), 0.9), Face((0.8, 0.3, 0.82, 0.34), 0.9)], 1.5)
    assert passing.core[2] < 0.5
