"""What the bus needs of a server of streams: these commands, and the scripts."""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from blocks.streams.scripts import Call
from tasks.errors import ContrapontoError, InvalidSettingError, TransientError

Fields: TypeAlias = dict[bytes, bytes]
Reply: TypeAlias = list[object] | ContrapontoError
"""What a script gives, or why it could not run."""


NOBODY = "ninguem"
"""The consumer that has what was given back."""


class MissingGroupError(Exception):
    """The stream or the group is not there, or no more."""


class RefusedError(InvalidSettingError):
    """The server does not do what it is asked for; it would not a little later either."""

    code = "invalid_setting"


class OccupiedError(RefusedError):
    """Another program keeps something else under the name of a stream; it works again once that is gone."""


@dataclass(frozen=True)
class Raw:
    """An entry of a stream."""

    id: str
    fields: Fields


@dataclass(frozen=True)
class Delivery:
    """An entry that a consumer was given."""

    source: str
    """The stream that it is in."""
    entry: Raw
    times: int = 1
    """How often it was given to one; the first time counts."""


@dataclass(frozen=True)
class GroupState:
    """How far a group is."""

    name: str
    last_delivered: str
    pending: int
    waiting: int


@dataclass(frozen=True)
class ConsumerState:
    """What is known of a consumer."""

    name: str
    pending: int
    idle_seconds: float


def order(entry_id: str) -> tuple[int, int]:
    """What ids are sorted by."""
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number or 0)


def after(entry_id: str) -> str:
    """The lowest id above this one."""
    milliseconds, number = order(entry_id)
    return f"{milliseconds}-{number + 1}"


class StreamServer(abc.ABC):
    """A server of streams.

    Methods raise TransientError when it cannot be reached, MissingGroupError where a group is asked for that is not
    there, and RefusedError for what it never does.
    """

    @abc.abstractmethod
    async def run(self, calls: Sequence[Call]) -> list[Reply]:
        """Runs scripts, one after the other, and gives their answers; one that fails does not stop the others."""

    @abc.abstractmethod
    async def read_group(
        self, group: str, consumer: str, streams: Sequence[str], count: int, block: float
    ) -> list[Delivery]:
        """Takes up to `count` new entries from each stream; waits `block` seconds for the first."""

    @abc.abstractmethod
    async def read(self, positions: Mapping[str, str], count: int, block: float) -> dict[str, list[Raw]]:
        """Entries behind positions, up to `count` of each stream; waits `block` seconds for the first."""

    @abc.abstractmethod
    async def make_group(self, stream: str, group: str) -> None:
        """Makes the group, from the start of the stream, and the stream, unless they are there."""

    @abc.abstractmethod
    async def claim(self, stream: str, group: str, consumer: str, idle: float, count: int) -> list[Delivery]:
        """Takes up to `count` entries that their consumers have not shown anything of for `idle` seconds."""

    @abc.abstractmethod
    async def renew(self, stream: str, group: str, consumer: str, ids: Sequence[str]) -> None:
        """Says that the consumer still works on these; those that others have taken stay theirs."""

    @abc.abstractmethod
    async def give_back(self, stream: str, group: str, consumer: str, ids: Sequence[str]) -> None:
        """Lets others take at once what the consumer was given, as if it had not been."""

    @abc.abstractmethod
    async def leave(self, stream: str, group: str, consumer: str) -> None:
        """Gives back all that the consumer has, and removes it."""

    @abc.abstractmethod
    async def forget(self, stream: str, group: str, idle: float) -> None:
        """Removes consumers that have nothing and have not shown themselves for `idle` seconds."""

    @abc.abstractmethod
    async def sweep(self, stream: str) -> None:
        """Deletes what all groups of the stream are done with, and nothing where there is no group."""

    @abc.abstractmethod
    async def range(self, stream: str, first: str = "-", count: int = 500) -> list[Raw]:
        """Entries in their order."""

    @abc.abstractmethod
    async def newest(self, stream: str, count: int) -> list[Raw]:
        """The last entries, newest first."""

    @abc.abstractmethod
    async def delete(self, stream: str, ids: Sequence[str]) -> int:
        """Deletes entries; gives how many were there."""

    @abc.abstractmethod
    async def groups(self, stream: str) -> list[GroupState]:
        """The groups of a stream; none if it is not there."""

    @abc.abstractmethod
    async def first_pending(self, stream: str, group: str) -> str | None:
        """Id of the oldest entry that a group has taken and not acknowledged."""

    @abc.abstractmethod
    async def consumers(self, stream: str, group: str) -> list[ConsumerState]:
        """The consumers of a group; none if it is not there."""

    @abc.abstractmethod
    async def length(self, stream: str) -> int:
        """Number of entries; 0 if it is not there."""

    @abc.abstractmethod
    async def waiting(self, later: str) -> tuple[int, bytes | None]:
        """Size of a sorted set, and its first member."""

    @abc.abstractmethod
    async def members(self, key: str) -> set[str]:
        """A set."""

    @abc.abstractmethod
    async def add_member(self, key: str, member: str) -> None:
        """Adds to a set."""

    @abc.abstractmethod
    async def remove_member(self, key: str, member: str) -> None:
        """Removes from a set."""

    @abc.abstractmethod
    async def kind(self, key: str) -> str | None:
        """What is there: "stream", or another word for what has the name; None: nothing."""

    @abc.abstractmethod
    async def add(self, stream: str, fields: Mapping[str, str], seconds: float) -> None:
        """Adds an entry to a stream that goes away after so many seconds."""

    @abc.abstractmethod
    async def expire(self, key: str, seconds: float) -> None:
        """Lets a key go away after so many seconds."""

    @abc.abstractmethod
    async def expire_strays(self, prefix: str, seconds: float) -> None:
        """Lets keys of this beginning go away after so many seconds that would stay for ever: others make such."""

    @abc.abstractmethod
    async def ping(self) -> None:
        """Asks for any answer."""

    async def eviction(self) -> str | None:
        """How the server throws keys away when its memory is full; None: it does not, or says nothing of it."""
        return None

    @abc.abstractmethod
    async def aclose(self) -> None:
        """Lets go of connections."""


def unreachable(where: str, error: BaseException) -> TransientError:
    """The error of a server that does not answer."""
    return TransientError(
        f"The message bus at {where} does not answer: {str(error).rstrip('.') or type(error).__name__}.",
        hint="Check that the server runs and that CONTRAPONTO_MESSAGE_BUS or CONTRAPONTO_REDIS_URL names it.",
    )
