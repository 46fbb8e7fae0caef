"""The record store in a database: SQLite, the default, or PostgreSQL.

All of a store's tables have three columns for claims. The time is the database's own, so that the clocks of workers
do not matter.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
from asyncpg import PostgresError
from asyncpg.exceptions import ClientConfigurationError
from prefect.blocks.core import Block
from pydantic import Field, JsonValue, PrivateAttr, SecretStr
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Double,
    MetaData,
    Table,
    Text,
    and_,
    case,
    event,
    func,
    inspect,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from typing_extensions import override

from blocks.record_store import (
    FAILED,
    INTERRUPTED,
    MOST_TRIES,
    WAITING,
    WORKING,
    Claim,
    Collection,
    LostClaimError,
    Record,
    RecordId,
    RecordStore,
    Rows,
    StoreCheck,
    UnknownRecordError,
)
from blocks.server_addresses import postgresql_address
from blocks.sql_rows import matching, record_of, upsert, write_rows
from blocks.sql_store_check import file_of, may_be_made, refusal, require_files, try_tables
from tasks.errors import InvalidSettingError, TransientError

_OWNER, _UNTIL, _TURN, _TRIES = "reserva_dono", "reserva_ate", "reserva_vez", "reserva_tentativas"
_BUSY_SECONDS = 30
"""So long one writer of SQLite waits for another."""
_ANSWER_SECONDS = 60
_NOW: dict[str, ColumnElement[float]] = {
    "sqlite": literal_column("(julianday('now') - 2440587.5) * 86400.0", Double()),
    "postgresql": literal_column("extract(epoch from clock_timestamp())::float8", Double()),
}
"""Seconds since 1970, by the clock of the database."""
_SCHEME_HINT = "Write postgresql://USER@HOST/DATABASE or sqlite:///FILE."


class SqlRecordStore(RecordStore, Block):
    """Records in the tables of a database."""

    _block_type_name = "SQL Record Store"
    _block_type_slug = "sql-record-store"
    _description = "Records in SQLite or PostgreSQL, for jobs that take them up by their status."

    url: SecretStr = Field(
        title="Database", description=_SCHEME_HINT, examples=["postgresql://me@db/contracts"]
    )
    password: SecretStr | None = Field(
        default=None, title="Password", description="Instead of one in the address."
    )
    _engine: AsyncEngine | None = PrivateAttr(default=None)
    _busy_seconds: float = PrivateAttr(default=_BUSY_SECONDS)
    _metadata: MetaData = PrivateAttr(default_factory=MetaData)

    @override
    async def prepare(self, collections: Sequence[Collection]) -> None:
        async with self._begun() as connection:
            if connection.dialect.name == "postgresql":
                # Two that make the same table at once would hinder each other.
                await connection.execute(text("SELECT pg_advisory_xact_lock(730771)"))
            for collection in collections:
                table = self._table(collection)
                await connection.run_sync(table.create, checkfirst=True)
                there = await connection.run_sync(_columns, table.name)
                for column in table.columns:
                    if column.name not in there:
                        kind = column.type.compile(connection.dialect)
                        await connection.execute(
                            text(f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}')
                        )

    @override
    async def get(self, collection: Collection, record_id: RecordId) -> Record:
        table = self._table(collection)
        async with self._begun() as connection:
            row = (
                (await connection.execute(select(table).where(table.c.id == str(record_id))))
                .mappings()
                .first()
            )
        if row is None:
            raise UnknownRecordError(
                f'There is no record "{record_id}" in {collection.name}.',
                hint="Check its id.",
                record=str(record_id),
                collection=collection.name,
            )
        return record_of(collection, row)

    @override
    async def find(
        self, collection: Collection, where: Mapping[str, RecordId | Sequence[RecordId]]
    ) -> list[Record]:
        table = self._table(collection)
        order = [table.c.sort, table.c.id] if "sort" in collection.numbers else [table.c.id]
        wanted = select(table).where(matching(table, where)).order_by(*order)
        async with self._begun() as connection:
            return [record_of(collection, row) for row in (await connection.execute(wanted)).mappings()]

    @override
    async def put(self, collection: Collection, values: Mapping[str, JsonValue]) -> RecordId:
        record_id = str(values.get("id") or uuid4())
        async with self._begun() as connection:
            await upsert(connection, self._table(collection), collection, {**values, "id": record_id})
        return record_id

    @override
    async def claim(self, collection: Collection, owner: str, seconds: float) -> Claim | None:
        table = self._table(collection)
        async with self._begun() as connection:
            now = _NOW[connection.dialect.name]
            # In tables that were there before, the columns of claims are empty at first.
            turn, tries = func.coalesce(table.c[_TURN], 0), func.coalesce(table.c[_TRIES], 0)
            over = and_(table.c.status == WORKING, or_(table.c[_UNTIL].is_(None), table.c[_UNTIL] < now))
            await connection.execute(
                update(table)
                .where(over, tries >= MOST_TRIES)
                .values({"status": FAILED, str(collection.note): INTERRUPTED, _OWNER: None, _TRIES: 0})
            )
            first = (
                select(table.c.id)
                .where(or_(table.c.status == WAITING, over))
                .order_by(turn, table.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)  # SQLite, where one writes at a time, leaves it out
                .scalar_subquery()
            )
            taken = (
                update(table)
                .where(table.c.id == first)
                .values(
                    {
                        "status": WORKING,
                        _OWNER: owner,
                        _UNTIL: now + seconds,
                        _TURN: turn + 1,
                        _TRIES: case((table.c.status == WAITING, 1), else_=tries + 1),
                    }
                )
                .returning(*table.columns)
            )
            row = (await connection.execute(taken)).mappings().first()
        return None if row is None else Claim(record_of(collection, row), owner, row[_TURN])

    @override
    async def renew(self, claim: Claim, seconds: float) -> None:
        async with self._begun() as connection:
            await self._owned(connection, claim, {_UNTIL: _NOW[connection.dialect.name] + seconds})

    @override
    async def finish(
        self, claim: Claim, status: str, values: Mapping[str, JsonValue], rows: Sequence[Rows] = ()
    ) -> None:
        async with self._begun() as connection:
            ended = {_OWNER: None, _UNTIL: None, _TRIES: 0, "status": status}
            await self._owned(connection, claim, {**values, **ended})
            for each in rows:
                await write_rows(connection, self._table(each.collection), each)

    @override
    async def release(self, claim: Claim) -> None:
        async with self._begun() as connection:
            try:
                await self._owned(
                    connection, claim, {_OWNER: None, _UNTIL: None, _TRIES: 0, "status": WAITING}
                )
            except LostClaimError:
                return

    @override
    async def replace(self, rows: Sequence[Rows]) -> None:
        async with self._begun() as connection:
            for each in rows:
                await write_rows(connection, self._table(each.collection), each)

    @override
    async def check(self, collections: Sequence[Collection], seconds: float) -> StoreCheck:
        self._busy_seconds = min(seconds, _BUSY_SECONDS)
        url = self._connected().url
        if (file := file_of(url)) is not None and not file.exists():
            return StoreCheck(f"{may_be_made(file)} is made when it is first needed")
        async with self._begun() as connection:
            remark = await try_tables(connection, [self._table(each) for each in collections])
        return StoreCheck(f"{url.render_as_string(hide_password=True)}: {remark}")

    @override
    async def aclose(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def _owned(self, connection: AsyncConnection, claim: Claim, values: Mapping[str, Any]) -> None:
        """Writes into a claimed record. Raises LostClaimError, on which the transaction is rolled back."""
        table = self._table(claim.record.collection)
        mine = and_(
            table.c.id == str(claim.record.id),
            table.c.status == WORKING,
            table.c[_OWNER] == claim.owner,
            table.c[_TURN] == claim.turn,
        )
        written = await connection.execute(
            update(table).where(mine).values(dict(values)).returning(table.c.id)
        )
        if written.first() is None:
            raise LostClaimError(
                f'The record "{claim.record.id}" of {table.name} has been taken by another worker meanwhile.',
                hint="Nothing needs to be done: that one writes the result.",
            )

    def _table(self, collection: Collection) -> Table:
        found = self._metadata.tables.get(collection.name)
        if found is not None:
            return found
        claims = [
            Column(_OWNER, Text),
            Column(_UNTIL, Double),
            Column(_TURN, BigInteger, server_default="0", nullable=False),
            Column(_TRIES, BigInteger, server_default="0", nullable=False),
        ]
        return Table(
            collection.name,
            self._metadata,
            Column("id", Text, primary_key=True),
            *(Column(name, Text) for name in collection.texts),
            *(Column(name, BigInteger) for name in collection.numbers),
            *(Column(name, JSON) for name in collection.lists),
            *(claims if collection.note is not None else ()),
        )

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back on an error in it."""
        engine = self._connected()
        try:
            async with engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise TransientError(
                f"The record store {engine.url.render_as_string(hide_password=True)} cannot be reached.",
                hint="Check that the database runs and that the record_store setting names it.",
            ) from error
        except (OSError, TimeoutError) as error:
            raise TransientError(
                f"The record store {engine.url.render_as_string(hide_password=True)} does not answer."
            ) from error
        except (
            PostgresError,
            ClientConfigurationError,
        ) as error:  # what it says of a connection comes as it is
            raise refusal(error, engine.url) from error
        except DBAPIError as error:
            if type(error) is DatabaseError:
                raise refusal(error, engine.url) from error
            if error.connection_invalidated:
                raise TransientError("The connection to the record store was lost.") from error
            raise

    def _connected(self) -> AsyncEngine:
        if self._engine is None:
            address = self.url.get_secret_value()
            try:
                self._engine = (
                    _sqlite_engine(make_url(address), self._busy_seconds)
                    if address.startswith("sqlite:")
                    else _postgresql_engine(postgresql_address(address), self.password, self._busy_seconds)
                )
            except (ValueError, ArgumentError) as error:
                why = error if isinstance(error, ValueError) else "cannot be read"
                raise InvalidSettingError(
                    f"The address of the record store {why}.", hint=_SCHEME_HINT
                ) from error
        return self._engine


def _postgresql_engine(address: str, password: SecretStr | None, seconds: float) -> AsyncEngine:
    url = make_url(address)
    require_files(url)
    if password is not None:
        url = url.set(password=password.get_secret_value())
    # As the driver itself reads it: SQLAlchemy knows neither sslmode nor what goes with it.
    read = postgresql_address(url.render_as_string(hide_password=False))

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(read, timeout=seconds, command_timeout=_ANSWER_SECONDS)

    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"), async_creator=connect, pool_pre_ping=True
    )


def _sqlite_engine(url: URL, seconds: float) -> AsyncEngine:
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), connect_args={"timeout": seconds})
    _one_writer_at_a_time(engine)
    return engine


def _one_writer_at_a_time(engine: AsyncEngine) -> None:
    """SQLite that lets others read while one writes, and whose transactions begin as those of a writer.

    See "Serializable isolation / Savepoints / Transactional DDL" in SQLAlchemy's page on pysqlite.
    """

    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)


def _columns(connection: Connection, table: str) -> set[str]:
    return {each["name"] for each in inspect(connection).get_columns(table)}
