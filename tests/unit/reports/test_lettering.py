"""The labels of charts, where they are set with fonts of our own: in the PDF and in the pictures of Word."""

from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.reports.content import Chart
from tasks.reports.drawing import chart_svg
from tasks.reports.fonts import letters_of
from tasks.reports.lettering import taken_apart
from tasks.reports.pdf import pictures_of
from tasks.reports.texts import before_value

Sort = Literal["bars", "columns", "share"]
SORTS: tuple[Sort, ...] = ("bars", "columns", "share")


def drawn(*labels: str, sort: Sort = "share") -> str:
    values = tuple(float(number) for number in range(len(labels), 0, -1))
    return chart_svg(Chart(sort, "t", labels, values, ("1",) * len(labels)), "#0f766e", 0)


@pytest.mark.parametrize("label", ["{}…", "{} abc", "abc {}", "{} 17 %"])
def test_joined_letters_are_no_squares_beside_others(cache: Path, label: str) -> None:
    """Different words of as many letters would be the same squares."""
    words = ("طويل", "قصير")
    letters = letters_of("".join(words), (), cache)
    pictures = pictures_of([taken_apart(drawn(label.format(word), "b")) for word in words], letters)
    assert pictures[0] != pictures[1]


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(SORTS),
)
def test_labels_say_the_same(labels: list[str], sort: Sort) -> None:
    svg = drawn(*labels, sort=sort)
    texts = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - written by ourselves
    written = ["".join(each.itertext()) for each in texts]
    assert [each.text for each in taken_apart(svg).labels] == [each for each in written if each.strip()]


@pytest.mark.parametrize("sort", SORTS)
def test_the_setter_is_left_no_letter_within_a_drawing(sort: Sort) -> None:
    """It would lay the vowels of Hindi on the letters beside them."""
    apart = taken_apart(drawn("दुनिया 8", "ज्ञान", "c", sort=sort))
    assert "<text" not in apart.shapes
    assert all(
        0 <= each.x <= apart.width and 0 <= each.y <= apart.height and each.text for each in apart.labels
    )
    backs = {"bars": {1, 0}, "columns": {0.5}, "share": {0}}[sort]
    assert {each.back for each in apart.labels} == backs


def test_figures_stay_behind_a_name_that_is_written_from_right_to_left() -> None:
    assert before_value("التاريخ") == "التاريخ: \u200e"
    assert before_value("Data") == "Data: "
