"""A lease in Redis, for one piece of work of workers on several machines."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import AuthenticationError, LockError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tasks.errors import TransientError
from tasks.jobs.background import beside

T = TypeVar("T")

_LEASE_SECONDS = 30.0
_ANSWER_SECONDS = 30.0
_POLL_SECONDS = 0.2
_AWAY_SECONDS = 120.0
"""So long a server that is being restarted is waited for."""
_AWAY = (RedisConnectionError, RedisTimeoutError, OSError)


@asynccontextmanager
async def lease(name: str, place: bytes, redis_url: str) -> AsyncIterator[None]:
    """Held for half a minute, and renewed as long as the block lasts; whoever else wants the same name waits.

    `place` begins what its holder calls itself. Who asks for it holds whatever lock decides within that place, so a
    holder there is one that has died.

    Work that has begun goes on while the server is away: it is done twice at worst, by another machine.

    Raises:
        TransientError: The server has been away for two minutes before the work began.
    """
    # Without a timeout of its own, which is `asyncio.wait_for`: before Python 3.12 that may swallow a cancellation.
    async with Redis.from_url(redis_url, socket_timeout=None, socket_connect_timeout=10) as redis:
        lock = redis.lock(name, timeout=_LEASE_SECONDS, blocking=False)
        token = place + uuid4().hex.encode()
        try:
            while not await _when_back(lambda: lock.acquire(token=token)):
                holder: Any = await _when_back(lambda: redis.get(name))  # bytes: nothing is decoded here
                if holder is None or not holder.startswith(place):
                    await asyncio.sleep(_POLL_SECONDS)
                    continue
                # As this home's file is locked here, its holder has died.
                lock.local.token = holder
                with contextlib.suppress(LockError, *_AWAY):
                    await _answered(lock.release())
            async with beside(_renew(lock)):
                yield
        finally:
            # It may be held although the answer that says so never came. One that was lost meanwhile (the machine
            # slept, say) does not undo the work, and one that cannot be given back is over soon.
            lock.local.token = token
            with contextlib.suppress(LockError, *_AWAY):
                await _answered(lock.release())


def place(folder: Path) -> bytes:
    """What tells the leases of those who share this folder from those of others: made up once."""
    path = folder / "place"
    if not path.exists():
        made = folder / f".place-{uuid4().hex}"
        made.write_text(f"{uuid4().hex}:")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(made)  # complete, and never over another's
        made.unlink()
    return path.read_bytes()


async def _renew(lock: Lock) -> None:
    with contextlib.suppress(LockError):
        while True:
            await asyncio.sleep(_LEASE_SECONDS / 3)
            with contextlib.suppress(*_AWAY):
                await _answered(lock.reacquire())


async def _when_back(call: Callable[[], Awaitable[T]]) -> T:
    """The answer of a server, also of one that has to come back before."""
    deadline = time.monotonic() + _AWAY_SECONDS
    while True:
        try:
            return await _answered(call())
        except _AWAY as error:
            if isinstance(error, AuthenticationError) or time.monotonic() > deadline:
                raise TransientError(
                    f"The Redis by which jobs share their work cannot be used: {error}",
                    hint="Check that it runs, and CONTRAPONTO_REDIS_URL; then: contraponto retry.",
                ) from error
        await asyncio.sleep(_POLL_SECONDS)


async def _answered(call: Awaitable[T]) -> T:
    """Its answer. Raises TimeoutError when the server gives none."""
    async with asyncio.timeout(_ANSWER_SECONDS):
        return await call
