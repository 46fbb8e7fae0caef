"""The memory of this process, through burner-redis, which Prefect brings: what it holds ends with the process."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from burner_redis import BurnerRedis
from redis.exceptions import ResponseError
from typing_extensions import override

from blocks.streams.scripts import Call
from blocks.streams.server import (
    NOBODY,
    ConsumerState,
    Delivery,
    GroupState,
    MissingGroupError,
    Raw,
    RefusedError,
    Reply,
    StreamServer,
    after,
    order,
)

_servers: dict[int, BurnerRedis] = {}
"""By process: its threads do not survive a fork."""
_MOST = 100_000
_LONG = 2_000_000_000
"""Milliseconds."""
_waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
"""Those that wait until anything is written, in whatever thread."""


def _shared() -> Any:
    server = _servers.get(os.getpid())
    if server is None:
        _servers.clear()
        server = _servers[os.getpid()] = BurnerRedis()
    return server


def forget_everything() -> None:
    """Begins with an empty memory; what is connected to the old one keeps that."""
    _servers.clear()


@asynccontextmanager
async def _written() -> AsyncIterator[Callable[[float], Awaitable[bool]]]:
    """Gives what waits for the next thing that is written, and says whether there was one in so many seconds."""
    event = asyncio.Event()
    waiter = (asyncio.get_running_loop(), event)
    _waiters.add(waiter)

    async def written(seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        event.clear()
        return True

    try:
        yield written
    finally:
        _waiters.discard(waiter)


def _tell() -> None:
    for loop, event in list(_waiters):
        with contextlib.suppress(RuntimeError):  # that loop is closed
            loop.call_soon_threadsafe(event.set)


class LocalServer(StreamServer):
    """The one of this process, whoever asks."""

    @property
    def _redis(self) -> Any:
        return _shared()

    @override
    async def run(self, calls: Sequence[Call]) -> list[Reply]:
        # All of them cross to the server at once.
        pipe = self._redis.pipeline()
        for call in calls:
            pipe.eval(call.script.text, 0, *(_argument(each) for each in call.arguments))
        replies = await pipe.execute(raise_on_error=False)
        _tell()
        return [RefusedError(str(each)) if isinstance(each, Exception) else list(each) for each in replies]

    @override
    async def read_group(
        self, group: str, consumer: str, streams: Sequence[str], count: int, block: float
    ) -> list[Delivery]:
        # Its own way to wait goes on after a cancellation, and takes what comes.
        async with _written() as written:
            while True:
                reply = await _answer(
                    lambda: self._redis.xreadgroup(group, consumer, dict.fromkeys(streams, ">"), count=count)
                )
                if reply or not await written(block):
                    return [
                        Delivery(_text(stream), entry)
                        for stream, entries in reply or []
                        for entry in _entries(entries)
                    ]

    @override
    async def read(self, positions: Mapping[str, str], count: int, block: float) -> dict[str, list[Raw]]:
        async with _written() as written:
            while True:
                reply = await _answer(lambda: self._redis.xread(dict(positions), count=count))
                if reply or not await written(block):
                    return {_text(stream): _entries(entries) for stream, entries in reply or []}

    @override
    async def make_group(self, stream: str, group: str) -> None:
        try:
            await _answer(lambda: self._redis.xgroup_create(stream, group, id="0", mkstream=True))
        except RefusedError as error:
            if "BUSYGROUP" not in error.message:
                raise

    @override
    async def claim(self, stream: str, group: str, consumer: str, idle: float, count: int) -> list[Delivery]:
        reply = await _answer(
            lambda: self._redis.xautoclaim(stream, group, consumer, int(idle * 1000), count=count)
        )
        times = {
            _text(each[b"message_id"]): each[b"times_delivered"]
            for each in await self._pending(stream, group)
        }
        return [Delivery(stream, entry, times.get(entry.id, 1)) for entry in _entries(reply[1])]

    async def _pending(self, stream: str, group: str) -> list[dict[bytes, Any]]:
        return list(await _answer(lambda: self._redis.xpending_range(stream, group, "-", "+", _MOST)))

    async def _held(self, stream: str, group: str, consumer: str) -> dict[str, int]:
        try:
            found = await self._pending(stream, group)
        except MissingGroupError:
            return {}
        return {
            _text(each[b"message_id"]): each[b"times_delivered"]
            for each in found
            if _text(each[b"consumer"]) == consumer
        }

    @override
    async def renew(self, stream: str, group: str, consumer: str, ids: Sequence[str]) -> None:
        held = await self._held(stream, group, consumer)
        for entry_id in ids:
            if entry_id in held:
                times = held[entry_id]
                await _answer(
                    lambda entry_id=entry_id, times=times: self._redis.xclaim(
                        stream, group, consumer, 0, [entry_id], idle=0, retrycount=times, justid=True
                    )
                )

    @override
    async def give_back(self, stream: str, group: str, consumer: str, ids: Sequence[str]) -> None:
        held = await self._held(stream, group, consumer)
        for entry_id in ids:
            if entry_id in held:
                times = held[entry_id]
                await _answer(
                    lambda entry_id=entry_id, times=times: self._redis.xclaim(
                        *(stream, group, NOBODY, 0, [entry_id]), idle=_LONG, retrycount=max(0, times - 1)
                    )
                )

    @override
    async def leave(self, stream: str, group: str, consumer: str) -> None:
        await self.give_back(stream, group, consumer, list(await self._held(stream, group, consumer)))

    @override
    async def forget(self, stream: str, group: str, idle: float) -> None:
        """It cannot remove consumers; there are as many as were started in this process."""

    @override
    async def sweep(self, stream: str) -> None:
        groups = await self.groups(stream)
        given = min((group.last_delivered for group in groups), key=order, default="0-0")
        if given == "0-0":
            return
        pending = {
            _text(each[b"message_id"]) for group in groups for each in await self._pending(stream, group.name)
        }
        below = min(
            (each for each in pending if order(each) <= order(given)), key=order, default=after(given)
        )
        await _answer(lambda: self._redis.xtrim(stream, minid=below, approximate=False))
        if order(below) <= order(given):  # the server breaks down where a range ends before it begins
            entries = _entries(await _answer(lambda: self._redis.xrange(stream, below, given, count=_MOST)))
            await self.delete(stream, [entry.id for entry in entries if entry.id not in pending])

    @override
    async def range(self, stream: str, first: str = "-", count: int = 500) -> list[Raw]:
        first = after(first[1:]) if first.startswith("(") else first
        return _entries(await _answer(lambda: self._redis.xrange(stream, first, "+", count=count)))

    @override
    async def newest(self, stream: str, count: int) -> list[Raw]:
        return (await self.range(stream, count=_MOST))[::-1][:count]

    @override
    async def delete(self, stream: str, ids: Sequence[str]) -> int:
        return int(await _answer(lambda: self._redis.xdel(stream, *ids))) if ids else 0

    @override
    async def groups(self, stream: str) -> list[GroupState]:
        try:
            found = await _answer(lambda: self._redis.xinfo_groups(stream))
        except (MissingGroupError, RefusedError):
            return []
        states = []
        for group in found:
            last = _text(group["last-delivered-id"])
            waiting = len(await self.range(stream, f"({last}", _MOST))
            states.append(GroupState(_text(group["name"]), last, int(group["pending"]), waiting))
        return states

    @override
    async def first_pending(self, stream: str, group: str) -> str | None:
        found = await self._pending(stream, group)
        return _text(found[0][b"message_id"]) if found else None

    @override
    async def consumers(self, stream: str, group: str) -> list[ConsumerState]:
        try:
            found = await _answer(lambda: self._redis.xinfo_consumers(stream, group))
        except (MissingGroupError, RefusedError):
            return []
        return [
            ConsumerState(_text(each["name"]), int(each["pending"]), each["idle"] / 1000)
            for each in found
            if _text(each["name"]) != NOBODY
        ]

    @override
    async def length(self, stream: str) -> int:
        return int(await _answer(lambda: self._redis.xlen(stream)))

    @override
    async def waiting(self, later: str) -> tuple[int, bytes | None]:
        members = await _answer(lambda: self._redis.zrange(later, 0, -1))
        return len(members), (members[0] if members else None)

    @override
    async def members(self, key: str) -> set[str]:
        return {_text(each) for each in await _answer(lambda: self._redis.smembers(key))}

    @override
    async def add_member(self, key: str, member: str) -> None:
        await _answer(lambda: self._redis.sadd(key, member))

    @override
    async def remove_member(self, key: str, member: str) -> None:
        await _answer(lambda: self._redis.srem(key, member))

    @override
    async def kind(self, key: str) -> str | None:
        return "stream" if await _answer(lambda: self._redis.exists(key)) else None

    @override
    async def add(self, stream: str, fields: Mapping[str, str], seconds: float) -> None:
        await _answer(lambda: self._redis.xadd(stream, dict(fields), maxlen=10))
        await self.expire(stream, seconds)
        _tell()

    @override
    async def expire(self, key: str, seconds: float) -> None:
        await _answer(lambda: self._redis.expire(key, max(1, int(seconds))))

    @override
    async def expire_strays(self, prefix: str, seconds: float) -> None:
        """Nobody else can make any."""

    @override
    async def ping(self) -> None:
        """It is this process."""

    @override
    async def aclose(self) -> None:
        """Others of this process use it."""


async def _answer(call: Any) -> Any:
    """What it gives. It is carried out even where the caller is cancelled; it raises at the call already."""
    try:
        answer = asyncio.ensure_future(call())
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            await asyncio.wait([answer])
            raise
    except ResponseError as error:
        text = str(error)
        if "NOGROUP" in text or "no such key" in text.lower():
            raise MissingGroupError(text) from error
        raise RefusedError(f"The message bus of this process refuses: {text}") from error


def _argument(value: str | bytes | int) -> str | bytes:
    return str(value) if isinstance(value, int) else value


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _entries(entries: Any) -> list[Raw]:
    return [Raw(_text(entry), fields) for entry, fields in entries or []]
