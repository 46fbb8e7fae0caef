"""Addresses of record stores in a database: which are taken, and what is said of the others."""

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from blocks.record_store import Collection
from blocks.sql_record_store import SqlRecordStore
from deployments.embedded.postgres import socket_folder
from deployments.processes.environment import Surroundings
from tasks.errors import InvalidSettingError, TransientError
from tests.servers.hostile import self_signed
from tests.servers.postgres import running_postgres
from tests.servers.postgres_tls import only_with_tls

CHANGES = Collection("modificacao", texts=("versao",))


async def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    store = SqlRecordStore(url=SecretStr("postgresql://me:hush@127.0.0.1:1/contracts"))
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1") as refused:
        await store.find(Collection("versao"), {})
    assert "hush" not in str(refused.value)
    wrong = SqlRecordStore(url=SecretStr("mysql://db/contracts"))
    with pytest.raises(InvalidSettingError, match="postgresql://"):
        await wrong.find(Collection("versao"), {})


def test_a_database_that_wants_tls(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost")
    home = tmp_path / "database"
    socket = socket_folder(Surroundings(home=home)) / ".s.PGSQL.5432"

    async def kept(address: str) -> str:
        store = SqlRecordStore(url=SecretStr(address))
        try:
            await store.prepare([CHANGES])
            await store.put(CHANGES, {"id": "1", "versao": address})
            return str((await store.get(CHANGES, "1")).values["versao"])
        finally:
            await store.aclose()

    with running_postgres(home), only_with_tls(str(socket), certificate) as port:
        address = f"postgres://postgres@localhost:{port}/postgres?sslmode="
        for mode in ("require", f"verify-full&sslrootcert={certificate}"):
            assert asyncio.run(kept(address + mode)) == address + mode
        with pytest.raises(TransientError):
            asyncio.run(kept(address + "disable"))
        with pytest.raises(InvalidSettingError, match=r"nowhere\.pem"):
            asyncio.run(kept(f"{address}verify-full&sslrootcert={tmp_path / 'nowhere.pem'}"))
