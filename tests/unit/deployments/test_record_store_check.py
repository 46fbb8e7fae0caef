"""The check of the record store, on SQLite, a real PostgreSQL and a fake Directus."""

import asyncio
import os
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from blocks.directus_record_store import CLAIMS, DirectusRecordStore
from blocks.settings import Settings
from blocks.sql_record_store import SqlRecordStore
from deployments.checks.check import Check, State
from deployments.checks.record_store import names_saved_block, record_store
from tasks.documents.collections import ALL, MODELS
from tests.servers.directus import TOKEN, Directus, running_directus
from tests.servers.postgres import running_postgres


def check(store: str, token: str | None = None, *, seconds: float = 10, **settings: object) -> Check:
    return record_store(
        Settings(
            record_store=store,
            record_store_token=SecretStr(token) if token else None,
            **settings,  # type: ignore[arg-type]
        ),
        seconds=seconds,
    )


def prepared(store: SqlRecordStore | DirectusRecordStore) -> None:
    async def prepare() -> None:
        await store.prepare(ALL)
        await store.aclose()

    asyncio.run(prepare())


def test_a_file_that_is_not_there_yet_is_well_and_stays_away(tmp_path: Path) -> None:
    found = check("local", home=tmp_path / "home")
    assert (found.state, found.needed) == (State.HEALTHY, True)
    assert "is made when it is first needed" in found.remark
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_read_and_written_and_stays_as_it_is(tmp_path: Path) -> None:
    prepared(SqlRecordStore(url=SecretStr(f"sqlite:///{tmp_path / 'records.db'}")))
    found = check("local", home=tmp_path)
    assert found.state == State.HEALTHY
    assert found.remark.endswith("records.db: read and written")
    with sqlite3.connect(tmp_path / "records.db") as database:
        assert database.execute(f"SELECT count(*) FROM {MODELS.name}").fetchone() == (0,)  # noqa: S608
    database.close()


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "records.db").write_bytes(b"no database at all, but long enough to be looked at" * 40)
    found = check("local", home=tmp_path)
    assert found.state == State.DOWN
    assert "records.db" in found.remark
    assert "Traceback" not in found.remark


def test_a_file_that_another_holds_is_waited_for_so_long(tmp_path: Path) -> None:
    prepared(SqlRecordStore(url=SecretStr(f"sqlite:///{tmp_path / 'records.db'}")))
    holder = sqlite3.connect(tmp_path / "records.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    found = check("local", home=tmp_path, seconds=1)
    holder.close()
    assert found.state == State.DOWN
    assert "cannot be reached" in found.remark


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    found = check("local", home=tmp_path)
    tmp_path.chmod(0o700)
    assert found.state == State.DOWN
    assert "may not be written" in found.remark


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as address:
        yield address


def as_user(postgres: str, user: str) -> str:
    return postgres.replace("://postgres@", f"://{user}@")


def test_a_database_and_the_rights_of_its_user(postgres: str) -> None:
    found = check(postgres)
    assert found.state == State.HEALTHY
    assert "made when they are first needed" in found.remark

    asyncio.run(run(postgres, "CREATE ROLE reader LOGIN", "GRANT USAGE ON SCHEMA public TO reader"))
    reader = check(as_user(postgres, "reader"))
    assert reader.state == State.DOWN
    assert "may not make the tables" in reader.remark

    prepared(SqlRecordStore(url=SecretStr(postgres)))
    assert check(postgres).remark.endswith(": read and written")
    asyncio.run(run(postgres, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    reader = check(as_user(postgres, "reader"))
    assert reader.state == State.DOWN
    assert f"The table {MODELS.name} of the record store cannot be read and written" in reader.remark
    assert "GRANT" not in reader.remark
    asyncio.run(run(postgres, "GRANT ALL ON ALL TABLES IN SCHEMA public TO reader"))
    assert check(as_user(postgres, "reader")).state == State.HEALTHY


async def run(postgres: str, *statements: str) -> None:
    store = SqlRecordStore(url=SecretStr(postgres))
    async with store._begun() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await store.aclose()


def test_a_user_and_a_database_that_there_are_not(postgres: str) -> None:
    nobody = check(as_user(postgres, "nobody_at_all"))
    assert nobody.state == State.DOWN
    assert "nobody_at_all" in nobody.remark
    nowhere = check(postgres.replace("/postgres?", "/nowhere?"))
    assert nowhere.state == State.DOWN
    assert "nowhere" in nowhere.remark


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize("scheme", ["postgresql://me@", "http://"])
def test_what_never_answers_is_down_in_time(scheme: str, silent: int) -> None:
    found = check(f"{scheme}127.0.0.1:{silent}/x", "token", seconds=0.5, allowed_private_hosts=("127.0.0.1",))
    assert found.state == State.DOWN
    assert "does not answer" in found.remark


@pytest.fixture
def directus() -> Iterator[Directus]:
    with running_directus() as running:
        yield running


def test_a_directus_from_nothing_to_all_collections(directus: Directus) -> None:
    def look(token: str | None = TOKEN) -> Check:
        return check(directus.address, token, allowed_private_hosts=("127.0.0.1",))

    assert "there is no token for it" in look(None).remark
    wrong = look("another")
    assert (wrong.state, wrong.remark) == (State.DOWN, "Directus does not know the token.")
    assert "may read none of the collections" in look().remark

    directus.make(MODELS.name)
    some = look()
    assert (some.state, some.needed) == (State.DEGRADED, False)
    assert "versao" in some.remark
    assert f"the first job makes {CLAIMS}" in some.remark
    for collection in ALL:
        directus.make(collection.name)
    assert look().state == State.HEALTHY
    store = DirectusRecordStore(
        base_url=directus.address, token=SecretStr(TOKEN), allowed_private_hosts=("127.0.0.1",)
    )
    prepared(store)
    assert look().remark == f"{directus.address}: read and written"
    assert directus.collections[CLAIMS] == {}, "what was written to try it is gone"


def test_saved_blocks_are_told_from_addresses() -> None:
    named = {
        name: names_saved_block(Settings(record_store=name))
        for name in ("local", "postgresql://me@db/x", "https://cms.example.org", "sql-record-store/contracts")
    }
    assert list(named.values()) == [False, False, False, True]
