"""Ends a child process, and all that it started, when its parent is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import threading

_PR_SET_PDEATHSIG = 1

PARENT = "CONTRAPONTO_PARENT_PID"
"""Environment variable by which the parent tells its process id."""


def end_with_parent() -> None:
    """Ties this process, the leader of its group, to its parent: the group dies with it, or on SIGTERM.

    A thread waits for the signal, so the end comes at once even while the main thread is inside a C function.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=_kill_group_on_signal, daemon=True).start()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != int(os.environ[PARENT]):
        os.killpg(0, signal.SIGKILL)  # it died before the line above


def _kill_group_on_signal() -> None:
    signal.sigwait({signal.SIGTERM})
    os.killpg(0, signal.SIGKILL)
