"""Whether a database can be a record store, found out by statements that touch no row."""

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from asyncpg import InvalidAuthorizationSpecificationError, InvalidCatalogNameError, PostgresError
from asyncpg.exceptions import ClientConfigurationError
from sqlalchemy import Connection, Table, delete, insert, inspect, select, text, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from blocks.server_addresses import TLS_FILES
from tasks.errors import ContrapontoError, InvalidSettingError, TransientError


async def try_tables(connection: AsyncConnection, tables: Sequence[Table]) -> str:
    """How it is, in words, if those of the tables that are there can be read and written, and the others be made.

    Raises:
        InvalidSettingError: the user of the connection lacks a right.
    """
    there = await connection.run_sync(_names)
    if connection.dialect.name == "postgresql" and {table.name for table in tables} - there:
        may_make = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")
        if not await connection.scalar(may_make):
            raise InvalidSettingError(
                "The user of the record store may not make the tables that are missing.",
                hint="Let that user create tables in the schema, or make them as their owner once.",
            )
    known = [table for table in tables if table.name in there]
    for table in known:
        await _try(connection, table)
    return "read and written" if known else "empty; its tables are made when they are first needed"


def file_of(url: URL) -> Path | None:
    """The file of an SQLite; None of other databases, and of one in memory."""
    named = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if named else None


def may_be_made(file: Path) -> Path:
    """The same file. Raises InvalidSettingError where it could not be made."""
    folder = next(each for each in file.absolute().parents if each.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidSettingError(
            f"The record store {file} cannot be made: {folder} may not be written.",
            hint="Let it be written, or name another place with CONTRAPONTO_RECORD_STORE.",
        )
    return file


def require_files(url: URL) -> None:
    """Raises InvalidSettingError where the address names a certificate or key that is not there."""
    for name in TLS_FILES:
        if (given := url.query.get(name)) and not Path(str(given)).is_file():
            raise InvalidSettingError(
                f"The record store's {name} is {given}, and there is no such file.",
                hint="Check CONTRAPONTO_RECORD_STORE.",
            )


def refusal(error: PostgresError | DatabaseError | ClientConfigurationError, url: URL) -> ContrapontoError:
    """What a database means that lets nobody in, or a file that is none."""
    shown = url.render_as_string(hide_password=True)
    if isinstance(error, DatabaseError):
        return InvalidSettingError(
            f"The record store {shown} is no database: {error.orig}.",
            hint="Move that file away, or name another with CONTRAPONTO_RECORD_STORE.",
        )
    if isinstance(error, ClientConfigurationError):
        return InvalidSettingError(
            f"The record store {shown} cannot be connected to: {error}.",
            hint="Check CONTRAPONTO_RECORD_STORE.",
        )
    if isinstance(error, InvalidAuthorizationSpecificationError | InvalidCatalogNameError):
        return InvalidSettingError(
            f"The record store {shown} refuses the connection: {error}.",
            hint="Check user, password and database of CONTRAPONTO_RECORD_STORE.",
        )
    return TransientError(f"The record store {shown} refuses the connection: {error}.")


async def _try(connection: AsyncConnection, table: Table) -> None:
    nothing = table.c.id == f"contraponto-{uuid4()}"
    try:
        await connection.execute(select(table.c.id).where(nothing))
        await connection.execute(insert(table).from_select(["id"], select(table.c.id).where(nothing)))
        await connection.execute(update(table).where(nothing).values(id=table.c.id))
        await connection.execute(delete(table).where(nothing))
    except DBAPIError as error:
        raise InvalidSettingError(
            f"The table {table.name} of the record store cannot be read and written: {error.orig}",
            hint="Give its user SELECT, INSERT, UPDATE and DELETE there.",
        ) from error


def _names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())
