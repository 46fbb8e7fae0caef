"""What the headers of an answer state about sizes."""

import pytest

from tasks.net.headers import content_length, content_range


@pytest.mark.parametrize(
    ("value", "start", "total"),
    [
        ("bytes 100-199/200", 100, 200),
        ("bytes */200", None, 200),
        ("bytes 0-9/*", 0, None),
        ("items 0-9/10", None, None),
        ("bytes", None, None),
        ("", None, None),
        ("bytes -5-9/10", None, 10),
    ],
)
def test_ranges(value: str, start: int | None, total: int | None) -> None:
    assert content_range({"Content-Range": value}) == (start, total)


@pytest.mark.parametrize("value", ["", "-1", "1.5", "²", "1_000", "9" * 5000, "ten"])
def test_what_is_no_length_is_none(value: str) -> None:
    assert content_length({"Content-Length": value}) is None


def test_lengths() -> None:
    assert content_length({"Content-Length": "2048"}) == 2048
    assert content_length({}) is None
