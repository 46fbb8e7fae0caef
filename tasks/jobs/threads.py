"""Blocking work of an asynchronous flow, with one way to stop it."""

import asyncio
import contextlib
import contextvars
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from tasks.errors import CancelledError
from tasks.progress import Progress, ignore_progress

T = TypeVar("T")

_STOP_SECONDS = 15.0


async def in_thread(work: Callable[[Progress], T], progress: Progress = ignore_progress) -> T:
    """Runs `work(progress)` in a thread and returns what it returns.

    If the awaiting task is cancelled, the next call of the progress raises CancelledError inside the work, and the
    cancellation goes on only when the work has let go of its children and files (or after 15 s). In a task that was
    cancelled before, and went on because something swallowed that, the work does not begin.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    stop = threading.Event()

    def watched(fraction: float) -> None:
        if stop.is_set():
            raise CancelledError("The job was cancelled.")
        progress(fraction)

    context = contextvars.copy_context()
    future = asyncio.get_running_loop().run_in_executor(None, partial(context.run, work, watched))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop.set()
        await _end_of(future)
        raise


async def _end_of(future: asyncio.Future[T]) -> None:
    """Waits for work that was asked to stop. A task that ends is cancelled more than once: that shortens nothing."""
    deadline = time.monotonic() + _STOP_SECONDS
    while not future.done() and (left := deadline - time.monotonic()) > 0:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([future], timeout=left)
    if future.done():
        future.exception()  # Looked at, so that asyncio does not complain that nobody did.
