"""The end of jobs that are told to end by a signal."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_NOBODY = -1


@contextmanager
def cancelled_by(number: signal.Signals) -> Iterator[None]:
    """Within the block the signal cancels the current task, whatever code it interrupts.

    Prefect's handler raises an exception where the main thread happens to be. In a step of some other task, one that
    reports progress, say, it ends that task and nobody else hears of it: the work would go on until it is killed, and
    its files would stay. Here the event loop hears of the signal as well, and what came of it in other tasks becomes
    the cancellation of this one. Handlers stay as they are. Blocks may lie within and beside each other: each of their
    tasks is cancelled. Outside the main thread, where no signal arrives, the block does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - who calls this runs in a task
    block = _Block(number, task)
    _listener.enter(block)
    try:
        yield
    except BaseExceptionGroup:
        # A group of tasks, one of which it was raised in: for the task that waits for them it is a cancellation.
        block.task = None
        _listener.hear()
        if block.came:
            raise asyncio.CancelledError from None
        raise
    finally:
        _listener.leave(block)


class _Block:
    def __init__(self, number: signal.Signals, task: asyncio.Task[object]) -> None:
        self.number = number
        self.task: asyncio.Task[object] | None = task
        self.came = False

    def tell(self, numbers: bytes) -> None:
        if self.number not in numbers:
            return
        self.came = True
        # Cancelled already: it was heard of where it should be.
        if self.task and not self.task.cancelling():
            self.task.cancel()


class _Listener:
    """Hears of signals for all blocks, as a process has one descriptor for them, while there is any block."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def enter(self, block: _Block) -> None:
        if not self._blocks:
            self._loop = asyncio.get_running_loop()
            self._waker, self._wakened = socket.socketpair()
            self._waker.setblocking(False)
            self._wakened.setblocking(False)
            # Python writes the number of each signal that it handles there, before its handler runs.
            self._before = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
            self._loop.add_reader(self._wakened, self.hear)
        self._blocks.append(block)

    def hear(self) -> None:
        try:
            numbers = self._wakened.recv(4096)
        except BlockingIOError:
            return
        for block in self._blocks:
            block.tell(numbers)
        if self._before != _NOBODY:
            with suppress(OSError):
                os.write(self._before, numbers)

    def leave(self, block: _Block) -> None:
        self._blocks.remove(block)
        if not self._blocks:
            signal.set_wakeup_fd(self._before)
            self.hear()
            self._loop.remove_reader(self._wakened)
            self._waker.close()
            self._wakened.close()


_listener = _Listener()
