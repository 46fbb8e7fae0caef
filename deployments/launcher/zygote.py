"""The zygote: imports what runs need, then forks one run after the other.

`python -m deployments.launcher.zygote --listener FD` from the project's directory; `service` starts it. It has
one thread, opens no connection and touches no GPU, and looks before every fork whether that is still so. Runs
do not depend on it once they are forked; it restarts in place, with the same socket, whenever what it has
imported may be out of date.
"""

import argparse
import contextlib
import gc
import importlib
import logging
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from deployments.launcher import adoption
from deployments.launcher.adoption import Request
from deployments.launcher.freshness import Limits, Watch, Wear, watched_files
from deployments.launcher.launch import LENGTH, MESSAGE, REFUSED, receive
from deployments.launcher.monitor import monitor_run
from deployments.processes import kernel as processes
from deployments.processes.log_lines import formatter
from deployments.server.flow_catalogue import listed_flows
from tasks.prefect_internals import ENGINE_MODULES, PrefectMovedError, check_forks

logger = logging.getLogger("contraponto.zygote")

_ENGINE = (*ENGINE_MODULES, "anyio._backends._asyncio", "httpx", "rich._emoji_codes", "tasks.jobs.lease")
"""What any run imports, or most; `prefect.engine` itself is the main program of the runs."""
_PEER = struct.Struct("3i")
_REQUEST_SECONDS = 1.0
_END_SECONDS = 30.0
"""That a run may take to end once its work has ended: to send its last logs and events."""
_TOLD_TO_END_SECONDS = 5.0
"""The same for a run that was told to end: a thread that the signal left behind must not hold its place for long."""
_LOOK_SECONDS = 1.0
_LONGEST_REQUEST = 16 << 20
_GPU_LIBRARY = "libcuda.so"


@dataclass(frozen=True)
class Run:
    """A run in its own process, which is still a copy of the zygote."""

    request: Request
    streams: tuple[int, ...]


class Zygote:
    """Answers launchers on a listening socket."""

    def __init__(
        self, listener: socket.socket, project: Path, limits: Limits, *, marks: Path | None = None
    ) -> None:
        self._listener = listener
        self._marks = marks
        self.project = project
        self.environment = dict(os.environ)
        self._wear = Wear(limits)
        self._watch = Watch(())
        self._unfit: str | None = None

    def preload(self) -> None:
        """Import everything that runs need. Whatever a flow's module raises, its runs will raise again."""
        threads = os.environ.get("OPENBLAS_NUM_THREADS")
        # NumPy's library starts its threads when it is loaded: with one it needs none.
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        # All that is made here stays: the collector would go over it again and again, for a sixth of the time.
        gc.disable()
        for name in (*_ENGINE, *self._flow_modules()):
            try:
                importlib.import_module(name)
            except Exception:
                logger.exception("%s cannot be imported: runs that need it will import it themselves", name)
        try:
            check_forks()
        except PrefectMovedError as error:
            logger.warning("%s Runs start in fresh interpreters.", error)
            self._unfit = error.message.removesuffix(".")
        if threads is None:
            del os.environ["OPENBLAS_NUM_THREADS"]
        else:
            os.environ["OPENBLAS_NUM_THREADS"] = threads
        self._watch = Watch(
            watched_files(self.project, adoption.project_modules(self.project).values())
            | {Path(__file__).with_name(f"{name}.py") for name in ("adoption", "monitor", "launch", "taken")}
        )
        gc.collect()
        gc.freeze()
        gc.enable()
        logger.info("ready: %d modules, %d MB", len(sys.modules), processes.memory_bytes() >> 20)

    def serve(self) -> Run:
        """Fork runs until told to end. Returns in each run, which it then has to become; otherwise never."""
        waker, wakened = socket.socketpair()
        for end in (waker, wakened):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
        with waker, wakened, selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(wakened, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select(_LOOK_SECONDS)]
                if wakened in ready:
                    with contextlib.suppress(BlockingIOError):
                        wakened.recv(4096)
                _reap()
                if self._listener in ready:
                    if run := self._answer(self._listener.accept()[0]):
                        signal.set_wakeup_fd(-1)
                        return run
                elif reason := self._staleness():
                    self._start_anew(reason)

    def _answer(self, connection: socket.socket) -> Run | None:
        """Take or refuse one run. The run in its own process; None in the zygote."""
        with connection:
            try:
                connection.settimeout(_REQUEST_SECONDS)
                request, launcher = _read(connection)
                if reason := self._reason_to_refuse(request):
                    encoded = reason.encode()
                    connection.sendall(MESSAGE.pack(REFUSED, len(encoded)) + encoded)
                    return None
                monitor = os.fork()
            except (OSError, ValueError) as error:
                logger.warning("a request was dropped: %s", error)
                return None
            if monitor == 0:
                self._listener.close()
                return Run(
                    request, monitor_run(connection, request.run_id, launcher=launcher, marks=self._marks)
                )
        self._wear.runs += 1
        logger.info("run %s: monitor %d", request.run_id or "without an id", monitor)
        return None

    def _reason_to_refuse(self, request: Request) -> str | None:
        if self._unfit:
            return self._unfit
        if changed := self._watch.changed():
            return f"{changed} has changed, it restarts"
        if (threads := processes.thread_count()) != 1:
            return f"it has {threads} threads and must not fork"
        if processes.has_loaded(_GPU_LIBRARY):
            return "it has loaded CUDA and must not fork"
        return adoption.obstacle(request.environment, self.environment)

    def _staleness(self) -> str | None:
        changed = self._watch.changed()
        return f"{changed} has changed" if changed else self._wear.verdict()

    def _start_anew(self, reason: str) -> NoReturn:
        logger.info("restarting: %s", reason)
        self._listener.set_inheritable(True)
        os.execve(sys.executable, sys.orig_argv, self.environment)  # noqa: S606

    def _flow_modules(self) -> list[str]:
        try:
            return [listed.module for listed in listed_flows(self.project).values()]
        except (OSError, KeyError, ValueError) as error:
            logger.warning("prefect.yaml cannot be read, its flows are not imported in advance: %s", error)
            return []


def _read(connection: socket.socket) -> tuple[Request, int]:
    """The request of a launcher of the same user, and the launcher's process.

    Raises:
        OSError: it did not come in time.
        ValueError: it is no request, or comes from another user.
    """
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    process, user, _ = _PEER.unpack(peer)
    if user != os.geteuid():
        raise ValueError(f"user {user} may not start runs here")
    head = receive(connection, LENGTH.size)
    if len(head) < LENGTH.size:
        raise ValueError("its launcher has ended")
    (length,) = LENGTH.unpack(head)
    if length > _LONGEST_REQUEST:
        raise ValueError(f"it is {length} bytes long")
    return Request.model_validate_json(receive(connection, length)), process


def _reap() -> None:
    """Wait for monitors that have ended, so that they do not stay as zombies."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass


def main() -> None:
    """Preload and serve; in a fork, be the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listener", type=int, required=True, help="descriptor of the listening socket")
    parser.add_argument("--marks", type=Path, help="directory of the runs that were taken")
    parser.add_argument("--seconds", type=float, default=Limits.seconds)
    parser.add_argument("--memory", type=int, default=Limits.memory)
    parser.add_argument("--runs", type=int, default=Limits.runs)
    parser.add_argument("--end-seconds", type=float, default=_END_SECONDS)
    chosen = parser.parse_args()
    handler = logging.StreamHandler()
    handler.setFormatter(formatter("%(asctime)s | zygote | %(message)s", "%H:%M:%S"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    processes.show_as("zygote")
    listener = socket.socket(fileno=chosen.listener)
    zygote = Zygote(
        listener, Path.cwd(), Limits(chosen.seconds, chosen.memory, chosen.runs), marks=chosen.marks
    )
    zygote.preload()
    run = zygote.serve()
    adoption.become(run.request, run.streams, zygote=zygote.environment, project=zygote.project)
    # It may have been imported on the way; as the main program it is loaded again.
    sys.modules.pop(run.request.module, None)
    seconds = chosen.end_seconds
    try:
        runpy.run_module(run.request.module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        # Not sooner imported: this process preloads what runs need in its own time.
        from prefect.exceptions import TerminationSignal  # noqa: PLC0415

        # A run that has failed exits, too, and its last logs say why.
        if isinstance(end.__context__, TerminationSignal):
            seconds = min(seconds, _TOLD_TO_END_SECONDS)
        raise
    finally:
        _end_within(seconds)


def _end_within(seconds: float) -> None:
    """End this process although threads of it still run.

    A run that is aborted (its worker was killed, and with it whoever read its log) leaves threads that wait for ever,
    and nobody is there to kill it.
    """
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main()
