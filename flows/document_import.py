"""Records of contract models, clauses, contracts and versions: out of a spreadsheet, or of single files."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, JsonValue

from blocks.directus_record_store import DirectusRecordStore
from blocks.from_settings import media_store, record_store
from blocks.record_store import WAITING, Collection, RecordStore, UnknownRecordError, row_id
from blocks.settings import get_settings
from flows.job import job_flow
from flows.parameters import Source
from tasks.documents.collections import ALL, CLAUSES, CONTRACTS, MODELS, REFERENCES, VERSIONS
from tasks.documents.spreadsheet import MAX_FILE_BYTES, Book, Row, read_book
from tasks.errors import InvalidInputError
from tasks.fetching.steps import fetch_file, file_request
from tasks.jobs.document import JobDocument
from tasks.jobs.step import run_step
from tasks.jobs.summary import entry
from tasks.jobs.tracker import current_job

Title = Annotated[str, Field(min_length=1, max_length=200)]


class ImportResult(BaseModel):
    """How many records were written, by collection, and how many of them wait to be processed."""

    records: dict[str, int]
    waiting: int


class ImportOutcome(BaseModel):
    """The fields that an import adds to its job document."""

    result: ImportResult


def import_summary(document: JobDocument) -> Iterator[str]:
    """A line a collection."""
    if document.result is None:
        return
    found = ImportResult.model_validate(document.result)
    for collection, count in found.records.items():
        yield entry(collection, count)
    yield entry("waiting", found.waiting)


@job_flow(operation="import-contracts", stages=("download", "records"), time_limit=10, summary=import_summary)
async def import_contracts(
    planilha: Source | None = None,
    modelo: Source | None = None,
    versoes: Annotated[list[Source], Field(max_length=1000)] = [],  # noqa: B006 - Prefect shows the default
    titulo: Title | None = None,
) -> ImportOutcome:
    """Write records of contract models and contracts into the record store, where they wait for process-documents.

    Args:
        planilha: Spreadsheet (.xlsx or .ods) with the sheets modelos, clausulas, referencias, contratos and versoes.
        modelo: Instead of it: one contract model (.docx with tags), its address or its key in the media store.
        versoes: Versions of a contract made of that model, the oldest first.
        titulo: What model and contract are called; empty for the name of the model's file.
    """
    if (planilha is None) == (modelo is None):
        raise InvalidInputError("There is nothing to import.", hint='Give either "planilha" or "modelo".')
    job = current_job()
    with job.stage("download"):
        book = (
            await _book(planilha)
            if planilha is not None
            else _book_of(str(modelo), versoes, titulo or _stem(str(modelo)))
        )
    with job.stage("records"):
        store = record_store(get_settings())
        if isinstance(store, DirectusRecordStore):
            raise InvalidInputError(
                "Records are imported into SQLite and PostgreSQL.",
                hint="Directus imports files of its own: open a collection there, then Import.",
            )
        try:
            await store.prepare(ALL)
            return ImportOutcome(result=await _written(store, book))
        finally:
            await store.aclose()


async def _book(source: str) -> Book:
    file = await run_step(fetch_file, await file_request(source, MAX_FILE_BYTES))

    def read() -> Book:
        with media_store(get_settings()).open_local(file.key) as path:
            return read_book(path)

    return await asyncio.to_thread(read)


def _stem(source: str) -> str:
    return PurePosixPath(urlsplit(source).path).stem or "Contrato"


def _book_of(model: str, versions: list[str], title: str) -> Book:
    def rows(*values: dict[str, str]) -> tuple[Row, ...]:
        return tuple(Row(number=number, values=each) for number, each in enumerate(values, 1))

    return Book(
        {
            "modelos": rows({"nome": title, "arquivo_com_tags": model, "versao": "", "arquivo_original": ""}),
            "clausulas": (),
            "referencias": (),
            "contratos": rows({"numero": title, "modelo": title, "titulo": title}) if versions else (),
            "versoes": rows(*({"contrato": title, "arquivo": each, "origem": ""} for each in versions)),
        }
    )


async def _written(store: RecordStore, book: Book) -> ImportResult:
    """Writes the records, each under an id that is the same whenever it is imported again."""
    records: dict[str, int] = {}
    waiting = 0

    async def put(collection: Collection, record_id: str, values: Mapping[str, JsonValue]) -> None:
        await store.put(collection, {"id": record_id, **values})
        records[collection.name] = records.get(collection.name, 0) + 1

    async def put_waiting(
        collection: Collection, record_id: str, values: dict[str, JsonValue], file: str
    ) -> None:
        """What was processed already, and has the same file, does not wait again."""
        nonlocal waiting
        try:
            same = (await store.get(collection, record_id)).values.get(file) == values[file]
        except UnknownRecordError:
            same = False
        await put(collection, record_id, values if same else {**values, "status": WAITING})
        waiting += not same

    def model_id(name: str) -> str:
        return row_id(MODELS.name, name)

    def clause_id(model: str, number: str) -> str:
        return row_id(CLAUSES.name, model, number)

    # Clauses come before what is linked to them.
    for row in book["clausulas"]:
        values = {name: value for name, value in row.values.items() if name != "modelo"}
        clause = clause_id(row["modelo"], row["numero"])
        await put(CLAUSES, clause, {**values, "modelo_contrato": model_id(row["modelo"])})
    for place, row in enumerate(book["referencias"]):
        clause = clause_id(row["modelo"], row["clausula"])
        values = {name: row[name] for name in ("orientacao_retorno", "descricao")}
        await put(REFERENCES, row_id(REFERENCES.name, clause, place), {**values, "clausula": clause})
    for row in book["modelos"]:
        await put_waiting(MODELS, model_id(row["nome"]), dict(row.values), "arquivo_com_tags")
    versions: dict[str, list[str]] = {}
    for row in book["versoes"]:
        ids = versions.setdefault(row["contrato"], [])
        ids.append(row_id(VERSIONS.name, row["contrato"], len(ids)))
    for row in book["contratos"]:
        contract: dict[str, JsonValue] = {
            "numero": row["numero"],
            "titulo": row["titulo"],
            "modelo_contrato": model_id(row["modelo"]),
            "versoes": list(versions.get(row["numero"], [])),
        }
        await put(CONTRACTS, row_id(CONTRACTS.name, row["numero"]), contract)
    places: dict[str, int] = {}
    for row in book["versoes"]:
        place = places[row["contrato"]] = places.get(row["contrato"], -1) + 1
        written: dict[str, JsonValue] = {
            "contrato": row_id(CONTRACTS.name, row["contrato"]),
            "arquivo": row["arquivo"],
            "origem": row["origem"],
        }
        await put_waiting(VERSIONS, versions[row["contrato"]][place], written, "arquivo")
    return ImportResult(records=records, waiting=waiting)
