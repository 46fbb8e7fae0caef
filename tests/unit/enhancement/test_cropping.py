"""Crops keep what a picture shows, fill the canvas and never leave the picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tasks.enhancement.cropping import Window, choose_window, closer, laid
from tasks.enhancement.options import Fit
from tasks.images.faces import Box
from tasks.images.loading import Pixels
from tasks.video.subject import NOTHING, WHOLE, Subject, find_subject
from tests.unit.enhancement.pictures import photograph, product


def busy(width: int, height: int) -> Pixels:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3)).astype(np.uint8)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, right = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    top, bottom = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    return left, top, right, bottom


def salient(box: Box) -> Subject:
    return Subject("salient", box, box, box)


@given(
    boxes(),
    st.sampled_from([9 / 16, 0.8, 1.0, 1.5, 16 / 9]),
    st.floats(1, 2),
    st.sampled_from([(40, 30), (30, 50)]),
)
def test_window_lies_within_and_has_the_shape(
    box: Box, shape: float, closeness: float, size: tuple[int, int]
) -> None:
    window = choose_window(salient(box), busy(*size), shape, "auto", closeness)
    left, top, right, bottom = window.box
    assert -1e-9 <= left < right <= 1 + 1e-9
    assert -1e-9 <= top < bottom <= 1 + 1e-9
    if window.way == "crop":
        assert (right - left) * size[0] / ((bottom - top) * size[1]) == pytest.approx(shape, rel=1e-6)
        assert left <= box[0] + 1e-9
        assert box[2] <= right + 1e-9
        assert top <= box[1] + 1e-9
        assert box[3] <= bottom + 1e-9
    else:
        assert window.box == WHOLE


@given(boxes(), boxes(), st.floats(1, 3))
def test_coming_closer_keeps_what_was_seen_of_the_subject(box: Box, subject: Box, closeness: float) -> None:
    if box[2] - box[0] < 0.05 or box[3] - box[1] < 0.05:
        return
    near = closer(box, salient(subject), closeness)
    assert all(near[side] >= box[side] - 1e-9 for side in (0, 1))
    assert all(near[side] <= box[side] + 1e-9 for side in (2, 3))
    for axis in (0, 1):
        first = min(max(subject[axis], box[axis]), box[axis + 2])
        last = min(max(subject[axis + 2], box[axis]), box[axis + 2])
        assert near[axis] <= first + 1e-9
        assert last <= near[axis + 2] + 1e-9


@pytest.mark.parametrize("shape", [9 / 16, 0.8, 1.0])
def test_face_is_in_every_crop(shape: float) -> None:
    pixels = photograph("astronaut")
    subject = find_subject(pixels)
    window = choose_window(subject, pixels, shape, "auto", 1.5)
    assert subject.kind == "face"
    assert window.way == "crop"
    assert window.box[0] <= subject.first[0]
    assert subject.first[2] <= window.box[2]


def test_product_on_paper_gets_more_paper() -> None:
    """Where the product does not fit, its ground goes on: no bars, no seam."""
    pixels = product()[40:450, 110:300]
    subject = find_subject(pixels)
    window = choose_window(subject, pixels, 16 / 9, "auto")
    assert window.way == "continued"
    made = np.asarray(laid(Image.fromarray(pixels), window, (640, 360))).astype(int)
    assert np.abs(made[:150, :150] - 255).max() <= 6
    assert np.abs(np.diff(made[:40], axis=1)).max() <= 8


def test_wall_and_floor_go_on() -> None:
    room = Image.new("RGB", (200, 300), (214, 210, 204))
    draw = ImageDraw.Draw(room)
    draw.rectangle((0, 220, 200, 300), fill=(150, 110, 80))
    draw.rectangle((60, 40, 140, 280), fill=(30, 60, 150))
    pixels = np.asarray(room)
    window = choose_window(find_subject(pixels), pixels, 1.5, "auto")
    made = np.asarray(laid(room, window, (450, 300))).astype(int)
    assert window.way == "continued"
    assert np.abs(made[100, 10] - [214, 210, 204]).max() <= 2
    assert np.abs(made[280, 440] - [150, 110, 80]).max() <= 2


@pytest.mark.parametrize(("fit", "way"), [("auto", "blur"), ("blur", "blur"), ("crop", "crop")])
def test_fit_rules_what_becomes_of_what_does_not_fit(fit: Fit, way: str) -> None:
    pixels = busy(300, 200)
    assert choose_window(salient((0.02, 0.1, 0.98, 0.9)), pixels, 9 / 16, fit).way == way


def test_where_nothing_stands_out_little_is_cut_off() -> None:
    pixels = busy(300, 200)
    assert choose_window(NOTHING, pixels, 1.2, "auto").way == "crop"
    assert choose_window(NOTHING, pixels, 9 / 16, "auto").way == "blur"


@pytest.mark.parametrize("way", ["crop", "continued", "blur"])
def test_canvas_is_full(way: str) -> None:
    image = Image.fromarray(busy(90, 61))
    made = laid(image, Window(WHOLE, way), (120, 200))  # type: ignore[arg-type]
    assert made.size == (120, 200)
