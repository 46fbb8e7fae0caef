"""What is logged while a database or a Redis is away, of errors as the real drivers raise them."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
import redis.asyncio
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from deployments.processes.sockets import free_port
from deployments.server.outages import log_outages_in_a_line, reason_of_outage
from deployments.server.prefect_internals import is_unreachable


@pytest.fixture(autouse=True)
def factory() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    log_outages_in_a_line()
    yield
    logging.setLogRecordFactory(before)


def logged(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    try:
        raise error
    except type(error):
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    return caplog.text


async def ask_postgres(port: int) -> None:
    engine = create_async_engine(f"postgresql+asyncpg://me:secret@127.0.0.1:{port}/db")
    try:
        async with engine.connect() as connection:
            await connection.execute(sqlalchemy.text("SELECT 1"))
    finally:
        await engine.dispose()


async def ask_postgres_of_this_machine(port: int) -> None:
    """At a socket, as an embedded stack does."""
    engine = create_async_engine(f"postgresql+asyncpg://me@/db?host=/tmp&port={port}")
    try:
        async with engine.connect():
            pass
    finally:
        await engine.dispose()


async def ask_redis(port: int) -> None:
    async with redis.asyncio.Redis(host="127.0.0.1", port=port) as client:
        await client.get("key")


@pytest.mark.parametrize("ask", [ask_postgres, ask_postgres_of_this_machine, ask_redis])
def test_a_server_that_does_not_answer_is_a_line_with_the_reason(
    ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever the driver makes of it
        asyncio.run(ask(port))
    assert is_unreachable(raised.value), "callers are told to wait"
    [line] = logged(raised.value, caplog).splitlines()
    assert "Exception in ASGI application" in line
    assert str(port) in line or "The socket of the database" in line
    assert "secret" not in line


@pytest.mark.parametrize(
    "ended",
    [
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    ],
)
def test_a_database_that_is_stopped_or_starts_is_a_line_also_within_another_error(
    ended: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    outer = sqlalchemy.exc.DBAPIError("SELECT 1", {}, ended)
    outer.__cause__ = ended
    [line] = logged(outer, caplog).splitlines()
    assert str(ended) in line


@pytest.mark.parametrize(
    "error",
    [ValueError("a fault"), asyncpg.UniqueViolationError("twice"), FileNotFoundError(2, "gone", "a file")],
)
def test_any_other_error_keeps_its_traceback(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    assert reason_of_outage(error) is None
    assert "Traceback (most recent call last)" in logged(error, caplog)


def test_a_fault_in_what_handles_an_outage_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    fault = NameError("nobody knows it")
    fault.__context__ = ConnectionRefusedError()
    assert "Traceback (most recent call last)" in logged(fault, caplog)


@pytest.mark.parametrize(
    ("message", "arguments", "line"),
    [
        ("50% done", (), "50% done ConnectionRefusedError: 7% more"),
        ("%s of %d", ("one", 2), "one of 2 ConnectionRefusedError: 7% more"),
    ],
)
def test_messages_keep_their_arguments(
    message: str, arguments: tuple[object, ...], line: str, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("prefect").error(message, *arguments, exc_info=ConnectionRefusedError("7% more"))
    assert caplog.records[-1].getMessage() == line


def test_errors_that_go_round_in_a_circle_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert reason_of_outage(one) is None
    assert reason_of_outage(None) is None
