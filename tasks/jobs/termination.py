"""The end of jobs that are told to end by a signal."""

import asyncio
import functools
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType

Handler = Callable[[int, FrameType | None], object]

_NOBODY = -1


@dataclass
class Cancellation:
    """Of a run that is a task of its worker: there is no process that could be told to end."""

    asked: bool = False
    """Whether somebody has cancelled it; its task is cancelled, too."""


CANCELLATION: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)
"""That of this run, if it is a task of its worker."""


def take_cancellation() -> bool:
    """Whether the cancellation of this task is that of its job; then it ends here."""
    cancellation, task = CANCELLATION.get(), asyncio.current_task()
    if cancellation is None or not cancellation.asked or task is None:
        return False
    task.uncancel()
    return True


@contextmanager
def ended_by(number: signal.Signals, error: BaseException) -> Iterator[None]:
    """Within the block the signal cancels the current task; the block then raises the error.

    Blocks may lie within and beside each other: each of their tasks is cancelled. Outside the main thread, where no
    signal arrives, the block does nothing.
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
    except BaseException as ended:
        if block.came:
            # The cancellation ends here. Since Python 3.13, a TaskGroup that fails while its task is cancelled cancels
            # the task once more: without this, that would fall on whatever is awaited next.
            task.uncancel()
            # A group of tasks that is told to end may fail in its own way.
            if isinstance(ended, asyncio.CancelledError | BaseExceptionGroup):
                raise error from None
        raise
    finally:
        _listener.leave(block)


def unless_heard(handler: Handler) -> Handler:
    """The handler, which does nothing about a signal that ends a block.

    A handler that raises does so wherever the main thread is. Within a lock it leaves somebody waiting for ever; in a
    step of another task, one that reports progress, say, it ends that task and nobody else hears of it: the work goes
    on until it is killed, and its files stay.
    """

    @functools.wraps(handler)
    def handle(number: int, frame: FrameType | None) -> None:
        if not _listener.hears(number):
            handler(number, frame)

    return handle


class _Block:
    def __init__(self, number: signal.Signals, task: asyncio.Task[object]) -> None:
        self.number = number
        self.came = False
        self._task = task

    def tell(self, numbers: bytes) -> None:
        # Once: a second time would cut short what is being put away.
        if self.number in numbers and not self.came:
            self.came = True
            self._task.cancel()


class _Listener:
    """Hears of signals for all blocks, as a process has one descriptor for them, while there is any block."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def hears(self, number: int) -> bool:
        return any(block.number == number for block in self._blocks)

    def enter(self, block: _Block) -> None:
        if not self._blocks:
            self._loop = asyncio.get_running_loop()
            self._waker, self._wakened = socket.socketpair()
            self._waker.setblocking(False)
            self._wakened.setblocking(False)
            # Python writes the number of each signal that it handles there.
            self._before = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
            self._loop.add_reader(self._wakened, self._hear)
        self._blocks.append(block)

    def leave(self, block: _Block) -> None:
        self._hear()
        self._blocks.remove(block)
        if not self._blocks:
            signal.set_wakeup_fd(self._before)
            self._loop.remove_reader(self._wakened)
            self._waker.close()
            self._wakened.close()

    def _hear(self) -> None:
        try:
            numbers = self._wakened.recv(4096)
        except BlockingIOError:
            return
        for block in self._blocks:
            block.tell(numbers)
        if self._before != _NOBODY:
            with suppress(OSError):
                os.write(self._before, numbers)


_listener = _Listener()
