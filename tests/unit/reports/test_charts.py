"""Which charts are drawn: those that say something."""

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from tasks.reports.building import Collected, build_report
from tasks.reports.charts import _shortened
from tasks.reports.content import Chart
from tasks.reports.drawing import chart_svg, grades
from tasks.reports.lettering import taken_apart
from tasks.reports.texts import width_of
from tests.unit.reports.reading import wanted


def charts(data: JsonValue) -> list[Chart]:
    report = build_report([Collected("x", "done", data)], wanted())
    return [block for block in report.sections[0].blocks if isinstance(block, Chart)]


def test_the_largest_amounts_by_name() -> None:
    [chart] = charts([{"nome": f"P{n}", "preco": (n * 37) % 101} for n in range(30)])
    assert (chart.sort, len(chart.values)) == ("bars", 10)
    assert list(chart.values) == sorted(chart.values, reverse=True)
    assert chart.title == "Preço: os 10 maiores"


@pytest.mark.parametrize("values", [[50, -80, 7, -3, 0, 20], [-5, -80, -7, -3, 0, -20], [0, 0, -1, 0, 0, 0]])
def test_amounts_below_nothing_go_to_the_left(values: list[float]) -> None:
    [chart] = charts([{"nome": f"P{n}", "saldo": value} for n, value in enumerate(values)])
    assert (chart.title, list(chart.values)) == ("Saldo", sorted(values, reverse=True))
    drawing = taken_apart(chart_svg(chart, "#0f766e", 1))
    frame = float(re.findall(r"translate\(([\d.]+)", drawing.shapes)[0])
    bars = [
        (left := frame + float(x), left + float(width or 0))
        for x, width in re.findall(r'<rect x="([-\d.]+)"[^>]*? ry="2"(?: width="([\d.]+)")?', drawing.shapes)
    ]
    written = [each for each in drawing.labels if each.size == 12]
    # From below, as they are drawn; of those to the left the text ends where the bar begins.
    for value, (left, right), label in zip(sorted(values), bars, written, strict=True):
        assert frame <= left <= right <= drawing.width
        if value < 0:
            assert (label.back, frame + 20 < label.x < left) == (1, True)
        else:
            assert (label.back, right < label.x < drawing.width - 20) == (0, True)


def test_the_largest_are_so_in_either_direction() -> None:
    [chart] = charts([{"nome": f"P{n}", "saldo": (n * 37) % 101 - 60} for n in range(30)])
    assert chart.title == "Saldo: os 10 maiores em valor absoluto"
    assert min(chart.values) == -60


def test_records_in_time() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n * n) for n in range(20)]
    chart = next(
        each for each in charts([{"data": str(day), "n": "x"} for day in days]) if each.sort == "columns"
    )
    assert sum(chart.values) == 20
    assert chart.title == "Registros por mês"
    assert chart.labels[0] == "jan 26"


def test_shares_of_kinds() -> None:
    data: JsonValue = [{"nome": f"N{n}", "tipo": "abbccc"[n % 6]} for n in range(12)]
    [chart] = charts(data)
    assert (chart.sort, chart.labels, chart.values) == ("share", ("c", "b", "a"), (6, 4, 2))
    assert chart.written[0] == "50\u00a0% (6)"


@pytest.mark.parametrize(
    "data",
    [
        [{"nome": "a", "valor": 1}, {"nome": "b", "valor": 2}],  # too few
        [{"nome": f"n{n}", "valor": 7} for n in range(9)],  # all alike
        [{"nome": f"n{n}", "ordem": n} for n in range(9)],  # counted through
        [{"nome": f"n{n}", "id": (n * 7) % 11} for n in range(9)],  # numbers that are names
        [{"nome": f"n{n}", "data": "2026-01-01"} for n in range(9)],  # one day
        [{"nome": "igual", "valor": (n * 7) % 11} for n in range(9)],  # no names of their own
        [{"a": f"n{n}", "b": f"m{n % 4}"} for n in range(6)],  # nearly each has a kind of its own
    ],
)
def test_no_chart_that_says_nothing(data: JsonValue) -> None:
    assert charts(data) == []


def test_a_drawing_is_the_same_each_time_and_has_no_script() -> None:
    chart = Chart("bars", "t", ("</script><b>&", "b"), (2.0, 1.0), ("2", "1"))
    svg = chart_svg(chart, "#0f766e", 3)
    assert svg == chart_svg(chart, "#0f766e", 3)
    assert "<script" not in svg
    assert "&lt;/script&gt;&lt;b&gt;&amp;" in svg


@given(st.lists(st.text(min_size=1), min_size=1, max_size=8, unique=True), st.integers(12, 44))
def test_labels_are_short_and_stay_different(labels: list[str], most: int) -> None:
    made = _shortened(labels, most)
    assert all(width_of(label) <= most for label in made)
    assert len(set(made)) == len(set(labels))


@pytest.mark.parametrize("sort", ["bars", "share"])
def test_wide_letters_have_their_room(sort: Literal["bars", "share"]) -> None:
    """The library reckons each letter alike; those of East Asia would run into the drawing, or out of it."""
    latin, wide = (
        Chart(sort, "t", (letter * number, "b"), (2.0, 1.0), ("2", "1"))
        for letter, number in (("a", 20), ("漢", 10))
    )
    places = [
        re.findall(r'<g[^>]* transform="translate\(([\d.]+)', chart_svg(each, "#0f766e", 1))
        for each in (latin, wide)
    ]
    assert places[0] == places[1]


@pytest.mark.parametrize("color", ["#0f766e", "#ffee00", "#ffffff", "#000000"])
def test_parts_of_a_whole_are_told_apart(color: str) -> None:
    lights = [sum(int(grade[place : place + 2], 16) for place in (1, 3, 5)) for grade in grades(color)]
    assert min(abs(one - other) for one, other in pairwise(lights)) >= 20
