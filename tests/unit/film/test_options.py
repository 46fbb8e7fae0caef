"""What callers choose about a film."""

import pytest
from pydantic import ValidationError

from tasks.film.options import Aspect, VideoConfig


@pytest.mark.parametrize(
    ("aspect", "frame"),
    [("9:16", (1080, 1920)), ("4:5", (1080, 1350)), ("1:1", (1080, 1080)), ("16:9", (1920, 1080))],
)
def test_the_shorter_side_and_the_aspect_make_the_frame(aspect: Aspect, frame: tuple[int, int]) -> None:
    assert VideoConfig(aspect=aspect).frame == frame


@pytest.mark.parametrize("aspect", ["9:16", "4:5", "1:1", "16:9"])
@pytest.mark.parametrize("size", [240, 426, 720, 2158])
def test_both_sides_are_even(aspect: Aspect, size: int) -> None:
    assert all(side % 2 == 0 for side in VideoConfig(aspect=aspect, size=size).frame)


def test_a_misspelt_choice_is_refused() -> None:
    with pytest.raises(ValidationError, match="transition"):
        VideoConfig.model_validate({"transition": "fade"})
