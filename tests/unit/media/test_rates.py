"""Frame rates: what callers write means the exact rate, and comes back as it was written."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tasks.media.rates import FrameRate, exact_rate


class Asked(BaseModel):
    fps: FrameRate


@pytest.mark.parametrize(
    ("fps", "frames"),
    [
        (23.976, 23_976),
        (23.98, 23_976),
        (24, 24_000),
        (25, 25_000),
        (29.97, 29_970),
        (30, 30_000),
        (50, 50_000),
        (59.94, 59_940),
        (60, 60_000),
        (12.5, 12_500),
        (14.99, 14_990),
    ],
)
def test_frames_of_a_thousand_seconds(fps: float, frames: int) -> None:
    assert round(1000 * exact_rate(fps)) == frames


def test_the_rates_of_colour_television() -> None:
    for whole in (24, 30, 60):
        rate = Fraction(1000 * whole, 1001)
        for digits in (2, 3, 6):
            assert exact_rate(round(float(rate), digits)) == rate
        assert exact_rate(whole) == whole


@given(st.floats(1, 60))
def test_no_rate_is_moved_by_more_than_its_rounding(fps: float) -> None:
    rate = exact_rate(fps)
    assert abs(rate - Fraction(fps)) < Fraction(5, 1000)
    assert rate.denominator <= 1001


@pytest.mark.parametrize(
    ("asked", "answered"), [(24, "24"), (24.0, "24"), ("24", "24"), (29.97, "29.97"), (60, "60")]
)
def test_a_whole_rate_stays_whole(asked: object, answered: str) -> None:
    assert Asked.model_validate({"fps": asked}).model_dump_json() == f'{{"fps":{answered}}}'


@pytest.mark.parametrize("asked", [0, 0.5, 60.01, float("nan"), float("inf"), "fast"])
def test_other_rates_are_refused(asked: object) -> None:
    with pytest.raises(ValidationError):
        Asked.model_validate({"fps": asked})
