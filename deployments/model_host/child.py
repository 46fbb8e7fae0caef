"""The process of one loaded model: takes work from the host over a socket, one piece after the other.

It is started as a program, never forked, because engines start threads. It ends with the host, and the host ends it
to unload the model: nothing in it needs saving.
"""

import ctypes
import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from deployments.processes.log_lines import formatter
from tasks.errors import CancelledError, ContrapontoError
from tasks.inference.kinds import work_class
from tasks.inference.protocol import (
    HEADER_BYTES,
    ORDERS,
    Assign,
    Cancel,
    Done,
    Failed,
    Loaded,
    Message,
    Progressed,
    WireError,
    body_length,
    frame,
)

logger = logging.getLogger("model")

_PR_SET_PDEATHSIG = 1
_REPORT_SECONDS = 0.1
_OOM_SCORE = "500"
"""Where memory runs out the kernel ends a model, which is loaded again, rather than the host or a database."""
_TRACEBACK_CHARACTERS = 4000


class ModelProcess:
    """This process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._assigned: queue.SimpleQueue[Assign] = queue.SimpleQueue()
        self._cancelled: str | None = None
        """The request that was cancelled last."""

    def serve(self) -> None:
        """Works until the process ends."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            assignment = self._assigned.get()
            try:
                answer = self._work(assignment)
            except MemoryError:
                logger.exception("no memory for %s", assignment.id)
                os._exit(1)
            self._send(answer)
            _give_back_memory()

    def _work(self, assignment: Assign) -> Done | Failed:
        last = 0.0

        def progress(fraction: float) -> None:
            nonlocal last
            if self._cancelled == assignment.id:
                raise CancelledError("The job was cancelled.")
            now = time.monotonic()
            if now - last >= _REPORT_SECONDS:
                last = now
                self._send(Progressed(fraction=fraction))

        try:
            work = work_class(assignment.target).model_validate_json(assignment.body)
            started = time.monotonic()
            work.load()
            self._send(Loaded(seconds=time.monotonic() - started))
            result: Any = work.run(progress)
            return Done(body=work.result.dump_json(result).decode())
        except ContrapontoError as error:
            logger.info("request %s: %s", assignment.id, error, exc_info=error.__cause__)
            return Failed(cause="work", error=WireError.of(error))
        except MemoryError:
            raise
        except Exception:  # the run raises it again
            logger.exception("request %s failed", assignment.id)
            text = traceback.format_exc()[-_TRACEBACK_CHARACTERS:]
            return Failed(cause="fault", error=WireError(name="EngineError", message=text))

    def _listen(self) -> None:
        # Orders arrive while the main thread works.
        stream = self._connection.makefile("rb")
        while True:
            header = stream.read(HEADER_BYTES)
            if len(header) < HEADER_BYTES:
                os._exit(0)
            order = ORDERS.validate_json(stream.read(body_length(header)))
            if isinstance(order, Cancel):
                self._cancelled = order.id
            else:
                self._assigned.put(order)

    def _send(self, message: Message) -> None:
        try:
            self._connection.sendall(frame(message))
        except OSError:
            os._exit(0)


def _tie_to(parent: int) -> None:
    """The kernel kills this process when its parent ends, even while an engine holds the interpreter."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _give_back_memory() -> None:
    """Gives memory back that the work has freed: the C library keeps it otherwise."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def main() -> None:
    """Runs `python -m deployments.model_host.child SOCKET-DESCRIPTOR PARENT-PID`."""
    descriptor, parent = (int(argument) for argument in sys.argv[1:])
    _tie_to(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    own_score = Path("/proc/self/oom_score_adj")
    if own_score.exists():
        own_score.write_text(_OOM_SCORE)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(f"%(asctime)s model {os.getpid()} %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    ModelProcess(socket.socket(fileno=descriptor)).serve()


if __name__ == "__main__":
    main()
