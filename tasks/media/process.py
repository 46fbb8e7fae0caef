"""Child processes that cannot outlive the work they were started for."""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO

from tasks.errors import MissingEngineError
from tasks.media.memory import bound_mb, resident_mb

log = logging.getLogger(__name__)

_LAST_LINES = 200
_LINE_BYTES = 1000
_LOOK_SECONDS = 0.2
"""How often it is looked at; in that time a program can take about 0.5 GB."""

# PR_SET_PDEATHSIG has to be set in the child, between fork and exec. `preexec_fn` would run Python there,
# which may deadlock when other threads hold locks at the fork, and forces a full fork of a process that may
# hold gigabytes of models. A bare interpreter that sets it and then becomes the program costs about 20 ms and
# has neither problem; the setting survives exec. The parent may die before prctl: then the parent's id has
# changed already.
_DIE_WITH_PARENT = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    os._exit(137)
os.execv(sys.argv[2], sys.argv[2:])
"""


class ChildProcess:
    """A program in a process group of its own that cannot be left behind.

    It is killed at its deadline, when it holds more memory than `tasks.media.memory` allows, at the end of the block or
    with its parent.

    To be used as a context manager. The kernel ties the child to the *thread* that starts it, so that thread
    has to live as long as the block: start and use it in the same thread. Standard error is read all the
    time; its last lines are in `messages`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        deadline: float,
        feed: bool = False,
        collect: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Starts `command` (program and arguments).

        `deadline`: seconds after which it is killed and `expired` is set (`outgrown` if it held too much memory).
        `feed`: open `stdin` for writing. `collect`: open `stdout` for reading. Otherwise they are connected to
        nothing. `variables`: of its environment, beside those of this process.
        """
        program = shutil.which(command[0])
        if program is None:
            raise MissingEngineError(
                f"The program {command[0]} was not found.", hint="Install it or correct its path."
            )
        full_command = [program, *command[1:]]
        if sys.platform == "linux":
            full_command = [
                sys.executable,
                "-I",
                "-S",
                "-c",
                _DIE_WITH_PARENT,
                str(os.getpid()),
                *full_command,
            ]
        self.name = os.path.basename(program)  # noqa: PTH119 - a name for messages, not a path
        self.expired = False
        self.outgrown = False
        self.memory_mb = bound_mb()
        self._messages: deque[str] = deque(maxlen=_LAST_LINES)
        log.debug("Starting %s", " ".join(command))
        self._popen = subprocess.Popen(
            full_command,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE if collect else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, name=f"{self.name}-stderr", daemon=True)
        self._over = threading.Event()
        self._watchdog = threading.Thread(
            target=self._watch, args=(max(deadline, 0.0),), name=f"{self.name}-watch", daemon=True
        )
        self._listener.start()
        self._watchdog.start()

    def __enter__(self) -> "ChildProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.kill()
        self._popen.wait()
        self._listener.join()
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._watchdog.join()

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its process group."""
        return self._popen.pid

    @property
    def stdin(self) -> IO[bytes]:
        """Its standard input, if it was started with `feed`."""
        assert self._popen.stdin is not None, "the child was started without feed=True"  # noqa: S101
        return self._popen.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Its standard output, if it was started with `collect`."""
        assert self._popen.stdout is not None, "the child was started without collect=True"  # noqa: S101
        return self._popen.stdout

    @property
    def messages(self) -> tuple[str, ...]:
        """The last lines of standard error; complete once `wait` has returned."""
        return tuple(self._messages)

    def wait(self) -> int:
        """Waits until the program ends (at the latest at the deadline) and returns its exit status."""
        status = self._popen.wait()
        self._listener.join()
        return status

    def _listen(self) -> None:
        assert self._popen.stderr is not None  # noqa: S101
        while line := self._popen.stderr.readline(_LINE_BYTES):
            text = line.decode(errors="replace").rstrip()
            self._messages.append(text)
            log.debug("%s: %s", self.name, text)

    def _watch(self, deadline: float) -> None:
        """Ends it at its deadline, or when it holds more memory than it may."""
        end = time.monotonic() + deadline
        while not self._over.wait(min(_LOOK_SECONDS, max(0.0, end - time.monotonic()))):
            if self._popen.poll() is not None:
                return
            # What is resident counts, not what is reserved: drivers of GPUs reserve many times the machine's memory.
            self.outgrown = resident_mb(self.pid) > self.memory_mb
            self.expired = not self.outgrown and time.monotonic() >= end
            if self.outgrown or self.expired:
                self.kill()
                return

    def kill(self) -> None:
        """Ends it and all that it started, at once."""
        # A child that was waited for may have left its number to another process.
        if self._popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)
