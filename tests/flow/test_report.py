"""The executor `relatorio`, from what collectors answered to the files that a caller gets."""

import json
from datetime import UTC, datetime
from pathlib import Path

from blocks.local_media_store import LocalMediaStore
from flows.executors import ReportResult, make_report
from tests.flow.jobs import run_to_end

MOMENT = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)


async def test_a_report_of_data_of_files_and_of_failures(home: Path) -> None:
    store = LocalMediaStore(root=home / "store")
    rows = [{"nome": f"Item {number}", "preco": number * number} for number in range(7)]
    store.put_bytes(json.dumps(rows).encode(), "coletas/precos.json")
    store.put_bytes(b"{", "coletas/quebrada.json")
    parameters = {
        "coletas": [
            {"escavador": "precos", "status": "concluida", "arquivo": "coletas/precos.json"},
            {"escavador": "noticias", "status": "erro", "erro": "O site respondeu 503."},
            {
                "escavador": "lenta",
                "status": "erro",
                "erro_conhecido": {"codigo": "no_answer", "segundos": 300},
            },
            {"escavador": "quebrada", "status": "concluida", "arquivo": "coletas/quebrada.json"},
            {"escavador": "perdida", "status": "concluida", "arquivo": "coletas/nenhuma.json"},
        ],
        "title": "Preços de novembro",
        "date": MOMENT,
        "correlation_id": "cliente-42",
        "path": "relatorios/novembro",
    }
    document, artifacts = await run_to_end(make_report, **parameters)
    assert document.status == "completed"
    result = ReportResult.model_validate(document.result)
    assert result.files == {
        kind: f"relatorios/novembro/report.{kind}" for kind in ("html", "pdf", "docx", "json")
    }
    assert (result.collectors, result.failed) == (5, 4)
    assert [warning.partition(":")[0] for warning in result.warnings] == ["quebrada", "perdida"]
    assert "relatorios/novembro/report.pdf" in artifacts["summary"].replace("\\", "")
    page = store.read_bytes(result.files["html"]).decode()
    for text in (
        "Preços de novembro",
        "cliente-42",
        "Item 6",
        "O site respondeu 503.",
        "Sem resposta em 300 segundos.",
    ):
        assert text in page
    assert store.read_bytes(result.files["pdf"]).startswith(b"%PDF-")

    assert result.pages is not None

    # The same again is not made again; other data under the same key are.
    again, _ = await run_to_end(make_report, **parameters)
    assert again.stages["report"].cached
    store.put_bytes(json.dumps(rows[:3]).encode(), "coletas/precos.json")
    changed, _ = await run_to_end(make_report, **parameters)
    assert not changed.stages["report"].cached


async def test_a_report_of_nothing_and_a_logo_that_is_none(home: Path) -> None:
    document, _ = await run_to_end(make_report, formats=["json"])
    result = ReportResult.model_validate(document.result)
    assert (list(result.files), result.pages, result.collectors) == (["json"], None, 0)
    LocalMediaStore(root=home / "store").put_bytes(b"<svg/>", "marca.svg")
    refused, _ = await run_to_end(make_report, formats=["html"], logo="marca.svg")
    assert refused.error_code == "not_an_image"
    assert str(refused.error).startswith("logo: ")
    missing, _ = await run_to_end(make_report, formats=["html"], logo="nenhuma.png")
    assert missing.error_code == "source_not_found"


async def test_a_date_that_is_none_in_utc_is_said(home: Path) -> None:
    refused, _ = await run_to_end(make_report, formats=["json"], date="0001-01-01T00:00:00+14:00")
    assert refused.error_code == "invalid_input"
    assert str(refused.error).startswith("The date 0001-01-01T00:00:00+14:00 is not between")
