"""Requests of the runs of one process to the server take turns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from prefect.client.base import PrefectHttpxAsyncClient

from tasks.prefect_internals import take_turns

_MOST = 3


@dataclass
class Server:
    """Answers after a moment, and counts whom it has at once."""

    url: str = ""
    now: int = 0
    peak: int = 0
    asked: int = 0
    unavailable: int = 0
    """So many of the first requests are told to come again in a minute."""
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """That all of those have been told so."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.now, self.asked = self.now + 1, self.asked + 1
        self.peak = max(self.peak, self.now)
        refused = self.asked <= self.unavailable
        await asyncio.sleep(0.01)
        self.now -= 1
        first = "503 Service Unavailable\r\nRetry-After: 60" if refused else "200 OK"
        writer.write(f"HTTP/1.1 {first}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()
        if self.asked >= self.unavailable:
            self.told.set()


@asynccontextmanager
async def serving(unavailable: int = 0) -> AsyncIterator[Server]:
    server = Server(unavailable=unavailable)
    listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    async with listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        yield server


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PrefectHttpxAsyncClient, "_send_with_retry", PrefectHttpxAsyncClient._send_with_retry)


async def _ask(server: Server, times: int) -> list[httpx.Response]:
    async with PrefectHttpxAsyncClient(trust_env=False) as client:
        return await asyncio.gather(*(client.get(server.url) for _ in range(times)))


def test_at_most_so_many_are_under_way_and_all_are_answered() -> None:
    async def ask() -> tuple[Server, list[httpx.Response]]:
        take_turns(_MOST)
        async with serving() as server:
            return server, await _ask(server, 40)

    server, answers = asyncio.run(ask())
    assert [each.status_code for each in answers] == [200] * 40
    assert 1 < server.peak <= _MOST


def test_who_waits_to_ask_again_keeps_no_place() -> None:
    async def ask() -> list[httpx.Response]:
        take_turns(_MOST)
        async with serving(unavailable=_MOST) as server:
            refused = asyncio.create_task(_ask(server, _MOST))
            await server.told.wait()
            try:
                async with asyncio.timeout(30):
                    return await _ask(server, 5)
            finally:
                refused.cancel()

    assert [each.status_code for each in asyncio.run(ask())] == [200] * 5


def test_another_event_loop_has_no_turns() -> None:
    async def turns() -> None:
        take_turns(1)

    async def ask() -> Server:
        async with serving() as server:
            await _ask(server, 10)
            return server

    asyncio.run(turns())
    assert asyncio.run(ask()).peak > 1
