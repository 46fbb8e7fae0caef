import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.enhancement.options import ImagesConfig


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({"orientation": "portrait"}, (1080, 1350)),
        ({"orientation": "square"}, (1080, 1080)),
        ({"orientation": "landscape"}, (1920, 1080)),
        ({"aspect": "9:16"}, (1080, 1920)),
        ({"aspect": "9:16", "longest_side": 640}, (360, 640)),
        ({}, (2048, 1536)),
        ({"longest_side": 1000}, (1000, 750)),
    ],
)
def test_canvas_is_what_networks_show(asked: dict[str, object], size: tuple[int, int]) -> None:
    assert ImagesConfig.model_validate(asked).canvas(4000, 3000) == size


def test_small_image_keeps_its_size_in_its_own_shape() -> None:
    assert ImagesConfig().canvas(640, 480) == (640, 480)


def test_aspect_against_orientation_is_refused_in_words() -> None:
    with pytest.raises(ValidationError, match="aspect 16:9 is landscape, orientation says portrait"):
        ImagesConfig(aspect="16:9", orientation="portrait")


def test_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="styles"):
        ImagesConfig.model_validate({"styles": "warm"})


@given(st.integers(1, 12_000), st.integers(1, 12_000))
def test_original_keeps_its_shape(width: int, height: int) -> None:
    across, down = ImagesConfig().canvas(width, height)
    assert max(across, down) <= 2048
    assert 1 <= across <= width
    assert 1 <= down <= height
    assert abs(across * height - down * width) <= max(width, height)
