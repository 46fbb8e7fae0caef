"""Work on records that wait: each ends by itself, and a worker that dies costs nothing but time."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from blocks.record_store import DONE, FAILED, WAITING, WORKING, Collection, Record, RecordStore, Rows
from blocks.sql_record_store import SqlRecordStore
from tasks.documents.claims import Made, Processor, process_waiting, simulate_waiting
from tasks.documents.cycle import ProcessedRecord
from tasks.documents.errors import UnusableDocumentError
from tasks.errors import (
    ContrapontoError,
    InvalidSettingError,
    MissingEngineError,
    SourceNotFoundError,
    StorageFullError,
)

VERSIONS = Collection("versao", texts=("arquivo", "observacao", "status"), note="observacao")
CHANGES = Collection("modificacao", texts=("versao", "alteracao"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[RecordStore]:
    made = SqlRecordStore(url=SecretStr(f"sqlite:///{tmp_path / 'records.db'}"))
    await made.prepare([VERSIONS, CHANGES])
    yield made
    await made.aclose()


async def put(store: RecordStore, *files: str) -> None:
    for file in files:
        await store.put(VERSIONS, {"id": file, "arquivo": file, "status": WAITING})


async def statuses(store: RecordStore) -> dict[str, object]:
    return {str(record.id): record.values["status"] for record in await store.find(VERSIONS, {})}


async def compare(record: Record) -> Made:
    match record.text("arquivo"):
        case "broken":
            raise UnusableDocumentError("O arquivo não é um documento do Word.", hint="Envie um .docx.")
        case "missing":
            raise SourceNotFoundError("Nothing is there.")
        case "endless":
            await asyncio.sleep(60)
    change = {"id": f"{record.id}-1", "versao": record.id, "alteracao": "novo"}
    return Made(
        {"observacao": "1 modificação"}, (Rows(CHANGES, "versao", (record.id,), [change]),), "1 modificação"
    )


async def test_one_bad_record_never_stops_the_others(store: RecordStore) -> None:
    await put(store, "a", "broken", "endless", "missing", "z")
    found: list[ProcessedRecord] = []
    await process_waiting(store, Processor(VERSIONS, compare), record_seconds=0.2, done=found.append)
    assert await statuses(store) == {
        "a": DONE,
        "broken": FAILED,
        "endless": FAILED,
        "missing": FAILED,
        "z": DONE,
    }
    notes = {str(record.record): record.note for record in found}
    assert notes["broken"] == "O arquivo não é um documento do Word. Envie um .docx."
    assert "não foi encontrado" in notes["missing"]
    assert "minutos" in notes["endless"]
    assert (await store.get(VERSIONS, "broken")).values["observacao"] == notes["broken"]
    assert {str(change.values["versao"]) for change in await store.find(CHANGES, {})} == {"a", "z"}


async def test_a_reason_goes_when_the_record_is_done(store: RecordStore) -> None:
    await store.put(VERSIONS, {"id": "a", "arquivo": "a", "status": WAITING, "observacao": "não lido"})

    async def nothing(_record: Record) -> Made:
        return Made()

    await process_waiting(store, Processor(VERSIONS, nothing), record_seconds=10)
    assert (await store.get(VERSIONS, "a")).values["observacao"] is None


async def test_a_dry_run_writes_nothing(store: RecordStore) -> None:
    await put(store, "a", "broken", "z")
    found: list[ProcessedRecord] = []
    await simulate_waiting(store, Processor(VERSIONS, compare), record_seconds=10, most=2, done=found.append)
    assert [(record.record, record.status) for record in found] == [("a", "simulated"), ("broken", "failed")]
    assert set((await statuses(store)).values()) == {WAITING}
    assert await store.find(CHANGES, {}) == []


async def test_no_more_records_are_taken_than_asked_for(store: RecordStore) -> None:
    await put(store, "a", "b", "c")
    await process_waiting(store, Processor(VERSIONS, compare), record_seconds=10, most=2)
    assert list((await statuses(store)).values()).count(DONE) == 2


async def test_a_cycle_that_is_stopped_puts_its_record_back(store: RecordStore) -> None:
    await put(store, "endless")
    work = asyncio.create_task(process_waiting(store, Processor(VERSIONS, compare), record_seconds=60))
    while (await statuses(store))["endless"] != WORKING:  # noqa: ASYNC110 - another writes it
        await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await statuses(store) == {"endless": WAITING}


@pytest.mark.parametrize("kind", [MissingEngineError, InvalidSettingError, StorageFullError])
async def test_what_is_not_the_records_fault_fails_no_record(
    store: RecordStore, kind: type[ContrapontoError]
) -> None:
    await put(store, "a", "b")

    async def fail(_record: Record) -> Made:
        raise kind("The engine is not installed.")

    with pytest.raises(kind):
        await process_waiting(store, Processor(VERSIONS, fail), record_seconds=10)
    assert await statuses(store) == {"a": WAITING, "b": WAITING}


async def test_an_error_that_nobody_foresaw_puts_the_record_back(store: RecordStore) -> None:
    await put(store, "a")

    async def fail(_record: Record) -> Made:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await process_waiting(store, Processor(VERSIONS, fail), record_seconds=10)
    assert await statuses(store) == {"a": WAITING}


_WORKER = """
import asyncio, sys
from pydantic import SecretStr
from blocks.record_store import Rows
from blocks.sql_record_store import SqlRecordStore
from tasks.documents.claims import Made, Processor, process_waiting
from tests.unit.documents.test_claims import CHANGES, VERSIONS

async def compare(record):
    await asyncio.sleep(0.03)
    change = {"id": f"{record.id}-1", "versao": record.id, "alteracao": "novo"}
    return Made({}, (Rows(CHANGES, "versao", (record.id,), [change]),))

async def main():
    store = SqlRecordStore(url=SecretStr(sys.argv[1]))
    await process_waiting(
        store, Processor(VERSIONS, compare), record_seconds=60, claim_seconds=2,
        done=lambda record: print(record.record, record.status, flush=True),
    )

asyncio.run(main())
"""


async def test_workers_that_are_killed_lose_no_record_and_double_none(store: SqlRecordStore) -> None:
    names = [f"v{number:03}" for number in range(60)]
    await put(store, *names)
    command = [sys.executable, "-c", _WORKER, store.url.get_secret_value()]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    steady, killed, ended = start(), start(), []
    for _ in range(2):
        assert killed.stdout is not None
        lines = [killed.stdout.readline() for _ in range(3)]
        os.kill(killed.pid, signal.SIGKILL)
        ended += [*lines, *killed.communicate()[0].splitlines()]
        killed = start()
    for worker in (steady, killed):
        ended += worker.communicate(timeout=120)[0].splitlines()
    until = time.monotonic() + 60
    # What a killed worker held at last waits until its claim is over.
    while set((await statuses(store)).values()) != {DONE} and time.monotonic() < until:
        ended += (await asyncio.to_thread(start().communicate, timeout=60))[0].splitlines()
        await asyncio.sleep(0.2)
    assert await statuses(store) == dict.fromkeys(names, DONE)
    assert len(await store.find(CHANGES, {})) == len(names)
    done = [line.split()[0] for line in ended if line.split()[1:] == ["done"]]
    assert len(done) == len(set(done))
