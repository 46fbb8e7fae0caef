"""The entry of the image: with CONTRAPONTO_LOG_FORMAT=json, whatever a service prints is an object a line on stderr.

    python -ES entry.py COMMAND…

It stays above the service, hands signals on and ends as the service does, when its last words are written. Otherwise,
and for what `contraponto` prints for those who call it, this process becomes the command itself. Standard library only.
"""

import contextlib
import ctypes
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deployments.processes.json_output import QUIET_SECONDS, JsonOutput
from deployments.processes.log_lines import JSON_VARIABLES, wants_json

_PR_SET_PDEATHSIG = 1
_HANDED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_SERVICES = ("worker", "metrics", "deploy")
"""Those of the commands of `contraponto` that run as services."""
_READ = 1 << 16
_LOOK_SECONDS = 0.2


def is_service(command: list[str]) -> bool:
    """Whether what a command prints is a log."""
    if Path(command[0]).name != "contraponto":
        return True
    return command[1:2] in [[name] for name in _SERVICES] and "--json" not in command


def run(command: list[str]) -> int:
    """Run a service to its end; its exit code, as a shell tells it."""
    reading, writing = os.pipe()
    parent = os.getpid()

    def tie() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDED_ON)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    # Until there is somebody to hand them to, signals wait. This process has one thread.
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDED_ON)
    try:
        service = subprocess.Popen(command, stdout=writing, stderr=writing, preexec_fn=tie)  # noqa: PLW1509
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127
    os.close(writing)
    for number in _HANDED_ON:
        signal.signal(number, lambda received, _frame: service.send_signal(received))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDED_ON)
    _relay(reading, service, JsonOutput(_name(command)))
    code = service.wait()
    return 128 - code if code < 0 else code


def _relay(reading: int, service: subprocess.Popen[bytes], output: JsonOutput) -> None:
    heard = time.monotonic()
    while True:
        ended = service.poll() is not None
        if select.select([reading], [], [], 0 if ended else _LOOK_SECONDS)[0]:
            read = os.read(reading, _READ)
            if not read:
                break
            heard = time.monotonic()
            _write(output.feed(read))
        elif ended:
            break  # what it has left behind may hold the pipe for ever
        elif output.waits and time.monotonic() - heard > QUIET_SECONDS:
            _write(output.quiet())
    _write(output.end())


def _write(lines: bytes) -> None:
    while lines:
        lines = lines[os.write(2, lines) :]


def _name(command: list[str]) -> str:
    """What stands for the service in its lines, such as `worker`, `serve` or `flow-run`."""
    named = re.search(r"\b(?:contraponto|prefect) ([a-z-]+)|-m [\w.]*?(\w+)(?!\S)", " ".join(command))
    return named[1] or named[2] if named else Path(command[0]).name


def main() -> None:
    """Run the command of this process, or become it."""
    command = sys.argv[1:]
    if os.environ.get("CONTRAPONTO_LOG_FORMAT") == "json" or wants_json():
        os.environ |= JSON_VARIABLES
        if is_service(command):
            sys.exit(run(command))
    with contextlib.suppress(FileNotFoundError):
        os.execvp(command[0], command)  # noqa: S606 - no shell is meant
    sys.exit(f"{command[0]}: there is no such program")


if __name__ == "__main__":
    main()
