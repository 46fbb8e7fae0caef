"""The letters of charts, where they are set with fonts of our own: in the PDF and in the pictures of Word."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.reports.content import Chart
from tasks.reports.drawing import chart_svg
from tasks.reports.fonts import letters_of
from tasks.reports.lettering import in_fonts
from tasks.reports.pdf import pictures_of

FAMILIES = ("Arimo", "Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Thai")


def drawn(*labels: str) -> str:
    values = tuple(float(number) for number in range(len(labels), 0, -1))
    return chart_svg(Chart("share", "t", labels, values, ("1",) * len(labels)), "#0f766e", 0)


def said(svg: str) -> str:
    return str("".join(ElementTree.fromstring(svg).itertext()))  # noqa: S314 - written by ourselves


@pytest.mark.parametrize("label", ["{}…", "{} abc", "abc {}", "{} 17 %"])
def test_joined_letters_are_no_squares_beside_others(cache: Path, label: str) -> None:
    """Different words of as many letters would be the same squares."""
    words = ("طويل", "قصير")
    letters = letters_of("".join(words), (), cache)
    pictures = pictures_of(
        [in_fonts(drawn(label.format(word), "b"), letters.families) for word in words], letters
    )
    assert pictures[0] != pictures[1]


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1),
        min_size=1,
        max_size=3,
    )
)
def test_labels_say_the_same(labels: list[str]) -> None:
    svg = drawn(*labels)
    assert said(in_fonts(svg, FAMILIES)) == said(svg)


def test_what_is_in_one_font_stays_as_it_was() -> None:
    svg = drawn("Ação", "Ελλάδα", "Привет")
    assert in_fonts(svg, FAMILIES) == svg
    assert "<tspan" not in in_fonts(drawn("漢字 abc", "עברית"), FAMILIES)
