"""The tags of a contract model and two versions of a contract, from files over HTTP to what a caller gets."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocks.local_media_store import LocalMediaStore
from flows.document_versions import ComparisonResult, compare_contract_versions
from flows.documents import extract_contract_tags
from tasks.documents.comparison import Findings
from tasks.documents.package import open_package
from tests.flow.jobs import run_to_end
from tests.servers.media import MediaServer
from tests.unit.documents.docx import body, paragraph, save


@pytest.fixture
def model(server: MediaServer, tmp_path: Path) -> str:
    text = [paragraph("{{TAG-", "preço}}R$ 10{{/TAG-preço}}"), paragraph("{{7.10}}Prazo{{/710}}")]
    data = save(tmp_path / "modelo.docx", body(*text)).read_bytes()
    return server.say("/modelo.docx", data, content_type=None)


async def test_tags_are_found_linked_and_reported(model: str, home: Path) -> None:
    clauses = [{"id": 9, "nome": "Preço"}, {"numero": "7.10"}]
    document, artifacts = await run_to_end(
        extract_contract_tags, arquivo_com_tags=model, clausulas=clauses, path="contratos/1"
    )
    assert document.status == "completed"
    result = document.result
    assert result is not None
    assert (result["tags"], result["faults"]) == (1, 2)
    assert (result["file"], result["report"]) == ("contratos/1/tags.json", "contratos/1/tags.html")
    assert "contratos/1/tags.html" in artifacts["summary"].replace("\\", "")
    store = LocalMediaStore(root=home / "store")
    [tag] = json.loads(store.read_bytes("contratos/1/tags.json"))["tags"]
    assert (tag["tag_nome"], tag["conteudo"], tag["clausulas"]) == ("preço", "R$ 10", [9])
    assert "Troque {{/710}} por {{/7.10}}" in store.read_bytes("contratos/1/tags.html").decode()


async def test_a_file_that_is_no_document_is_told_in_a_sentence(server: MediaServer) -> None:
    source = server.say("/contrato.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), content_type=None)
    document, _ = await run_to_end(extract_contract_tags, arquivo_com_tags=source)
    assert (document.error_code, document.stages["extraction"].status) == ("unusable_document", "failed")
    assert "senha" in str(document.error)


async def test_two_versions_are_compared(server: MediaServer, tmp_path: Path, home: Path) -> None:
    def version(name: str, price: str) -> str:
        text = [paragraph("CLÁUSULA SEGUNDA – DO PREÇO"), paragraph(f"O preço é de R$ {price} por mês.")]
        data = save(tmp_path / name, body(*text)).read_bytes()
        return server.say(f"/{name}", data, content_type=None)

    document, artifacts = await run_to_end(
        compare_contract_versions,
        arquivo_anterior=version("v1.docx", "1.000,00"),
        arquivo=version("v2.docx", "2.500,00"),
        clausulas=[{"id": 41, "numero": "2", "nome": "Do preço"}],
        referencias=[{"clausula": 41, "orientacao_retorno": "Levar ao financeiro."}],
        author="Maria",
        path="contratos/1",
        output_filename="marcado",
    )
    assert document.status == "completed"
    result = ComparisonResult.model_validate(document.result)
    assert (result.changes, result.verified, result.warnings) == (1, True, ())
    assert result.redline == "contratos/1/marcado.docx"
    [change] = result.first_changes
    assert (change.clausula, change.destaques[0].depois) == (41, "R$ 2.500,00")
    assert "contratos/1/marcado.docx" in artifacts["summary"].replace("\\", "")
    store = LocalMediaStore(root=home / "store")
    assert Findings.model_validate_json(store.read_bytes(result.file)).alteracoes == (change,)
    assert "Levar ao financeiro." in store.read_bytes(result.report).decode()
    with store.open_local(result.redline) as path, open_package(path) as package:
        [inserted] = package.xml(package.main).iter("{*}ins")
        assert "Maria" in inserted.attrib.values()


async def test_tracked_changes_are_of_the_day_that_it_is_here(
    server: MediaServer, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    # Where it is another day now.
    monkeypatch.setenv("TZ", "AAA-14" if now.hour >= 12 else "BBB+12")
    time.tzset()
    try:
        sources = [
            server.say(f"/{word}.docx", save(tmp_path / "v.docx", body(paragraph(word))).read_bytes())
            for word in ("antes", "depois")
        ]
        document, _ = await run_to_end(
            compare_contract_versions, arquivo_anterior=sources[0], arquivo=sources[1]
        )
    finally:
        monkeypatch.undo()
        time.tzset()
    result = ComparisonResult.model_validate(document.result)
    with (
        LocalMediaStore(root=home / "store").open_local(result.redline) as path,
        open_package(path) as package,
    ):
        [inserted] = package.xml(package.main).iter("{*}ins")
    [day] = [value for key, value in inserted.attrib.items() if str(key).endswith("}date")]
    here = now + timedelta(hours=14 if now.hour >= 12 else -12)
    assert str(day) == f"{here.date()}T00:00:00Z"


async def test_the_document_at_fault_is_named(server: MediaServer, tmp_path: Path) -> None:
    good = server.say(
        "/v1.docx", save(tmp_path / "v1.docx", body(paragraph("x"))).read_bytes(), content_type=None
    )
    document, _ = await run_to_end(
        compare_contract_versions,
        arquivo_anterior=good,
        arquivo=server.say("/v2.docx", b"%PDF-1.7", content_type=None),
    )
    assert (document.error_code, document.stages["comparison"].status) == ("unusable_document", "failed")
    assert "v2.docx: O arquivo não é um documento do Word: é um PDF." in str(document.error)
