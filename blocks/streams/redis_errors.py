"""What the errors of redis-py mean here."""

from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from blocks.streams.server import MissingGroupError, OccupiedError, RefusedError, unreachable
from tasks.errors import InvalidSettingError, TransientError

_AWAY = (RedisConnectionError, RedisTimeoutError)
_PASSING = (BusyLoadingError, OutOfMemoryError, ReadOnlyError, TryAgainError)
_PASSING_CODES = (
    "BUSY ",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "CLUSTERDOWN",
    "OOM",
    "READONLY",
)
_UNBLOCKED = "UNBLOCKED"
_SETTINGS = "CONTRAPONTO_MESSAGE_BUS or CONTRAPONTO_REDIS_URL"


def is_demoted(reply: object) -> bool:
    """Whether a server says that it is none to write to, or no more: whoever asks for it anew may get another."""
    return isinstance(reply, ReadOnlyError) or (
        isinstance(reply, RedisError) and str(reply).startswith(("READONLY", _UNBLOCKED))
    )


def meant(error: RedisError, where: str) -> Exception:
    """The error of the project; `where` names the server."""
    # At connecting, what the server says comes as the cause of another error.
    if isinstance(error.__cause__, RedisError):
        error = error.__cause__
    text = str(error)
    if isinstance(error, AuthenticationError | NoPermissionError) or text.startswith(
        ("NOAUTH", "WRONGPASS", "NOPERM")
    ):
        return InvalidSettingError(
            f"The message bus at {where} does not let us in: {text}",
            hint=f"Correct the user and the password in {_SETTINGS}.",
        )
    if text.startswith(("NOGROUP", _UNBLOCKED)) or "no such key" in text.lower():
        return MissingGroupError(text)
    if text.startswith("WRONGTYPE"):
        return OccupiedError(
            f"Another program keeps something else under a key of the message bus at {where}: {text}",
            hint="Delete or rename that key, or give the bus a database of its own.",
        )
    if isinstance(error, _AWAY):
        return unreachable(where, error)
    if isinstance(error, _PASSING) or text.startswith(_PASSING_CODES):
        return TransientError(
            f"The message bus at {where} takes nothing at the moment: {text.rstrip('.')}.",
            hint="Look at that server: its memory and its disk may be full, or it is the replica of another.",
        )
    if isinstance(error, AskError | MovedError) or "non local key" in text:
        return RefusedError(
            f"The message bus at {where} is a Redis Cluster, which is not served.",
            hint=f"Name a single server, with replicas if you like, in {_SETTINGS}.",
        )
    return RefusedError(f"The message bus at {where} refuses: {text}")


def unusable(error: ValueError) -> InvalidSettingError:
    """The error of an address that is none."""
    return InvalidSettingError(
        f"The address of the message bus cannot be used: {error}.", hint=f"Correct {_SETTINGS}."
    )
