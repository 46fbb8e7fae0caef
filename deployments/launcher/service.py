"""The process of a worker service: keeps a worker and the zygote beside it.

`python -I -S -E service.py --socket PATH -- WORKER COMMAND` from the project's directory; the standard library
only. It passes signals on to the worker and ends as the worker ends. A zygote that ends is started again,
ever later if it keeps ending. Neither outlives this process, whatever becomes of it.
"""

import argparse
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_AWAITED = (*_PASSED_ON, signal.SIGCHLD)
_LOOK_SECONDS = 1.0
_ZYGOTE_STOP_SECONDS = 5.0
_LONGEST_PAUSE = 60.0
_GOOD_SECONDS = 60.0
"""A zygote that lived so long is started again at once."""

_libc = ctypes.CDLL(None)


def listen(path: Path) -> socket.socket:
    """A listening socket that only this user can reach; one that an earlier service left is replaced."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen(128)
    return listener


def start(
    command: list[str], *, own_session: bool = False, pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    """Start a program that the kernel kills when this process ends."""
    parent = os.getpid()

    def tie() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    # This process has one thread, so Python may run between fork and exec.
    return subprocess.Popen(command, preexec_fn=tie, start_new_session=own_session, pass_fds=pass_fds)  # noqa: PLW1509


class Zygote:
    """Starts the zygote, and starts it again."""

    def __init__(self, listener: socket.socket, arguments: list[str]) -> None:
        self._command = [
            *(sys.executable, "-m", "deployments.launcher.zygote"),
            *("--listener", str(listener.fileno()), *arguments),
        ]
        self._descriptor = listener.fileno()
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = 0.0
        self._started = 0.0
        self._due = 0.0

    def keep(self) -> None:
        """Have it running, unless it has just failed."""
        now = time.monotonic()
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            lived = now - self._started
            self._pause = 0.0 if lived > _GOOD_SECONDS else min(max(2 * self._pause, 0.5), _LONGEST_PAUSE)
            self._due = now + self._pause
            self._process = None
            say(f"the zygote ended ({code}); it is started again in {self._pause:g} s")
        if now >= self._due:
            self._started = now
            # A session of its own: Ctrl-C in a terminal is the worker's affair.
            self._process = start(self._command, own_session=True, pass_fds=(self._descriptor,))

    def stop(self) -> None:
        """End it and wait for its end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_ZYGOTE_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def say(line: str) -> None:
    """One line for the service's log, in the form that `deployments.processes.log_lines` has for it."""
    if os.environ.get("PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER") == "json":
        now = time.time()
        moment = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1000):03d}Z"
        fields = {
            "time": moment,
            "level": "INFO",
            "logger": "service",
            "message": line,
            "pid": os.getpid(),
        }
        text = json.dumps(fields)
    else:
        text = f"{time.strftime('%H:%M:%S')} | service | {line}"
    os.write(2, f"{text}\n".encode())


def report_lost_runs(marks: Path) -> subprocess.Popen[bytes] | None:
    """Have the server told of the runs that were lost with an earlier worker, if there are any."""
    if not any(marks.glob("[!.]*")):
        return None
    return start([sys.executable, "-m", "deployments.launcher.lost_runs", str(marks)], own_session=True)


def keep(worker: subprocess.Popen[bytes], zygote: Zygote, reporter: subprocess.Popen[bytes] | None) -> int:
    """Wait for the worker's end; its exit code, as a shell tells it."""
    while (code := worker.poll()) is None:
        zygote.keep()
        if reporter is not None and reporter.poll() is not None:
            reporter = None
        received = signal.sigtimedwait(_AWAITED, _LOOK_SECONDS)
        # What a terminal sends reaches the worker by itself (it is in the same group); what a process sends does not.
        if received and received.si_signo in _PASSED_ON and received.si_pid != 0:
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(received.si_signo)
    return 128 - code if code < 0 else code


def main() -> int:
    """Keep both until the worker ends."""
    parser = argparse.ArgumentParser(description="Keep a worker and its zygote.")
    parser.add_argument("--socket", type=Path, required=True, help="where the zygote listens")
    parser.add_argument("--zygote", action="append", default=[], help="an argument of the zygote")
    parser.add_argument("worker", nargs="+", help="the command of the worker, after --")
    chosen = parser.parse_args()
    os.environ["CONTRAPONTO_LAUNCHER"] = str(Path(__file__).with_name("launch.py"))
    os.environ["CONTRAPONTO_LAUNCHER_SOCKET"] = str(chosen.socket)
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    listener = listen(chosen.socket)
    # All workers of a home share them: any tells of what another has lost.
    marks = chosen.socket.with_name("taken")
    marks.mkdir(mode=0o700, exist_ok=True)
    zygote = Zygote(listener, ["--marks", str(marks), *chosen.zygote])
    reporter = report_lost_runs(marks)
    worker = start(chosen.worker)
    try:
        return keep(worker, zygote, reporter)
    finally:
        zygote.stop()
        chosen.socket.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
