"""Where messages go and come from: one interface on Redis Streams, RabbitMQ, and the memory of one process.

A message lies in a stream until a group of consumers has handled it: one of them takes it and keeps it as long as it
works on it; when it dies another takes it. What its handler answers is published in the same moment in which the
message is done, so that a repeat has no second effect. What cannot be handled ends as a dead letter, from where it may
be replayed. All that is said in a conversation (one correlation id) can be read again from its start.
"""

import abc
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from prefect.blocks.core import Block
from pydantic import Field

from tasks.errors import TransientError
from tasks.messages.envelope import Envelope

GROUP = "contraponto"
"""The consumers of the project."""


class FullStreamError(TransientError):
    """So many messages wait that no more are taken; nothing was published."""

    code = "full_stream"


@dataclass(frozen=True)
class Outgoing:
    """A message to be published."""

    stream: str
    envelope: Envelope
    key: str | None = None
    """What tells a repeat: a second message of the same key in the same stream is not published. None: none is one."""
    announcement: bool = False
    """Whether it may be trimmed away unread where nobody has ever read the stream."""


@dataclass(frozen=True)
class Message:
    """A message that a consumer has taken."""

    id: str
    """The bus's own, in the order of its stream."""
    stream: str
    envelope: Envelope
    key: str
    """What tells a repeat of it: that of `Outgoing`, else `id`."""
    attempt: int
    """The first is 1; those of consumers that died count."""


Handler = Callable[[Message], Awaitable[Sequence[Outgoing]]]
"""Does what a message asks for and gives the messages that answer it.

Permanent errors of `tasks.errors` make a dead letter of the message at once, others only after `max_attempts`.
"""


class Fact(StrEnum):
    """What a conversation's stream tells of a message."""

    PUBLISHED = "publicada"
    TAKEN = "em_execucao"
    """A consumer has begun with it."""
    DONE = "concluida"
    FAILED = "erro"
    """An attempt; it is tried again."""
    DEAD = "morta"


@dataclass(frozen=True)
class Entry:
    """One thing that has happened in a conversation."""

    id: str
    """In the order of the conversation."""
    at: datetime
    fact: Fact
    stream: str
    """That of the message."""
    key: str
    """That of the message."""
    envelope: Envelope | None = None
    """Where it was published."""
    note: str = ""
    """Who took it, what went wrong."""


@dataclass(frozen=True)
class DeadLetter:
    """A message that could not be handled, or is none."""

    id: str
    stream: str
    """Where it was published."""
    group: str
    raw: bytes
    """As it stood there."""
    reason: str
    at: datetime
    attempts: int
    correlation_id: str | None = None
    """As far as it can be read."""


@dataclass(frozen=True)
class Backlog:
    """How a stream stands with a group."""

    stream: str
    group: str
    waiting: int
    """Not yet taken."""
    pending: int
    """Taken and not yet done."""
    dead: int
    consumers: int
    """That have shown themselves within the claim time."""
    oldest_seconds: float | None = None
    """Age of the oldest that is not done; None: all are."""


@dataclass(frozen=True)
class ConsumerOptions:
    """How a consumer works."""

    group: str = GROUP
    at_once: int = 16
    """Messages of which the handlers run at the same time."""
    claim_seconds: float = 30
    """Silence after which the others of the group take what a consumer had; it renews as long as a handler works."""
    max_attempts: int = 5
    retry_seconds: float = 1
    """Before the second attempt; each further pause is twice as long."""
    longest_retry_seconds: float = 300
    journal: bool = True
    """Whether the conversation's stream tells when a message is taken, done, failed."""


class MessageBus(Block, abc.ABC):
    """Carries messages.

    Methods raise TransientError when the bus cannot be reached and InvalidSettingError when it is set up wrong;
    `consume` and `conversation` wait for it to come back instead.
    """

    max_bytes: int = Field(256 * 1024, description="Largest message, in bytes.")
    most_waiting: int = Field(10_000, description="Messages of a stream that wait; more than that have to.")
    retention_seconds: float = Field(
        604_800, description="How long conversations and keys of messages are kept."
    )

    @abc.abstractmethod
    async def publish(self, messages: Sequence[Outgoing], *, patience: float = 30) -> None:
        """Puts messages on their streams, and into their conversations' streams.

        Waits `patience` seconds at most for a full stream; raises FullStreamError then. Raises InvalidInputError for
        one that is too large. A stream `conversa_…` is written once, not twice.
        """

    @abc.abstractmethod
    async def consume(
        self, stream: str, handler: Handler, options: ConsumerOptions, stop: asyncio.Event
    ) -> None:
        """Handles the messages of a stream until `stop` is set, and lets those under way end then.

        Streams and groups that are missing are made, also again. What is not a message becomes a dead letter. Returns
        after the last handler; if it is cancelled, what it had is taken up by others after `claim_seconds`.
        """

    @abc.abstractmethod
    def conversation(self, correlation_id: str) -> AsyncIterator[Entry]:
        """What has been said in a conversation, from its start, and then what is said: it never ends by itself.

        Any number may be read at once; they share the connections of the bus. Entries that are no messages come with
        the fact DEAD.
        """

    @abc.abstractmethod
    async def story(self, correlation_id: str) -> list[Entry]:
        """What has been said in a conversation so far; empty if nothing is known of it."""

    @abc.abstractmethod
    async def streams(self) -> list[str]:
        """The streams that messages wait in or are read from, without those of conversations."""

    @abc.abstractmethod
    async def backlog(self, stream: str) -> list[Backlog]:
        """How a stream stands, for each group that reads it; one with the group `` if none does."""

    @abc.abstractmethod
    async def dead_letters(self, stream: str | None = None, *, most: int = 1000) -> list[DeadLetter]:
        """The dead letters of a stream, or of all, newest first."""

    @abc.abstractmethod
    async def replay(self, letters: Sequence[DeadLetter]) -> int:
        """Puts dead letters back on their streams with no attempts behind them; gives how many were still there."""

    @abc.abstractmethod
    async def discard(self, letters: Sequence[DeadLetter]) -> int:
        """Removes dead letters; gives how many were still there."""

    @abc.abstractmethod
    async def ping(self) -> None:
        """Raises TransientError if the bus does not answer within some seconds."""

    async def dangers(self) -> list[str]:
        """What of its server's settings may lose messages, in sentences."""
        return []

    @abc.abstractmethod
    async def aclose(self) -> None:
        """Lets go of its connections."""
