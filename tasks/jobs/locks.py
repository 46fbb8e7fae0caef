"""One piece of work, done by one worker at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import AsyncFileLock
from redis.asyncio import Redis
from redis.exceptions import LockError

from tasks.jobs.background import beside

_LEASE_SECONDS = 30.0


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
    async with Redis.from_url(redis_url, socket_timeout=30, socket_connect_timeout=10) as redis:
        lock = redis.lock(f"contraponto:work:{key}", timeout=_LEASE_SECONDS, sleep=0.2)
        async with lock, beside(_renew(lock.reacquire)):
            yield


async def _renew(reacquire: Callable[[], Awaitable[object]]) -> None:
    with contextlib.suppress(LockError):
        while True:
            await asyncio.sleep(_LEASE_SECONDS / 3)
            await reacquire()
