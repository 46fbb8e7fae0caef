"""Redis or Valkey, through redis-py."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import NoScriptError, RedisError
from typing_extensions import override

from blocks.streams.redis_errors import is_demoted, meant, unusable
from blocks.streams.scripts import Call, Script
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
    unreachable,
)
from blocks.streams.upkeep import FORGET, GIVE_BACK, LEAVE, RENEW, SWEEP
from tasks.errors import InvalidSettingError, TransientError

T = TypeVar("T")

_ANSWER_SECONDS = 30.0
_CONNECT_SECONDS = 10.0
_CONNECTIONS = 8
"""For all that does not wait for messages."""
_NO_TEXT = "surrogateescape"
"""How bytes that are no UTF-8 stand in a name, and become themselves again."""
_COUNTED, _MOST_COUNTED = 200, 100_000
"""Entries that are counted with one answer, and in all."""
_SCANNED = 1_000
"""Keys that the server looks at for one answer."""


class _Clients:
    """The connections of one event loop."""

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = {
            "protocol": 2,
            # Groups and consumers of other programs may have names that are no text.
            "encoding_errors": _NO_TEXT,
            # Without a timeout of redis-py's own, which is `asyncio.wait_for`: before Python 3.12 that may swallow a
            # cancellation.
            "socket_timeout": None,
            "socket_connect_timeout": _CONNECT_SECONDS,
            # A connection that a restart of the server has cut is found out only by its use.
            "retry": Retry(ConstantBackoff(0.05), 2),
        }
        self.commands = Redis.from_pool(
            BlockingConnectionPool.from_url(
                url, max_connections=_CONNECTIONS, timeout=_ANSWER_SECONDS, **options
            )
        )
        self.waiting = Redis.from_pool(ConnectionPool.from_url(url, **options))

    async def aclose(self) -> None:
        await self.commands.aclose()
        await self.waiting.aclose()


class RedisServer(StreamServer):
    """A server at a URL that redis-py knows; `valkey://` is the same as `redis://`."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("valkey", "redis", 1) if url.startswith("valkey") else url
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError as error:
            raise unusable(error) from error
        self._where = f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, _Clients] = WeakKeyDictionary()

    def _here(self) -> _Clients:
        loop = asyncio.get_running_loop()
        clients = self._clients.get(loop)
        if clients is None:
            try:
                clients = _Clients(self._url)
            except ValueError as error:
                raise unusable(error) from error
            self._clients[loop] = clients
        return clients

    # What redis-py says of the replies' types fits both protocols and neither.
    @property
    def _redis(self) -> Any:
        return self._here().commands

    @property
    def _blocked(self) -> Any:
        return self._here().waiting

    async def _answer(self, call: Awaitable[T], block: float = 0) -> T:
        try:
            async with asyncio.timeout(block + _ANSWER_SECONDS):
                return await call
        except (TimeoutError, OSError) as error:
            raise unreachable(self._where, error) from error
        except RedisError as error:
            await self._find_again(error)
            raise meant(error, self._where) from error

    async def _find_again(self, *replies: object) -> None:
        """Lets go of connections to a server that others have taken over from; its name may lead to another by now."""
        if any(map(is_demoted, replies)):
            for clients in (self._redis, self._blocked):
                await clients.connection_pool.disconnect(inuse_connections=False)

    @override
    async def run(self, calls: Sequence[Call]) -> list[Reply]:
        replies = await self._sent(calls)
        missing = [place for place, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if missing:
            # With their texts, by which the server knows them from then on: one that restarts forgets what was loaded.
            again = await self._sent([calls[place] for place in missing], by_text=True)
            for place, reply in zip(missing, again, strict=True):
                replies[place] = reply
        await self._find_again(*replies)
        return [self._understood(reply) for reply in replies]

    async def _sent(self, calls: Sequence[Call], *, by_text: bool = False) -> list[Any]:
        pipe = self._redis.pipeline(transaction=False)
        for call in calls:
            script = ("EVAL", call.script.text) if by_text else ("EVALSHA", call.script.sha)
            pipe.execute_command(*script, 0, *call.arguments)
        return await self._answer(pipe.execute(raise_on_error=False))

    def _understood(self, reply: Any) -> Reply:
        if isinstance(reply, RedisError):
            error = meant(reply, self._where)
            if isinstance(error, TransientError):
                raise error from reply
            return error if isinstance(error, InvalidSettingError) else RefusedError(str(reply))
        return list(reply)

    async def _script(self, script: Script, *arguments: str | bytes | int) -> list[Any]:
        (reply,) = await self.run([Call(script, arguments)])
        if isinstance(reply, Exception):
            raise reply
        return reply

    @override
    async def read_group(
        self, group: str, consumer: str, streams: Sequence[str], count: int, block: float
    ) -> list[Delivery]:
        reply = await self._answer(
            self._blocked.xreadgroup(
                group, consumer, dict.fromkeys(streams, ">"), count=count, block=max(1, int(block * 1000))
            ),
            block,
        )
        return [
            Delivery(_text(stream), Raw(_text(entry), fields))
            for stream, entries in reply or []
            for entry, fields in entries
        ]

    @override
    async def read(self, positions: Mapping[str, str], count: int, block: float) -> dict[str, list[Raw]]:
        reply = await self._answer(
            self._blocked.xread(dict(positions), count=count, block=max(1, int(block * 1000))), block
        )
        return {_text(stream): _entries(entries) for stream, entries in reply or []}

    @override
    async def make_group(self, stream: str, group: str) -> None:
        try:
            await self._answer(self._redis.xgroup_create(stream, group, id="0", mkstream=True))
        except RefusedError as error:
            if "BUSYGROUP" not in error.message:
                raise

    @override
    async def claim(self, stream: str, group: str, consumer: str, idle: float, count: int) -> list[Delivery]:
        claimed: list[Raw] = []
        start = "0-0"
        # One call looks at ten times as many entries as it may take: behind those that others work on lie more.
        while len(claimed) < count:
            reply = await self._answer(
                self._redis.xautoclaim(
                    stream, group, consumer, int(idle * 1000), start, count=count - len(claimed)
                )
            )
            claimed += _entries(reply[1])
            start = _text(reply[0])
            if start == "0-0":
                break
        if not claimed:
            return []
        pipe = self._redis.pipeline(transaction=False)
        for entry in claimed:
            pipe.xpending_range(stream, group, entry.id, entry.id, 1)
        counts = await self._answer(pipe.execute())
        return [
            Delivery(stream, entry, int(count[0]["times_delivered"]))
            for entry, count in zip(claimed, counts, strict=True)
            if count
        ]

    @override
    async def renew(self, stream: str, group: str, consumer: str, ids: Sequence[str]) -> None:
        for first in range(0, len(ids), 1000):
            await self._script(RENEW, stream, group, consumer, *ids[first : first + 1000])

    @override
    async def give_back(self, stream: str, group: str, consumer: str, ids: Sequence[str]) -> None:
        await self._script(GIVE_BACK, stream, group, consumer, *ids)

    @override
    async def leave(self, stream: str, group: str, consumer: str) -> None:
        await self._script(LEAVE, stream, group, consumer)

    @override
    async def forget(self, stream: str, group: str, idle: float) -> None:
        await self._script(FORGET, stream, group, int(idle * 1000))

    @override
    async def sweep(self, stream: str) -> None:
        await self._script(SWEEP, stream)

    @override
    async def range(self, stream: str, first: str = "-", count: int = 500) -> list[Raw]:
        return _entries(await self._answer(self._redis.xrange(stream, first, "+", count)))

    @override
    async def newest(self, stream: str, count: int) -> list[Raw]:
        return _entries(await self._answer(self._redis.xrevrange(stream, "+", "-", count)))

    @override
    async def delete(self, stream: str, ids: Sequence[str]) -> int:
        return int(await self._answer(self._redis.xdel(stream, *ids))) if ids else 0

    @override
    async def groups(self, stream: str) -> list[GroupState]:
        try:
            found = await self._answer(self._redis.xinfo_groups(stream))
        except MissingGroupError:
            return []
        states = []
        for group in found:
            last, waiting = _text(group["last-delivered-id"]), group.get("lag")
            if waiting is None:
                waiting = await self._count_after(stream, last)
            states.append(GroupState(_text(group["name"]), last, int(group["pending"]), int(waiting)))
        return states

    async def _count_after(self, stream: str, last: str) -> int:
        """Entries behind a place; before version 7 the server itself does not tell. Some are in memory at a time."""
        number, first = 0, f"({last}"
        while number < _MOST_COUNTED:
            entries = await self.range(stream, first, _COUNTED)
            number += len(entries)
            if len(entries) < _COUNTED:
                break
            first = f"({entries[-1].id}"
        return number

    @override
    async def first_pending(self, stream: str, group: str) -> str | None:
        found = await self._answer(self._redis.xpending_range(stream, group, "-", "+", 1))
        return _text(found[0]["message_id"]) if found else None

    @override
    async def consumers(self, stream: str, group: str) -> list[ConsumerState]:
        try:
            found = await self._answer(self._redis.xinfo_consumers(stream, group))
        except MissingGroupError:
            return []
        return [
            ConsumerState(_text(each["name"]), int(each["pending"]), each["idle"] / 1000)
            for each in found
            if _text(each["name"]) != NOBODY
        ]

    @override
    async def length(self, stream: str) -> int:
        return int(await self._answer(self._redis.xlen(stream)))

    @override
    async def waiting(self, later: str) -> tuple[int, bytes | None]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.zcard(later)
        pipe.zrange(later, 0, 0)
        size, first = await self._answer(pipe.execute())
        return int(size), (first[0] if first else None)

    @override
    async def members(self, key: str) -> set[str]:
        return {_text(each) for each in await self._answer(self._redis.smembers(key))}

    @override
    async def add_member(self, key: str, member: str) -> None:
        await self._answer(self._redis.sadd(key, member))

    @override
    async def remove_member(self, key: str, member: str) -> None:
        await self._answer(self._redis.srem(key, member))

    @override
    async def kind(self, key: str) -> str | None:
        found = _text(await self._answer(self._redis.type(key)))
        return None if found == "none" else found

    @override
    async def add(self, stream: str, fields: Mapping[str, str], seconds: float) -> None:
        pipe = self._redis.pipeline(transaction=True)
        pipe.xadd(stream, dict(fields), maxlen=10, approximate=False)
        pipe.expire(stream, max(1, int(seconds)))
        await self._answer(pipe.execute())

    @override
    async def expire(self, key: str, seconds: float) -> None:
        await self._answer(self._redis.expire(key, max(1, int(seconds))))

    @override
    async def expire_strays(self, prefix: str, seconds: float) -> None:
        cursor = 0
        while True:
            cursor, keys = await self._answer(self._redis.scan(cursor, match=f"{prefix}*", count=_SCANNED))
            pipe = self._redis.pipeline(transaction=False)
            for key in keys:
                pipe.expire(key, max(1, int(seconds)), nx=True)
            await self._answer(pipe.execute())
            if not cursor:
                return

    @override
    async def ping(self) -> None:
        await self._answer(self._redis.ping())

    @override
    async def eviction(self) -> str | None:
        try:
            memory = await self._answer(self._redis.info("memory"))
        except InvalidSettingError:  # the user may not ask
            return None
        policy = str(memory.get("maxmemory_policy", ""))
        return policy if memory.get("maxmemory") and policy not in ("", "noeviction") else None

    @override
    async def aclose(self) -> None:
        clients = self._clients.pop(asyncio.get_running_loop(), None)
        if clients is not None:
            await clients.aclose()


def _text(value: Any) -> str:
    return value.decode(errors=_NO_TEXT) if isinstance(value, bytes) else str(value)


def _entries(entries: Any) -> list[Raw]:
    return [Raw(_text(entry), fields) for entry, fields in entries or [] if fields is not None]
