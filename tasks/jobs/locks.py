"""One piece of work, done by one worker at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
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

    Within a home it is a lock on a file, which the operating system frees when its holder dies. With Redis, for
    workers on several machines, it is a lease of half a minute as well, which its holder renews, so that a dead
    holder elsewhere frees it, too.
    """
    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key}.lock"
    async with AsyncFileLock(path, poll_interval=0.1):
        try:
            if redis_url is None:
                yield
            else:
                async with _lease(f"contraponto:work:{key}", _place(folder), redis_url):
                    yield
        finally:
            # Who has opened the file meanwhile finds, once it is free, that it has lost its name, and makes another.
            path.unlink(missing_ok=True)


@asynccontextmanager
async def _lease(name: str, place: bytes, redis_url: str) -> AsyncIterator[None]:
    # Without a timeout of its own, which is `asyncio.wait_for`: before Python 3.12 that may swallow a cancellation.
    async with Redis.from_url(redis_url, socket_timeout=None, socket_connect_timeout=10) as redis:
        lock = redis.lock(name, timeout=_LEASE_SECONDS, blocking=False)
        token = place + uuid4().hex.encode()
        try:
            while not await _answered(lock.acquire(token=token)):
                holder: Any = await _answered(redis.get(name))  # bytes: nothing is decoded here
                if holder is None or not holder.startswith(place):
                    await asyncio.sleep(_POLL_SECONDS)
                    continue
                # As this home's file is locked here, its holder has died.
                lock.local.token = holder
                with contextlib.suppress(LockError):
                    await _answered(lock.release())
            async with beside(_renew(lock)):
                yield
        finally:
            # It may be held although the answer that says so never came. One that was lost meanwhile (the machine
            # slept, say) does not undo the work.
            lock.local.token = token
            with contextlib.suppress(LockError):
                await _answered(lock.release())


def _place(folder: Path) -> bytes:
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
            await _answered(lock.reacquire())


async def _answered(call: Awaitable[T]) -> T:
    """Its answer. Raises TimeoutError when the server gives none."""
    async with asyncio.timeout(_ANSWER_SECONDS):
        return await call
