"""One piece of work, done by one worker at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import AsyncFileLock


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
                # Its client takes a while to import, and most installations have no Redis.
                from tasks.jobs.lease import lease, place  # noqa: PLC0415

                async with lease(f"contraponto:work:{key}", place(folder), redis_url):
                    yield
        finally:
            # Who has opened the file meanwhile finds, once it is free, that it has lost its name, and makes another.
            path.unlink(missing_ok=True)
