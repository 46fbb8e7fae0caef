"""Work that goes on beside other work."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Does the work while the block runs and cancels it at the block's end. An error of the work is raised there."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        # Awaiting the task and suppressing its cancellation would suppress one of the block's own task as well.
        await asyncio.wait([task])
        failure = None if task.cancelled() else task.exception()
    if failure is not None:
        raise failure
