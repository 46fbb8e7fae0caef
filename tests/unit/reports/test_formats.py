"""What each format is made of."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue

from tasks.reports.building import Collected
from tasks.reports.making import FORMATS
from tasks.reports.report_file import ReportFile
from tests.unit.reports.pdf_text import pdf_text
from tests.unit.reports.reading import (
    document_of,
    made_of,
    parsed,
    squeezed,
    text_of_document,
    text_of_page,
    texts_of,
)

VIDEOS: JsonValue = {
    "videos": 12,
    "items": [
        {
            "title": f"Vídeo {number}",
            "channel": "Canal Aurora",
            "published": (datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=20 * number)).date().isoformat(),
            "duration": 61 + number,
            "views": 1000 * (number + 1) ** 2,
            "url": f"https://www.youtube.com/watch?v={number:011}",
            "transcript": {"text": f"Olá, este é o vídeo {number}. " * 40, "segments": []}
            if number < 2
            else None,
        }
        for number in range(12)
    ],
    "complete": True,
    "file": "collections/x.json",
    "url": "file:///x",
}
SEVERAL = [
    Collected("youtube", "done", VIDEOS),
    Collected("noticias", "failed", None, "O site respondeu 503."),
    Collected("precos", "timed_out"),
]


def test_every_format_has_the_figures_the_status_and_the_reasons(cache: Path) -> None:
    made = made_of(SEVERAL, cache)
    found = texts_of(made)
    for kind in FORMATS:
        for text in ("YouTube", "650.000", "13:18", "O site respondeu 503.", "Vídeo 7"):
            assert squeezed(text) in found[kind], kind
    for kind in ("html", "pdf", "docx"):
        for text in ("concluída", "tempo esgotado", "cliente-42", "29/11/2026 18:30 UTC", "05/01/2026"):
            assert squeezed(text) in found[kind], kind
    assert made.pages == len(pdf_text(made.files["pdf"]).split("Página")) - 1
    assert made.warnings == ()


def test_the_same_report_is_the_same_bytes(cache: Path) -> None:
    assert made_of(SEVERAL, cache).files == made_of(SEVERAL, cache).files


def test_the_page_is_whole_in_itself_and_its_tables_have_headers(cache: Path) -> None:
    page = parsed(made_of(SEVERAL, cache, ["html"]).files["html"])
    assert page.xpath("//link | //script | //img[not(starts-with(@src, 'data:'))] | //iframe") == []
    assert page.xpath("//h1")[0].text_content() == "Relatório de teste"
    [table] = [each for each in page.xpath("//table") if each.xpath("./thead")]
    assert table.xpath("./thead//th/text()") == [
        "Título", "Canal", "Publicado em", "Duração", "Visualizações", "Endereço",
    ]  # fmt: skip
    assert table.xpath("./tbody/tr[1]/td")[4].get("class") == "n w"
    assert len(page.xpath("//figure/*[name() = 'svg']")) == 2


def test_the_document_has_styles_headers_that_repeat_and_pictures(cache: Path) -> None:
    document = document_of(made_of(SEVERAL, cache, ["docx"]).files["docx"])
    headings = [each.text for each in document.paragraphs if each.style and each.style.name == "Heading 1"]
    assert headings == ["Resumo", "YouTube"]
    assert len(document.inline_shapes) == 2
    tables = [table for table in document.tables if len(table.rows) > 3]
    for table in tables:
        assert table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
        assert not table.rows[1]._tr.xpath("./w:trPr/w:tblHeader")
    assert document.core_properties.created == datetime(2026, 11, 29, 18, 30, tzinfo=UTC)


def test_the_json_has_its_form_and_all_that_was_collected(cache: Path) -> None:
    data = made_of(SEVERAL, cache, ["json"]).files["json"]
    report = ReportFile.model_validate_json(data)
    assert (report.form, report.version) == ("contraponto/report", 1)
    assert [each.status for each in report.collectors] == ["done", "failed", "timed_out"]
    assert report.collectors[0].data == VIDEOS
    assert [chart.sort for chart in report.collectors[0].charts] == ["bars", "columns"]


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, "", 0, False, "texto", [[]], [{}], [None], {"a": {}}, {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
        [1, 2, 3], [[1, 2], [3, 4]], [{"a": 1}, 2, "x", None], {"x": [{"a": math.inf}, {"a": 10**400}, {"a": -0.0}]},
        {"": {"": ""}}, [{"": 1}], [{str(n): n} for n in range(50)], {"a": [{"b": [{"c": 1}]}]},
        [{"data": "9999-99-99"}, {"data": "2026-13-01T99:99"}], [{"t": "P"}, {"t": "PT"}],
        [{"data": f"{year:04}-01-01"} for year in (1, 2, 9999, 2026, 2027, 2025)],
        {"youtube": 1, "videos": [{"title": None}]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("collector", ["youtube", "arquivos", "outro"])
def test_odd_data_make_a_report_all_the_same(cache: Path, data: JsonValue, collector: str) -> None:
    made = made_of([Collected(collector, "done", data)], cache)
    assert set(made.files) == set(FORMATS)


def test_nothing_collected_is_said(cache: Path) -> None:
    made = made_of([], cache)
    for kind, text in texts_of(made).items():
        assert squeezed("não há o que relatar") in text, kind


def test_long_lists_are_bounded_and_say_so(cache: Path) -> None:
    rows: JsonValue = [{"nome": f"Linha {number}", "valor": number * number} for number in range(5000)]
    made = made_of([Collected("x", "done", rows)], cache)
    for kind in ("html", "pdf", "docx"):
        text = texts_of(made)[kind]
        assert squeezed("Mostrando 200 de 5.000; todas as linhas estão no JSON.") in text
        assert "Linha199" in text
        assert "Linha200" not in text
    assert len(json.loads(made.files["json"])["collectors"][0]["data"]) == 5000


def test_wide_records_keep_the_columns_that_fit(cache: Path) -> None:
    rows: JsonValue = [{f"campo_{n}": f"valor {n} {row}" for n in range(30)} for row in range(5)]
    text = text_of_page(made_of([Collected("x", "done", rows)], cache, ["html"]).files["html"])
    assert "de 30 colunas; as outras estão no JSON." in text
    assert "Campo 0" in text


def test_english(cache: Path) -> None:
    made = made_of(SEVERAL, cache, language="en", title=None)
    for kind in ("html", "pdf", "docx"):
        text = texts_of(made)[kind]
        for shown in ("Report", "Summary", "timedout", "650,000", "5Jan2026"):
            assert shown in text, kind


@pytest.mark.models("fonts", "fonts-cjk")
def test_every_script_is_drawn(cache: Path, models_dir: Path) -> None:
    lines = (
        (Path(__file__).parents[1] / "world_fonts" / "languages.tsv").read_text(encoding="utf-8").splitlines()
    )
    texts = [each.split("\t")[2] for each in lines]
    data: JsonValue = [
        {"texto": text, "n": number} for number, text in enumerate([*texts, "🎉 👩‍👩‍👧 🇧🇷 7️⃣ ❤️"])
    ]
    made = made_of(
        [Collected("x", "done", data)], cache, folders=(models_dir / "fonts", models_dir / "fonts-cjk")
    )
    assert made.warnings == ()
    drawn = set(squeezed(pdf_text(made.files["pdf"])))
    for text in texts:
        assert set(squeezed(text)) - drawn == set(), text
    assert {"🎉", "🇧", "❤"} <= drawn
    # Without the fonts the reader is told what is missing.
    poorer = made_of([Collected("x", "done", data)], cache, ["pdf"])
    assert "contraponto models get fonts-cjk fonts" in poorer.warnings[0]
    assert "Thai" in squeezed(pdf_text(poorer.files["pdf"]))


def test_texts_from_right_to_left_are_marked(cache: Path) -> None:
    data: JsonValue = [{"nome": "שלום עולם"}, {"nome": "abc"}]
    made = made_of([Collected("x", "done", data)], cache, ["docx"])
    paragraphs = [p for table in document_of(made.files["docx"]).tables for p in table._tbl.iter("{*}p")]
    marked = [str(p.xpath("string(.)")) for p in paragraphs if p.xpath("./w:pPr/w:bidi")]
    assert marked == ["שלום עולם"]
    assert "שלום עולם" in text_of_document(made.files["docx"])
