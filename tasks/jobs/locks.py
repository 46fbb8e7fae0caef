"""One piece of work, done by one worker at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from filelock import AsyncFileLock
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from tasks.jobs.background import beside

T = TypeVar("T")

_LEASE_SECONDS = 30.0
_ANSWER_SECONDS = 30.0
_POLL_SECONDS = 0.2


@asynccontextmanager
async def work_lock(key: str, home: Path, redis_url: str | None = None) -> AsyncIterator[None]:
    """Held while the work named by `key` is done; whoever else wants to do the same waits.

    Without Redis it is a lock on a file, which the operating system frees when its holder dies. With Redis, for
    workers on several machines, it is a lease of half a minute that its holder renews, so a dead holder frees it too.
    """
    if redis_url is None:
        folder = home / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        async with AsyncFileLock(folder / f"{key}.lock", poll_interval=0.1):
            yield
        return
    # Without a timeout of its own, which is `asyncio.wait_for`: before Python 3.12 that may swallow a cancellation.
    async with Redis.from_url(redis_url, socket_timeout=None, socket_connect_timeout=10) as redis:
        lock = redis.lock(f"contraponto:work:{key}", timeout=_LEASE_SECONDS, blocking=False)
        token = uuid4().hex.encode()
        try:
            while not await _answered(lock.acquire(token=token)):  # noqa: ASYNC110 - an event of the server
                await asyncio.sleep(_POLL_SECONDS)
            async with beside(_renew(lock)):
                yield
        finally:
            # It may be held although the answer that says so never came. One that was lost meanwhile (the machine
            # slept, say) does not undo the work.
            lock.local.token = token
            with contextlib.suppress(LockError):
                await _answered(lock.release())


async def _renew(lock: Lock) -> None:
    with contextlib.suppress(LockError):
        while True:
            await asyncio.sleep(_LEASE_SECONDS / 3)
            await _answered(lock.reacquire())


async def _answered(call: Awaitable[T]) -> T:
    """Its answer. Raises TimeoutError when the server gives none."""
    async with asyncio.timeout(_ANSWER_SECONDS):
        return await call
