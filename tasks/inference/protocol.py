"""What is said between a run, the model host and the host's children: JSON in frames with their length ahead.

A connection carries one request. To close it is to cancel the request. Audio and other large things stay in files;
messages name their paths.
"""

import asyncio
import struct
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

import tasks.errors
from tasks.errors import ContrapontoError, EngineError, TransientError

VERSION = 1
"""Raised when a message changes in a way that the other side would misunderstand."""

MAX_FRAME = 64 * 1024 * 1024
"""Bytes. The transcript of a day of speech has half of it."""

_LENGTH = struct.Struct("!I")
HEADER_BYTES = _LENGTH.size


class Message(BaseModel):
    """What is sent in a frame; its field `type`, where it has one, says which message it is."""

    model_config = ConfigDict(frozen=True)


# --- What a run asks of the host ----------------------------------------------------------------------------


class Perform(Message):
    """Do a piece of work."""

    type: Literal["perform"] = "perform"
    version: int = VERSION
    id: str
    """Names the request in the logs of both sides."""
    kind: str
    model: str
    body: str
    """The work as JSON. Only the process that does it looks inside."""
    deadline: float
    expected_mb: int
    threads: int
    root: str
    """See `root_directory`: paths mean the same only to those who share it."""
    devices: str | None = None
    """The run's CUDA_VISIBLE_DEVICES: the model is loaded on the GPU that the run was given."""


def root_directory() -> str:
    """What distinguishes the file system that this process sees from that of a container."""
    status = Path("/").stat()
    return f"{status.st_dev}:{status.st_ino}"


class Inspect(Message):
    """Say how you are."""

    type: Literal["inspect"] = "inspect"
    version: int = VERSION


class Unload(Message):
    """End the models that nobody uses at the moment."""

    type: Literal["unload"] = "unload"
    version: int = VERSION


Request = Annotated[Perform | Inspect | Unload, Field(discriminator="type")]


# --- What the host answers ----------------------------------------------------------------------------------


class Alive(Message):
    """Nothing new; the host is there. Sent every few seconds."""

    type: Literal["alive"] = "alive"


class Progressed(Message):
    """How far the work is."""

    type: Literal["progressed"] = "progressed"
    fraction: float


class Done(Message):
    """The work is done."""

    type: Literal["done"] = "done"
    body: str
    """The result as JSON."""


class WireError(Message):
    """One of the product's errors."""

    name: str
    """Its class in `tasks.errors`."""
    message: str
    hint: str = ""
    retry_after: float | None = None

    @classmethod
    def of(cls, error: ContrapontoError) -> "WireError":
        """The error in a form that can be sent."""
        # A class from elsewhere travels as the nearest of those that both sides are sure to have.
        known = next(
            kind for kind in type(error).__mro__ if getattr(tasks.errors, kind.__name__, None) is kind
        )
        return cls(
            name=known.__name__,
            message=error.message,
            hint=error.hint,
            retry_after=getattr(error, "retry_after", None),
        )

    def rebuild(self) -> ContrapontoError:
        """The error, to be raised."""
        kind: type[ContrapontoError] = getattr(tasks.errors, self.name, EngineError)
        error = kind(self.message, hint=self.hint)
        if isinstance(error, TransientError):
            error.retry_after = self.retry_after
        return error


class Failed(Message):
    """The work was not done."""

    type: Literal["failed"] = "failed"
    cause: Literal["work", "died", "busy", "refused", "fault"]
    """The work raised an error; the model's process died; too many wait; the host cannot serve such a request; the
    work raised something that is not an error of the product (`error` holds its traceback)."""
    error: WireError


class ModelStatus(Message):
    """A model that the host knows."""

    model: str
    kind: str
    pid: int
    memory_mb: float
    busy: bool
    waiting: int
    """Requests in its queue, without the one that is being worked on."""
    served: int
    errors: int
    loading_seconds: float | None
    """What loading took; None while it goes on."""
    idle_seconds: float


class HostStatus(Message):
    """How a model host is."""

    version: int = VERSION
    pid: int
    fingerprint: str
    """Of the code that it runs; another one means that it should be restarted."""
    uptime_seconds: float
    memory_mb: float
    """Of the host itself."""
    budget_mb: int
    models: tuple[ModelStatus, ...]
    """Those that are loaded."""
    waiting: int
    """Requests in all queues."""
    served: int
    errors: int
    """How often work ended with an error; what ran out of memory and was done once more counts, too."""
    cancelled: int
    crashes: int
    """Processes of models that died."""
    refused: int
    """Requests that found their queue full."""
    evictions: int


class Status(Message):
    """How the host is: the answer to `Inspect`."""

    type: Literal["status"] = "status"
    host: HostStatus


class Unloaded(Message):
    """How many models were ended: the answer to `Unload`."""

    type: Literal["unloaded"] = "unloaded"
    count: int


Reply = Annotated[
    Alive | Progressed | Done | Failed | Status | Unloaded,
    Field(discriminator="type"),
]


# --- Between the host and a model's process -----------------------------------------------------------------


class Assign(Message):
    """Do this."""

    type: Literal["assign"] = "assign"
    id: str
    target: str
    """See `tasks.inference.kinds`."""
    body: str


class Cancel(Message):
    """Stop what you do."""

    type: Literal["cancel"] = "cancel"
    id: str


Order = Annotated[Assign | Cancel, Field(discriminator="type")]


class Loaded(Message):
    """The model is loaded, or was already."""

    type: Literal["loaded"] = "loaded"
    seconds: float


Report = Annotated[Loaded | Progressed | Done | Failed, Field(discriminator="type")]

REQUESTS: TypeAdapter[Request] = TypeAdapter(Request)
REPLIES: TypeAdapter[Reply] = TypeAdapter(Reply)
ORDERS: TypeAdapter[Order] = TypeAdapter(Order)
REPORTS: TypeAdapter[Report] = TypeAdapter(Report)


# --- Frames -------------------------------------------------------------------------------------------------


def frame(message: Message) -> bytes:
    """The message as it goes over a socket."""
    body = message.model_dump_json().encode()
    return _LENGTH.pack(len(body)) + body


def body_length(header: bytes) -> int:
    """How many bytes follow a frame's header. Raises ValueError."""
    (length,) = _LENGTH.unpack(header)
    if not 0 < length <= MAX_FRAME:
        raise ValueError(f"a frame of {length} bytes")
    return int(length)


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next message's JSON; None when the other side has closed. Raises ValueError."""
    try:
        return await reader.readexactly(body_length(await reader.readexactly(HEADER_BYTES)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
