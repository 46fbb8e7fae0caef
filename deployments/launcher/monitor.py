"""The monitor of one run: forks it, passes signals on to it, reports its end, and lets it outlive nobody.

It is a fork of the zygote and does not depend on it. The run ends with its monitor (the kernel sees to that)
and with its launcher (the monitor sees the connection close).
"""

import contextlib
import os
import select
import signal
import socket
from pathlib import Path

from deployments.launcher.launch import (
    ACCEPTED,
    EXITED,
    GO,
    KILLED,
    MESSAGE,
    SIGNAL,
    STANDARD_STREAMS,
    STARTED,
    receive_message,
)
from deployments.launcher.taken import TOUCH_SECONDS, TakenRun, take
from deployments.processes.kernel import die_with, give_way, is_stopped, parent_of, show_as

_GO_SECONDS = 5.0
_STOPPED_LOOKS = 2
"""One every `TOUCH_SECONDS`. A run that stands still sends no heartbeat: after 75 s the server would start it again
beside this one, which keeps its memory and goes on when somebody lets it."""


def monitor_run(
    connection: socket.socket, run_id: str, *, launcher: int, marks: Path | None
) -> tuple[int, ...]:
    """Fork the run once its launcher says so. Returns the run's streams, in the run; never in the monitor.

    A flow run is marked as taken in the directory `marks`.
    """
    try:
        streams = _wait_for_go(connection)
        taken = take(marks, run_id) if marks and run_id else None
        worker = parent_of(launcher)
        monitor = os.getpid()
        run = os.fork()
        if run == 0:
            # Leads a group of its own, so that whatever it starts can be ended with it.
            os.setsid()
            give_way()
            die_with(monitor)
            connection.close()
            if taken:
                taken.close()
            return streams
        for descriptor in (*streams, *STANDARD_STREAMS):
            # Whoever reads what the run writes must see its end.
            os.close(descriptor)
        show_as("run-monitor")
        connection.sendall(MESSAGE.pack(STARTED, run))
        code = _watch(run, connection, taken)
        # A run whose worker is gone goes on; when it fails, nobody tells the server.
        told = worker is not None and parent_of(launcher) == worker
        connection.sendall(MESSAGE.pack(KILLED, -code) if code < 0 else MESSAGE.pack(EXITED, code))
        if taken and (told or code == 0):
            taken.remove()
    except OSError:
        os._exit(1)  # the launcher is gone, and with this process ends the run
    os._exit(0)


def _wait_for_go(connection: socket.socket) -> tuple[int, ...]:
    """The launcher's streams. Ends this process if the launcher does not want the run any more."""
    connection.settimeout(_GO_SECONDS)
    connection.sendall(MESSAGE.pack(ACCEPTED, 0))
    message, streams, _, _ = socket.recv_fds(connection, MESSAGE.size, len(STANDARD_STREAMS))
    connection.settimeout(None)
    if message != MESSAGE.pack(GO, 0) or len(streams) != len(STANDARD_STREAMS):
        os._exit(0)
    return tuple(streams)


def _watch(run: int, connection: socket.socket, taken: TakenRun | None) -> int:
    """Return when the run has ended and its group is gone: its exit code, or minus the signal that killed it.

    One that was stopped for long is killed.
    """
    process = os.pidfd_open(run)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(connection, select.POLLIN)
    stopped = 0
    while True:
        ready = {descriptor for descriptor, _ in poll.poll(1000 * TOUCH_SECONDS)}
        if process in ready:
            break
        if taken:
            taken.touch()
        if not ready:
            stopped = stopped + 1 if is_stopped(run) else 0
            if stopped == _STOPPED_LOOKS:
                break  # and so it is killed
            continue
        message = receive_message(connection)
        if message is None:
            break
        if message[0] == SIGNAL:
            signal.pidfd_send_signal(process, message[1])
    # Not waited for yet, the run keeps its number: it cannot be somebody else's group. Killing the group ends
    # the run, if its launcher is gone, and in any case what it has left behind.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run, signal.SIGKILL)
    _, status = os.waitpid(run, 0)
    return os.waitstatus_to_exitcode(status)
