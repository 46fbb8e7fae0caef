"""Records of an SQLite in another database: all are there, and what is there already stays."""

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from blocks.record_store import DONE, WAITING, WORKING, Record
from blocks.settings import Settings
from blocks.sql_record_store import SqlRecordStore
from deployments.backup import records
from deployments.backup.manifest import BackupError
from tasks.documents.collections import ALL, CHANGES, CONTRACTS, VERSIONS
from tests.servers.postgres import running_postgres


async def _fill(store: SqlRecordStore) -> None:
    await store.prepare(ALL)
    await store.put(CONTRACTS, {"id": "c", "titulo": "Aluguel", "versoes": ["v1", "v2"]})
    await store.put(VERSIONS, {"id": "v1", "contrato": "c", "status": DONE})
    await store.put(VERSIONS, {"id": "v2", "contrato": "c", "status": WAITING})
    assert await store.claim(VERSIONS, "gone", 60) is not None
    await store.put(CHANGES, {"id": "m", "versao": "v1", "sort": 2**40, "nota_analista": "não"})
    await store.aclose()


async def _content(store: SqlRecordStore) -> list[Record]:
    return [record for collection in ALL for record in await store.find(collection, {})]


def test_all_records_are_copied_and_one_in_hand_is_taken_again(tmp_path: Path) -> None:
    file = tmp_path / "records.db"
    before = SqlRecordStore(url=SecretStr(f"sqlite:///{file}"))
    asyncio.run(_fill(before))
    with running_postgres(tmp_path / "database") as url:
        settings = Settings(record_store=url)
        assert records.can_take(settings)
        assert records.copy(file, settings) == 4
        assert records.copy(file, settings) == 4, "repeated, it is the same again"

        async def look() -> None:
            after = SqlRecordStore(url=SecretStr(url))
            assert await _content(after) == await _content(before)
            claim = await after.claim(VERSIONS, "another", 60)
            assert claim is not None
            assert (claim.record.id, claim.record.values["status"]) == ("v2", WORKING)
            await after.aclose()
            await before.aclose()

        asyncio.run(look())
        asyncio.run(_change(url))
        with pytest.raises(BackupError, match='another record already: "c" in contrato'):
            records.copy(file, settings)


async def _change(url: str) -> None:
    store = SqlRecordStore(url=SecretStr(url))
    await store.prepare(ALL)
    await store.put(CONTRACTS, {"id": "c", "titulo": "of another"})
    await store.aclose()


@pytest.mark.parametrize("store", ["local", "https://cms.example.org", "sql-record-store/ours"])
def test_what_is_no_database_takes_none(store: str) -> None:
    assert not records.can_take(Settings(record_store=store))
