"""The tags of a contract model, from a file over HTTP to what a caller gets."""

import json
from pathlib import Path

import pytest

from blocks.local_media_store import LocalMediaStore
from flows.documents import extract_contract_tags
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
