"""Moments as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.editing.moments import PATTERN, clock, counts_from_end, seconds_of


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (12.5, 12.5),
        ("12.5", 12.5),
        ("1:30", 90),
        ("01:30.250", 90.25),
        ("01:30,250", 90.25),
        ("90:00", 5400),
        ("1:02:03", 3723),
        ("-0:03", -3),
        (-3, -3),
        ("0", 0),
    ],
)
def test_every_way_to_write_one(written: float | str, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize(
    "written", ["", "soon", "1:75", "1:2:75", "::", "1:", "--3", "1e5", "１２", "0x10", "nan", "1:02:03:04"]
)
def test_what_is_none(written: str) -> None:
    assert seconds_of(written) is None


def test_the_end_itself_can_be_said() -> None:
    assert counts_from_end("-0")
    assert not counts_from_end("0")


@given(st.integers(0, 35_999_999))
def test_what_is_printed_is_read_again(milliseconds: int) -> None:
    printed = clock(milliseconds / 1000)
    assert re.match(PATTERN, printed)
    assert seconds_of(printed) == pytest.approx(milliseconds / 1000)
    assert seconds_of(f"-{printed}") == pytest.approx(-milliseconds / 1000)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    seconds = seconds_of(text)
    assert seconds is None or abs(seconds) < 1e7
