"""The end of a job that is told to end by a signal."""

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cancelled_by(number: signal.Signals) -> Iterator[None]:
    """Within the block the signal cancels the current task, whatever code it interrupts.

    Prefect's handler raises an exception where the main thread happens to be. In a step of some other task, one that
    reports progress, say, it ends that task and nobody else hears of it: the work would go on until it is killed, and
    its files would stay. Here the event loop hears of the signal as well, and what came of it in other tasks becomes
    the cancellation of this one. Handlers stay as they are. Outside the main thread, where no signal arrives, the
    block does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - a running loop runs a task
    came = False
    here = True

    def heard() -> None:
        nonlocal came
        came = came or number in _pending(wakened)
        # Cancelled already: it was heard of where it should be.
        if came and here and not task.cancelling():
            task.cancel()

    waker, wakened = socket.socketpair()
    with waker, wakened:
        waker.setblocking(False)
        wakened.setblocking(False)
        # Python writes the number of each signal that it handles there, before its handler runs.
        previous = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        loop.add_reader(wakened, heard)
        try:
            yield
        except BaseExceptionGroup:
            # A group of tasks, one of which it was raised in: for the task that waits for them it is a cancellation.
            if came or number in _pending(wakened):
                raise asyncio.CancelledError from None
            raise
        finally:
            here = False
            loop.remove_reader(wakened)
            signal.set_wakeup_fd(previous)


def _pending(end: socket.socket) -> bytes:
    try:
        return end.recv(4096)
    except BlockingIOError:
        return b""
