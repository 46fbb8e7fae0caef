"""Cycles over a record store, as a schedule runs them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blocks.from_settings import record_store
from blocks.local_media_store import LocalMediaStore
from blocks.record_store import DONE, FAILED, WAITING, RecordStore
from blocks.settings import get_settings
from flows.document_cycle import process_documents
from flows.document_import import import_contracts
from tasks.documents.collections import (
    ALL,
    CHANGE_REFERENCES,
    CHANGES,
    CLAUSES,
    CONTRACTS,
    DRAFT,
    MODEL_TAGS,
    MODELS,
    REFERENCES,
    VERSIONS,
)
from tests.flow.jobs import run_to_end
from tests.servers.directus import TOKEN, running_directus
from tests.servers.media import MediaServer
from tests.unit.documents.docx import body, paragraph, save
from tests.unit.documents.xlsx import Sheet, save_book


@pytest.fixture
async def store(home: Path) -> AsyncIterator[RecordStore]:
    """That of the settings: SQLite in the home."""
    home.mkdir(exist_ok=True)
    made = record_store(get_settings())
    await made.prepare(ALL)
    yield made
    await made.aclose()


@pytest.fixture
def model(server: MediaServer, tmp_path: Path) -> str:
    text = [paragraph("{{TAG-preço}}R$ 10{{/TAG-preço}}"), paragraph("{{7.10}}Prazo{{/710}}")]
    data = save(tmp_path / "modelo.docx", body(*text)).read_bytes()
    return server.say("/modelo.docx", data, content_type=None)


async def test_models_that_wait_get_their_tags_and_a_bad_one_stops_none(
    store: RecordStore, model: str, server: MediaServer
) -> None:
    await store.put(MODELS, {"id": "1", "nome": "Locação", "arquivo_com_tags": model, "status": WAITING})
    old = server.say("/antigo.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), content_type=None)
    await store.put(MODELS, {"id": "0", "arquivo_com_tags": old, "status": WAITING})
    await store.put(MODELS, {"id": "2", "status": WAITING})
    await store.put(MODELS, {"id": "3", "arquivo_com_tags": model, "status": DRAFT})
    await store.put(CLAUSES, {"id": "c9", "nome": "Preço", "modelo_contrato": "1"})

    document, artifacts = await run_to_end(process_documents)
    assert document.status == "completed"
    assert document.result is not None
    assert (document.result["done"], document.result["failed"]) == (1, 2)
    found = {str(record.id): record for record in await store.find(MODELS, {})}
    assert {name: record.values["status"] for name, record in found.items()} == {
        "0": FAILED,
        "1": DONE,
        "2": FAILED,
        "3": DRAFT,
    }
    assert "senha" in found["0"].text("observacao")
    assert '"arquivo_com_tags"' in found["2"].text("observacao")
    assert "2 com falha" in found["1"].text("observacao")
    [tag] = await store.find(MODEL_TAGS, {"modelo_contrato": "1"})
    assert (tag.text("tag_nome"), tag.text("conteudo"), tag.values["clausulas"]) == ("preço", "R$ 10", ["c9"])
    assert tag.text("caminho_tag_inicio").startswith("word/document.xml#p[")
    rows = {row["record"]: row["status"] for row in artifacts["records"]}
    assert rows == {"0": "failed", "1": "done", "2": "failed"}

    again, _ = await run_to_end(process_documents)
    assert again.result is not None
    assert (again.result["done"], again.result["failed"]) == (0, 0)


async def test_a_model_that_is_done_again_has_the_same_rows(store: RecordStore, model: str) -> None:
    ids = []
    for _ in range(2):
        await store.put(MODELS, {"id": "1", "arquivo_com_tags": model, "status": WAITING})
        await run_to_end(process_documents, processors=["tags"])
        ids.append([tag.id for tag in await store.find(MODEL_TAGS, {})])
    assert ids[0] == ids[1]


@pytest.fixture
async def contract(store: RecordStore, server: MediaServer, tmp_path: Path) -> None:
    """A contract with two versions, and a reference to what to do when the price changes."""

    def file(name: str, *paragraphs: str) -> str:
        data = save(tmp_path / name, body(*(paragraph(each) for each in paragraphs))).read_bytes()
        return server.say(f"/{name}", data, content_type=None)

    end = "O prazo é de 12 meses, contados da assinatura."
    model = file("modelo.docx", "{{7.1}}O preço é de R$ 1.000,00 por mês.{{/7.1}}", end)
    await store.put(MODELS, {"id": "m", "arquivo_com_tags": model, "status": "publicado"})
    clause = {"id": "c71", "numero": "7.1", "nome": "Preço", "conteudo": "O preço é de R$ 1.000,00 por mês."}
    await store.put(CLAUSES, {**clause, "modelo_contrato": "m"})
    await store.put(
        REFERENCES, {"id": "r1", "clausula": "c71", "orientacao_retorno": "Consulte o financeiro."}
    )
    await store.put(
        CONTRACTS, {"id": "k", "titulo": "Locação", "modelo_contrato": "m", "versoes": ["v1", "v2"]}
    )
    first = file("v1.docx", "O preço é de R$ 1.250,00 por mês.", end)
    second = file("v2.docx", "O preço é de R$ 1.250,00 por mês.", end.replace("12 meses", "24 meses"))
    for name, source in {"v1": first, "v2": second}.items():
        await store.put(VERSIONS, {"id": name, "contrato": "k", "arquivo": source, "status": WAITING})


async def test_versions_are_compared_with_what_came_before(
    contract: None, store: RecordStore, home: Path
) -> None:
    document, _ = await run_to_end(process_documents)
    assert document.result is not None
    assert (document.result["done"], document.result["failed"]) == (2, 0)
    media = LocalMediaStore(root=home / "store")
    changes = {}
    for name in ("v1", "v2"):
        version = await store.get(VERSIONS, name)
        assert version.values["status"] == DONE
        assert "financeiro" in media.read_bytes(version.text("relatorio_diff")).decode() or name == "v2"
        assert media.read_bytes(version.text("modifica_arquivo")).startswith(b"PK")
        [changes[name]] = await store.find(CHANGES, {"versao": name})
    price, term = changes["v1"], changes["v2"]
    assert (price.text("clausula"), price.text("categoria"), price.text("status")) == (
        "c71",
        "modificacao",
        DRAFT,
    )
    assert "1.250,00" in price.text("alteracao")
    assert "24" in term.text("alteracao")
    [link] = await store.find(CHANGE_REFERENCES, {"modificacao": price.id})
    assert link.text("referencia") == "r1"


async def test_files_of_records_lie_under_names_that_are_some(
    contract: None, store: RecordStore, home: Path
) -> None:
    file = (await store.get(VERSIONS, "v1")).values["arquivo"]
    names = ["../v1", "aditivo//1", "Sa\u0303o Paulo"]
    for name in names:
        await store.put(VERSIONS, {"id": name, "contrato": "k", "arquivo": file, "status": WAITING})
    await store.put(CONTRACTS, {"id": "k", "versoes": [*names, "v1", "v2"]})
    await run_to_end(process_documents, processors=["versions"])
    versions = [await store.get(VERSIONS, name) for name in names]
    assert [version.text("status") for version in versions] == [DONE] * 3
    media = LocalMediaStore(root=home / "store")
    assert all(media.read_bytes(version.text("modifica_arquivo")).startswith(b"PK") for version in versions)
    assert len({version.text("modifica_arquivo") for version in versions}) == 3


async def test_a_version_that_is_compared_again_keeps_what_the_analyst_wrote(
    contract: None, store: RecordStore
) -> None:
    await run_to_end(process_documents, processors=["versions"])
    [change] = await store.find(CHANGES, {"versao": "v1"})
    await store.put(CHANGES, {"id": change.id, "status": "ressalva", "nota_analista": "Pedir desconto."})
    await store.put(VERSIONS, {"id": "v1", "modifica_arquivo": "meu.docx", "status": WAITING})
    await run_to_end(process_documents, processors=["versions"])
    [again] = await store.find(CHANGES, {"versao": "v1"})
    assert (again.id, again.text("status"), again.text("nota_analista")) == (
        change.id,
        "ressalva",
        "Pedir desconto.",
    )
    assert (await store.get(VERSIONS, "v1")).text("modifica_arquivo") == "meu.docx"
    assert len(await store.find(CHANGE_REFERENCES, {})) == 1


async def test_versions_that_cannot_be_compared_say_why(contract: None, store: RecordStore) -> None:
    await store.put(VERSIONS, {"id": "v1", "contrato": "", "status": WAITING})
    await store.put(CONTRACTS, {"id": "k", "versoes": []})
    await run_to_end(process_documents, processors=["versions"])
    assert '"contrato"' in (await store.get(VERSIONS, "v1")).text("observacao")
    # Of two the order is not known; one alone is the first.
    assert (await store.get(VERSIONS, "v2")).values["status"] == DONE


async def test_without_the_engine_versions_wait_tags_are_read_and_the_job_fails(
    contract: None, store: RecordStore, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put(MODELS, {"id": "1", "arquivo_com_tags": model, "status": WAITING})
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    document, _ = await run_to_end(process_documents, processors=["tags", "versions"], mode="parallel")
    assert (document.status, document.error_code) == ("failed", "missing_engine")
    assert "pip install" in str(document.error)
    assert document.stages["versions"].status == "failed"
    assert document.result is not None
    assert (document.result["done"], document.result["failed"]) == (1, 0)
    assert {record.values["status"] for record in await store.find(VERSIONS, {})} == {WAITING}


async def test_a_dry_run_tells_and_writes_nothing(store: RecordStore, model: str) -> None:
    await store.put(MODELS, {"id": "1", "arquivo_com_tags": model, "status": WAITING})
    await store.put(VERSIONS, {"id": "v", "status": DRAFT})
    await store.put(CHANGES, {"id": "m", "versao": "v"})
    document, _ = await run_to_end(process_documents, dry_run=True, mode="parallel")
    assert document.result is not None
    assert (document.result["done"], document.result["failed"]) == (2, 0)
    assert (await store.get(MODELS, "1")).values["status"] == WAITING
    assert await store.find(MODEL_TAGS, {}) == []
    assert len(await store.find(CHANGES, {})) == 1


async def test_versions_that_were_put_back_to_draft_lose_their_changes(store: RecordStore) -> None:
    for name, status in {"v1": DRAFT, "v2": DONE}.items():
        await store.put(VERSIONS, {"id": name, "status": status})
        await store.put(CHANGES, {"id": f"m-{name}", "versao": name})
        await store.put(CHANGE_REFERENCES, {"id": f"r-{name}", "modificacao": f"m-{name}", "referencia": "7"})
    document, _ = await run_to_end(process_documents, processors=["cleanup"])
    assert (document.stages["tags"].status, document.stages["cleanup"].status) == ("skipped", "completed")
    assert [change.id for change in await store.find(CHANGES, {})] == ["m-v2"]
    assert [link.id for link in await store.find(CHANGE_REFERENCES, {})] == ["r-v2"]


async def test_a_store_that_cannot_be_reached_fails_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRAPONTO_RECORD_STORE", "postgresql://me@127.0.0.1:1/contracts")
    monkeypatch.setenv("CONTRAPONTO_RECORD_STORE_TOKEN", "hush")
    get_settings.cache_clear()
    document, _ = await run_to_end(process_documents)
    assert (document.status, document.error_code) == ("failed", "temporarily_unavailable")
    assert "127.0.0.1:1" in str(document.error)
    assert "hush" not in str(document.error)


async def test_records_and_files_of_directus(
    monkeypatch: pytest.MonkeyPatch, server: MediaServer, model: str, tmp_path: Path
) -> None:
    with running_directus() as directus:
        for collection in ALL:
            directus.make(collection.name, *(set(collection.fields) - {"observacao"}))
        directus.files["3f6c"] = (tmp_path / "modelo.docx").read_bytes()
        directus.collections[MODELS.name] = {
            "7": {"id": 7, "nome": "Locação", "arquivo_com_tags": "3f6c", "status": WAITING}
        }
        monkeypatch.setenv("CONTRAPONTO_RECORD_STORE", directus.address)
        monkeypatch.setenv("CONTRAPONTO_RECORD_STORE_TOKEN", TOKEN)
        hosts = f"127.0.0.1:{server.port},{directus.address.removeprefix('http://')}"
        monkeypatch.setenv("CONTRAPONTO_ALLOWED_PRIVATE_HOSTS", hosts)
        get_settings.cache_clear()
        document, _ = await run_to_end(process_documents)
        assert document.result is not None
        assert (document.result["done"], document.result["failed"]) == (1, 0)
        assert directus.collections[MODELS.name]["7"]["status"] == DONE
        [tag] = directus.collections[MODEL_TAGS.name].values()
        assert (tag["modelo_contrato"], tag["tag_nome"]) == (7, "preço")


async def test_two_files_become_records_and_are_processed(
    contract: None, server: MediaServer, model: str, tmp_path: Path, store: RecordStore
) -> None:
    version = server.say(
        "/v9.docx", save(tmp_path / "v9.docx", body(paragraph("R$ 12"))).read_bytes(), content_type=None
    )
    asked = {"modelo": model, "versoes": [version], "titulo": "Compra"}
    document, _ = await run_to_end(import_contracts, **asked)
    assert document.result == {"records": {"modelo_contrato": 1, "contrato": 1, "versao": 1}, "waiting": 2}
    cycle, _ = await run_to_end(process_documents)
    assert cycle.result is not None
    assert (cycle.result["done"], cycle.result["failed"]) == (4, 0)
    again, _ = await run_to_end(import_contracts, **asked)
    assert again.result is not None
    assert again.result["waiting"] == 0


async def test_a_spreadsheet_becomes_records(
    server: MediaServer, model: str, tmp_path: Path, store: RecordStore
) -> None:
    sheets: dict[str, Sheet] = {
        "modelos": [["nome", "arquivo_com_tags"], ["Locação", model]],
        "clausulas": [["modelo", "numero", "nome"], ["Locação", "7.1", "Preço"]],
        "referencias": [["modelo", "clausula", "descricao"], ["Locação", "7.1", "Consulte o financeiro."]],
        "contratos": [["numero", "modelo", "titulo"], [12, "Locação", "Sala 3"]],
        "versoes": [["contrato", "arquivo"], [12, "contratos/v1.docx"], [12, "contratos/v2.docx"]],
    }
    book = server.say(
        "/livro.xlsx", save_book(tmp_path / "livro.xlsx", sheets).read_bytes(), content_type=None
    )
    document, _ = await run_to_end(import_contracts, planilha=book)
    assert document.result is not None
    assert document.result["waiting"] == 3
    [contract] = await store.find(CONTRACTS, {"numero": "12"})
    ids = contract.values["versoes"]
    assert isinstance(ids, list)
    files = [(await store.get(VERSIONS, str(each))).text("arquivo") for each in ids]
    assert files == ["contratos/v1.docx", "contratos/v2.docx"]
    [reference] = await store.find(REFERENCES, {})
    assert (await store.get(CLAUSES, reference.text("clausula"))).text("numero") == "7.1"


async def test_an_import_of_nothing_is_refused() -> None:
    document, _ = await run_to_end(import_contracts)
    assert (document.status, document.error_code) == ("failed", "invalid_input")
