"""Has work done by the model host; where there is none, in this process.

`perform` is what steps call. A host that goes away in the middle is asked once more, then the model is loaded here: a
job never fails because of the host. Work that makes the model's own process die is not tried here, as it would take
this process with it.
"""

import logging
import os
import time
import uuid
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from tasks.errors import EngineError
from tasks.inference.protocol import (
    REPLIES,
    Alive,
    Done,
    Failed,
    HostStatus,
    Inspect,
    Perform,
    Progressed,
    Reply,
    Status,
    Unload,
    Unloaded,
    frame,
    root_directory,
)
from tasks.inference.sockets import Connection
from tasks.inference.work import Work
from tasks.progress import Progress, ignore_progress

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_CONNECT_SECONDS = 5.0
_POLL_SECONDS = 0.5
"""How often a run that waits for the host learns whether it should stop."""
_SILENCE_SECONDS = 30.0
"""A host says every second that it lives."""
_ABORT_SECONDS = 12.0
"""A little longer than a host lets cancelled work go on."""
_RETURN_SECONDS = 5.0
"""How long a host that went away is waited for: its supervisor starts it again."""


class HostGoneError(Exception):
    """The model host is not there, or stopped answering."""


class HostAbsentError(HostGoneError):
    """Nobody listened in the first place."""


class HostRefusedError(Exception):
    """The model host cannot serve the request: it is of another version."""


class ModelDiedError(Exception):
    """The process of the model died while it worked."""


class WorkFaultError(RuntimeError):
    """The work raised what it should not; the message ends with the traceback from the model's process."""


def perform(work: Work[Result], progress: Progress = ignore_progress, *, host: Path | None) -> Result:
    """The work's result, from the model host that listens at the socket `host`; None: done in this process.

    Raises what the work raises and what `progress` raises (the work is then aborted at once); EngineError if the
    model's process died twice over it; TransientError if too many requests wait at the host.
    """
    if host is None:
        return work.run(progress)
    for last in (False, True):
        try:
            return _ask(work, progress, host)
        except ModelDiedError as error:
            if last:
                raise EngineError(
                    f"{error}, twice.",
                    hint="The model host's log has its last words. A damaged model is replaced by: make models; "
                    "for lack of memory choose a smaller one.",
                ) from error
            logger.warning("%s; trying once more.", error)
        except HostRefusedError as error:
            logger.warning("The model host does not serve this run (%s): loading the model here.", error)
            break
        except HostGoneError as error:
            if last or isinstance(error, HostAbsentError) or not _comes_back(host, progress):
                logger.warning("No model host at %s (%s): loading the model here.", host, error)
                break
            logger.warning("The model host went away (%s); it is back, trying once more.", error)
    return work.run(progress)


def host_status(host: Path, *, seconds: float = 5.0) -> HostStatus | None:
    """How the model host at a socket is; None if none answers."""
    try:
        reply = _single(Inspect(), host, seconds)
    except HostGoneError:
        return None
    return reply.host if isinstance(reply, Status) else None


def unload_models(host: Path, *, seconds: float = 30.0) -> int:
    """Unloads the models that no request uses. Returns how many there were. Raises HostGoneError."""
    reply = _single(Unload(), host, seconds)
    return reply.count if isinstance(reply, Unloaded) else 0


def _ask(work: Work[Result], progress: Progress, host: Path) -> Result:
    request = Perform(
        id=uuid.uuid4().hex[:12],
        kind=work.kind,
        model=work.model,
        body=work.model_dump_json(),
        deadline=work.deadline,
        expected_mb=work.expected_mb,
        threads=work.busy_threads,
        root=root_directory(),
        devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
    )
    with _connected(host) as connection:
        _send(connection, request)
        fraction, heard = 0.0, time.monotonic()
        while True:
            try:
                progress(fraction)
            except BaseException:
                # The work lets go of its files before those who wait here remove them.
                connection.hang_up(seconds=_ABORT_SECONDS)
                raise
            reply = _receive(connection, _POLL_SECONDS)
            if reply is None:
                if time.monotonic() - heard > _SILENCE_SECONDS:
                    raise HostGoneError(f"silent for {_SILENCE_SECONDS:.0f} s")
                continue
            heard = time.monotonic()
            match reply:
                case Progressed():
                    fraction = reply.fraction
                case Alive():
                    pass
                case Done():
                    return work.result.validate_json(reply.body)
                case Failed():
                    raise _failure(reply)
                case _:
                    raise HostGoneError(f"answered {reply.type}")


def _failure(reply: Failed) -> Exception:
    match reply.cause:
        case "died":
            return ModelDiedError(reply.error.message)
        case "refused":
            return HostRefusedError(reply.error.message)
        case "fault":
            return WorkFaultError(reply.error.message)
        case _:
            return reply.error.rebuild()


def _comes_back(host: Path, progress: Progress) -> bool:
    until = time.monotonic() + _RETURN_SECONDS
    while time.monotonic() < until:
        if host_status(host, seconds=1.0) is not None:
            return True
        progress(0.0)
        time.sleep(0.2)
    return False


def _single(request: Inspect | Unload, host: Path, seconds: float) -> Reply:
    with _connected(host) as connection:
        _send(connection, request)
        reply = _receive(connection, seconds)
    if reply is None:
        raise HostGoneError(f"silent for {seconds:.0f} s")
    return reply


def _connected(host: Path) -> Connection:
    try:
        return Connection(host, seconds=_CONNECT_SECONDS)
    except OSError as error:
        raise HostAbsentError(str(error)) from error


def _send(connection: Connection, request: Perform | Inspect | Unload) -> None:
    try:
        connection.send(frame(request))
    except OSError as error:
        raise HostGoneError(str(error)) from error


def _receive(connection: Connection, seconds: float) -> Reply | None:
    try:
        body = connection.receive(seconds=seconds)
        return None if body is None else REPLIES.validate_json(body)
    except OSError as error:
        raise HostGoneError(str(error)) from error
    except ValidationError as error:
        raise HostRefusedError("it answers what this version does not understand") from error
