"""Drawings over frames in the planes of video."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.film.planes import Frame, drawing_of, frame_of, lay, mixed, pasted, scaled
from tasks.film.storyboard import Pixels

_TO_RGB = np.array([[1.1643, 0.0, 1.7927], [1.1643, -0.2132, -0.5329], [1.1643, 2.1124, 0.0]])
"""ITU-R BT.709, limited range."""


def plain(color: tuple[int, int, int, int], width: int, height: int) -> Pixels:
    """A rectangle of a colour; alpha last, not yet multiplied."""
    alpha = color[3]
    return np.full((height, width, 4), [*(round(part * alpha / 255) for part in color[:3]), alpha], np.uint8)


def rgb(frame: Frame) -> NDArray[np.float64]:
    """The colours of a frame."""
    colours = frame.colours.repeat(2, 0).repeat(2, 1).astype(float) - 128
    samples = np.dstack([frame.bright.astype(float) - 16, colours])
    seen: NDArray[np.float64] = samples @ _TO_RGB.T
    return seen


@pytest.mark.parametrize(
    "color", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (90, 20, 160)]
)
def test_colours_are_those_of_bt709(color: tuple[int, int, int]) -> None:
    assert np.abs(rgb(frame_of(plain((*color, 255), 16, 8))) - color).max() < 3


@settings(max_examples=60, deadline=None)
@given(
    left=st.integers(-20, 40), top=st.integers(-20, 40), width=st.integers(1, 30), height=st.integers(1, 30)
)
def test_a_drawing_is_where_it_belongs_and_nowhere_else(left: int, top: int, width: int, height: int) -> None:
    frame = frame_of(plain((0, 0, 0, 255), 32, 24))
    drawing = drawing_of(plain((255, 255, 255, 255), width, height), left, top, (32, 24))
    expected = np.full((24, 32), 16)
    expected[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = 235
    if drawing is not None:
        lay(drawing, frame)
    assert np.array_equal(frame.bright, expected)
    assert np.array_equal(frame.colours, np.full((12, 16, 2), 128))


@pytest.mark.parametrize("opacity", [0.0, 0.25, 0.5, 1.0])
def test_half_transparent_drawings_and_fades_mix(opacity: float) -> None:
    frame = frame_of(plain((255, 255, 255, 255), 16, 16))
    drawing = drawing_of(plain((200, 0, 0, 128), 16, 16), 0, 0, (16, 16))
    assert drawing is not None
    lay(drawing, frame, opacity)
    share = opacity * 128 / 255
    assert np.abs(rgb(frame) - [255 - share * 55, 255 * (1 - share), 255 * (1 - share)]).max() < 4


def test_what_cannot_be_seen_is_no_drawing() -> None:
    assert drawing_of(plain((0, 0, 0, 0), 8, 8), 0, 0, (32, 32)) is None
    assert drawing_of(plain((9, 9, 9, 255), 8, 8), 40, 0, (32, 32)) is None


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_two_frames_are_mixed_by_share(share: float) -> None:
    one, other = (frame_of(plain((level, level, level, 255), 8, 8)) for level in (0, 255))
    between = mixed(one, other, share)
    assert np.abs(between.bright.astype(int) - (16 + share * 219)).max() <= 1
    assert np.array_equal(one.bright, np.full((8, 8), 16))


def test_a_part_is_pasted_and_the_ground_kept() -> None:
    ground, part = frame_of(plain((255, 0, 0, 255), 32, 32)), frame_of(plain((0, 0, 255, 255), 8, 12))
    whole = rgb(pasted(ground, part, 4, 6))
    assert np.abs(whole[6:18, 4:12] - [0, 0, 255]).max() < 3
    assert np.abs(whole[:, 12:] - [255, 0, 0]).max() < 3
    assert np.abs(rgb(ground) - [255, 0, 0]).max() < 3


def test_scaled_pixels_keep_their_colour_and_opacity() -> None:
    small = scaled(plain((200, 100, 50, 128), 40, 20), 0.5)
    assert small.shape == (10, 20, 4)
    assert np.abs(small.astype(int) - [100, 50, 25, 128]).max() <= 1
