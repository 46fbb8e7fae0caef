"""Texts that are cut into rows here: nothing is lost, nothing too wide, styling and direction go on."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.captions.layout import Text, rows_of
from tasks.captions.rows import has_parts, rows_in
from tasks.captions.styling import STYLING

BEGIN, END = (
    next(m for m in STYLING if STYLING[m] == "{\\i1}"),
    next(m for m in STYLING if STYLING[m] == "{\\i0}"),
)


def measured(text: str) -> Text:
    """Every letter is ten wide, a space five."""
    return Text(
        0, 1, tuple(tuple(10.0 * len(word) for word in line.split()) for line in text.split("\n")), 5, 30
    )


@given(st.lists(st.text("abcש", min_size=1, max_size=9), max_size=12), st.floats(100, 400))
def test_every_word_is_in_a_row_that_fits(words: list[str], room: float) -> None:
    text = " ".join(words)
    rows = rows_in(text, measured(text), room)
    bare = [row.strip("\u200e\u200f") for row in rows]
    assert " ".join(bare) == text
    assert all(measured(row).natural <= room for row in bare)
    if words:
        assert len(rows) == rows_of(measured(text).lines[0], 5, room), "no more rows than are needed"


def test_rows_are_about_equally_long() -> None:
    assert rows_in("aaa aaa aaa aaa", measured("aaa aaa aaa aaa"), 110) == ["aaa aaa", "aaa aaa"]
    assert rows_in("a\nb c", measured("a\nb c"), 500) == ["a", "b c"]


def test_styling_and_direction_go_on() -> None:
    text = f"{BEGIN}aa bb{END} cc"
    assert rows_in(text, measured(text), 40) == [f"{BEGIN}aa", f"{BEGIN}bb{END}", "cc"]
    assert rows_in("שש aa", measured("שש aa"), 30) == ["שש", "\u200faa"]


def test_what_the_renderer_draws_in_parts() -> None:
    assert [has_parts(text) for text in ("plain \\{text\\}", "{\\i1}a", "שש")] == [False, True, True]
