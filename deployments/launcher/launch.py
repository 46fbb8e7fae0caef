"""What a worker starts for a run: hands the run to the zygote and stands for it until it ends.

`python -I -S -E launch.py MODULE ARGUMENTS` is `python -m MODULE ARGUMENTS`, sooner: the standard library only, so
that it starts in milliseconds. Whatever keeps the zygote from taking the run, this process then becomes the
run itself: a fresh interpreter.

Messages, all on one Unix socket: the request (a JSON document after its length); the answer "accepted" or
"refused" with a reason; "go", with standard input, output and error as descriptors; signals in one direction; the
end of the run in the other. Without "go" nothing has been started, so a run never starts twice; and no
descriptor waits in the socket of a zygote that hangs, where it would keep the worker's pipes open.
"""

import array
import contextlib
import json
import os
import resource
import signal
import socket
import struct
import sys

SOCKET_VARIABLE = "CONTRAPONTO_LAUNCHER_SOCKET"
LAUNCH_VARIABLE = "CONTRAPONTO_LAUNCHER"
"""Names this file to the command of the work pools; unset, they start fresh interpreters."""

LENGTH = struct.Struct("!I")
MESSAGE = struct.Struct("!cI")
"""One letter and a number: what all messages but the request consist of."""

ACCEPTED, REFUSED, GO, STARTED, SIGNAL, EXITED, KILLED = b"A", b"R", b"G", b"P", b"S", b"E", b"K"
"""REFUSED: the number is the length of the reason, which follows. STARTED: the process. SIGNAL, KILLED: a signal."""

FORWARDED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
STANDARD_STREAMS = (0, 1, 2)

_ANSWER_SECONDS = 3.0
"""A fresh interpreter takes about as long: waiting longer for a zygote that restarts gains nothing."""


class Unavailable(Exception):  # noqa: N818 - an answer, not an error: the run starts another way
    """The zygote does not take this run; the message says why, as the end of a sentence."""


def receive(connection: socket.socket, size: int) -> bytes:
    """Exactly so many bytes; fewer only if the other side is gone."""
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            break
        received += part
    return received


def receive_message(connection: socket.socket) -> tuple[bytes, int] | None:
    """The next message; None when the other side is gone."""
    received = receive(connection, MESSAGE.size)
    return MESSAGE.unpack(received) if len(received) == MESSAGE.size else None


def hand_over(path: str | None) -> socket.socket:
    """Give this process's run to the zygote behind the socket; return when it has agreed.

    Raises:
        Unavailable: it has not.
    """
    if path is None:
        raise Unavailable(f"{SOCKET_VARIABLE} is not set")
    try:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_ANSWER_SECONDS)
        connection.connect(path)
        umask = os.umask(0)
        os.umask(umask)
        request = json.dumps(
            {
                "module": sys.argv[1],
                "arguments": sys.argv[2:],
                "directory": os.getcwd(),  # noqa: PTH109 - pathlib takes longer to import than all of this
                "umask": umask,
                "ignored_signals": [
                    number for number in FORWARDED if signal.getsignal(number) == signal.SIG_IGN
                ],
                "environment": dict(os.environ),
            }
        ).encode()
        connection.sendall(LENGTH.pack(len(request)) + request)
        answer = receive_message(connection)
        if answer is None:
            raise Unavailable("it has ended")
        if answer[0] == REFUSED:
            raise Unavailable(receive(connection, answer[1]).decode(errors="replace"))
    except TimeoutError:
        raise Unavailable(f"it has not answered within {_ANSWER_SECONDS:g} s") from None
    except OSError as error:
        raise Unavailable(f"{error.strerror or error}") from None
    return connection


def stand_for(connection: socket.socket) -> tuple[bytes, int]:
    """Let the run start, pass signals on to it, and return its end.

    A monitor that is killed takes its run with it: then that is the end, also for whatever the run has started.
    """

    def forward(number: int, _frame: object) -> None:
        with contextlib.suppress(OSError):  # it has ended; the main program reads how
            connection.sendall(MESSAGE.pack(SIGNAL, number))

    connection.settimeout(None)
    for number in FORWARDED:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, forward)
    group = None
    with contextlib.suppress(OSError):
        streams = array.array("i", STANDARD_STREAMS).tobytes()
        connection.sendmsg([MESSAGE.pack(GO, 0)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
        while (message := receive_message(connection)) is not None:
            if message[0] != STARTED:
                return message
            group = message[1]
    if group is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    return KILLED, signal.SIGKILL


def end_as(kind: bytes, number: int) -> None:
    """End this process as the run has ended."""
    if kind == KILLED:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(number)


def main() -> None:
    """Become the run in a process of the zygote, or else in a fresh interpreter."""
    try:
        connection = hand_over(os.environ.get(SOCKET_VARIABLE))
    except Unavailable as reason:
        os.write(
            2,
            f"contraponto: the zygote does not take this run ({reason}); "
            "it starts in a fresh interpreter.\n".encode(errors="replace"),
        )
        os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])  # noqa: S606
    end_as(*stand_for(connection))


if __name__ == "__main__":
    main()
