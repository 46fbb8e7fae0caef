"""What reports say of odd data is true, and nothing that collectors send makes them fail."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from tasks.reports.building import Collected, build_report
from tasks.reports.content import Chart, Excerpts, Section, Table
from tasks.reports.drawing import chart_svg
from tests.unit.reports.reading import document_of, made_of, parsed, wanted

OFFICE = "application/vnd.openxmlformats-officedocument."


def section_of(data: JsonValue, collector: str = "x") -> Section:
    return build_report([Collected(collector, "done", data)], wanted()).sections[0]


def charts_of(section: Section) -> list[Chart]:
    return [block for block in section.blocks if isinstance(block, Chart)]


def figures_of(section: Section) -> dict[str, str]:
    return {each.label: each.text for each in section.figures}


_AMOUNTS = st.floats() | st.integers(-(10**320), 10**320) | st.sampled_from([1.7e308, 5e-324, 10**308])
_RECORDS = st.lists(
    st.fixed_dictionaries({}, optional={
        "title": st.sampled_from("abcdefgh"), "name": st.sampled_from("abcdefgh"), "views": _AMOUNTS,
        "duration": _AMOUNTS, "size": _AMOUNTS, "published": _AMOUNTS, "type": st.sampled_from("ab"),
    }),
    min_size=3, max_size=8,
)  # fmt: skip


@given(_RECORDS, st.sampled_from(["youtube", "youtube-2", "arquivos", "x"]))
@settings(max_examples=60)
def test_no_amount_is_too_large(records: list[JsonValue], collector: str) -> None:
    for chart in charts_of(section_of(records, collector)):
        assert "<svg" in chart_svg(chart, "#0f766e", 0)


def test_huge_amounts_in_every_format(cache: Path) -> None:
    rows: JsonValue = [
        {"title": f"V{n}", "views": 1.7e308 - n * 1e300, "size": 10.0**n} for n in range(90, 99)
    ]
    made = made_of([Collected(name, "done", rows) for name in ("youtube", "x")], cache)
    assert len(made.files) == 4


def test_kinds_with_the_same_beginning_are_different_kinds() -> None:
    """Documents and tables of offices are told apart by the end of their types."""
    kinds = (f"{OFFICE}wordprocessingml.document", f"{OFFICE}spreadsheetml.sheet", "application/pdf")
    data: JsonValue = [{"name": f"n{n}", "type": kinds[n % 3], "size": 100 * (n % 3 + 1)} for n in range(9)]
    [chart] = [each for each in charts_of(section_of(data, "arquivos")) if each.sort == "share"]
    assert sorted(chart.values) == [300, 600, 900]
    assert len(set(chart.labels)) == 3
    assert all(len(label) <= 28 for label in chart.labels)


def test_names_with_the_same_beginning_have_bars_of_their_own() -> None:
    data: JsonValue = [{"nome": f"{'Um nome comprido ' * 5}{n}", "v": (n * 37) % 101} for n in range(9)]
    [chart] = charts_of(section_of(data))
    assert len(set(chart.labels)) == 9
    # Also where the difference is in the middle.
    data = [{"nome": f"{'a' * 60}{n}{'b' * 60}", "v": (n * 37) % 101} for n in range(9)]
    [chart] = charts_of(section_of(data))
    assert len(set(chart.labels)) == 9
    assert all(len(label) <= 44 for label in chart.labels)


def test_a_period_is_that_of_one_field() -> None:
    data: JsonValue = [
        {"id": n, "criado": f"2026-01-0{n + 1}" if n < 3 else None, "removido": f"1999-01-0{n + 1}"}
        for n in range(9)
    ]
    assert figures_of(section_of(data))["Criado"] == "01/01/2026 a 03/01/2026"


def test_a_number_that_is_no_moment_makes_no_period() -> None:
    """As a Unix time, the number 20260105 is of August 1970."""
    data: JsonValue = [{"title": f"V{n}", "published": 20_260_101 + 40_000 * n} for n in range(9)]
    section = section_of(data, "youtube")
    assert list(figures_of(section)) == ["Vídeos"]
    assert charts_of(section) == []


def test_the_same_in_all_rows_is_said_of_all_rows() -> None:
    rows: list[JsonValue] = [{"nome": f"n{n}", "estado": "ok", "a": n, "b": n * n} for n in range(300)]
    [table] = [each for each in section_of(rows).blocks if isinstance(each, Table)]
    assert "Igual em todas as linhas: Estado: ok" in table.notes
    rows[250] = {"nome": "n250", "estado": "erro", "a": 1, "b": 2, "aviso": "Só aqui."}
    [table] = [each for each in section_of(rows).blocks if isinstance(each, Table)]
    assert not any("Igual em todas" in note for note in table.notes)
    assert {"Estado", "Aviso"} <= {column.label for column in table.columns}


def test_a_form_whose_names_come_late_is_known_all_the_same() -> None:
    many: dict[str, JsonValue] = {f"k{n}": n for n in range(500)}
    [table] = [
        each for each in section_of([{**many, "title": "A"}], "youtube").blocks if isinstance(each, Table)
    ]
    assert [column.label for column in table.columns] == ["Título"]


@pytest.mark.parametrize("transcript", [["a", "b"], 5, {"x": 1}, True])
def test_no_heading_stands_above_nothing(transcript: JsonValue) -> None:
    section = section_of([{"title": "A", "transcript": transcript}], "youtube")
    assert not any(isinstance(each, Excerpts) for each in section.blocks)


def test_a_collector_that_is_asked_again_is_shown_like_the_first() -> None:
    data: JsonValue = {"items": [{"title": "A", "duration": 61}]}
    first, second = (section_of(data, name) for name in ("youtube", "youtube-2"))
    assert (first.title, second.title) == ("YouTube", "YouTube 2")
    assert first.figures == second.figures
    assert first.blocks == second.blocks


def test_each_section_has_its_own_place_in_the_page(cache: Path) -> None:
    same = Collected("x", "done", [{"nome": f"n{n}", "v": (n * 37) % 11} for n in range(9)])
    empty = Collected("y", "failed", None, "503")
    page = parsed(made_of([empty, same, same], cache, ["html"]).files["html"])
    assert page.xpath("//h2/@id") == ["s2", "s3"]
    assert page.xpath("//a[starts-with(@href, '#')]/@href") == ["#s2", "#s3"]
    assert len(set(page.xpath("//*[starts-with(@id, 'chart-')]/@id"))) == 2


@given(st.datetimes(timezones=st.just(UTC)))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_report_may_be_of_any_moment(cache: Path, moment: datetime) -> None:
    made = made_of([Collected("x", "done", [1])], cache, date=moment)
    assert len(made.files) == 4


@pytest.mark.parametrize(("color", "read"), [("#0f766e", True), ("#ffee00", False)])
def test_a_light_colour_is_none_for_letters(cache: Path, color: str, *, read: bool) -> None:
    made = made_of(
        [Collected("x", "done", [{"u": "https://example.org/"}])], cache, ["html", "docx"], color=color
    )
    page = made.files["html"].decode()
    assert ("--spoken: var(--ink)" in page) is not read
    links = document_of(made.files["docx"]).element.body.xpath("//w:hyperlink//w:color/@w:val")
    assert links == [color[1:].upper() if read else "1F2937"]
