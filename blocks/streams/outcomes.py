"""What a consumer says of a message that it has, as calls of the server's scripts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from blocks.message_bus import ConsumerOptions, Outgoing
from blocks.streams import names
from blocks.streams.entries import Again, Taken, correlation_of
from blocks.streams.scripts import BEGIN, DEAD, DONE, RETRY, Call
from tasks.errors import ContrapontoError, InvalidInputError
from tasks.messages.contents import conversation_stream
from tasks.messages.envelope import Envelope

_MOST_CHARACTERS = 2_000
"""Of a note or a reason."""
_SHORT_SECONDS = 3_600.0
"""So long it is known of a message without a key that it was handled: until the last that might still have it has
noticed."""


@dataclass(frozen=True)
class Outcomes:
    """Makes the calls, for the settings of a bus."""

    max_bytes: int
    most_waiting: int
    retention_seconds: float
    make_room: Callable[[str], Awaitable[None]]
    """Sweeps a stream."""
    stream: str
    group: str

    def begin(self, one: Taken, envelope: Envelope, options: ConsumerOptions, consumer: str) -> Call:
        """A consumer starts with it."""
        return Call(BEGIN, self._of(one, envelope, options, consumer))

    def done(
        self,
        one: Taken,
        envelope: Envelope,
        answers: Sequence[Outgoing],
        options: ConsumerOptions,
        consumer: str,
    ) -> Call:
        """It was handled, and is answered so."""
        known = self.retention_seconds if one.key else max(_SHORT_SECONDS, 10 * options.claim_seconds)
        return Call(
            DONE,
            (
                *self._of(one, envelope, options, consumer),
                seconds(known),
                self.most_waiting,
                *arguments(answers, self.max_bytes),
            ),
        )

    def retry(
        self, one: Taken, envelope: Envelope, error: BaseException, due: float, options: ConsumerOptions
    ) -> Call:
        """It failed, and is tried again at a time in seconds since 1970."""
        return Call(
            RETRY,
            (
                *self._of(one, envelope, options, described(error)),
                names.later(self.stream, self.group),
                f"{due:.3f}",
                Again(one.id, one.key, one.attempt, one.raw or b"").written(),
            ),
        )

    def dead(
        self, one: Taken, envelope: Envelope | None, error: BaseException, options: ConsumerOptions
    ) -> Call:
        """It cannot be handled."""
        reason = described(error)
        correlation = envelope.correlation_id if envelope else correlation_of(one.raw) or ""
        return Call(
            DEAD,
            (
                *self._of(one, envelope, options, reason, correlation),
                names.dead(self.stream, self.group),
                self.most_waiting,
                one.raw or b"",
                reason,
                one.attempt,
                correlation,
                one.id,
            ),
        )

    def _of(
        self,
        one: Taken,
        envelope: Envelope | None,
        options: ConsumerOptions,
        note: str,
        correlation: str = "",
    ) -> tuple[str | bytes | int, ...]:
        correlation = envelope.correlation_id if envelope else correlation
        key = one.key or one.id
        return (
            names.done(self.stream, self.group, key),
            one.source,
            self.group,
            one.entry_id,
            int(one.source != self.stream),
            conversation_stream(correlation) if options.journal and correlation else "",
            seconds(self.retention_seconds),
            self.stream,
            key,
            note,
        )


def arguments(messages: Sequence[Outgoing], max_bytes: int) -> tuple[str | bytes | int, ...]:
    """Messages to be published, as the scripts take them.

    Raises InvalidInputError for one that is too large.
    """
    found: list[str | bytes | int] = []
    for message in messages:
        raw = message.envelope.to_json()
        if len(raw) > max_bytes:
            raise InvalidInputError(
                f"The message for {message.stream} has {len(raw)} bytes; the most are {max_bytes}.",
                hint="Put large data into the media store and send their key, or raise CONTRAPONTO_MESSAGE_MAX_KB.",
            )
        conversation = conversation_stream(message.envelope.correlation_id)
        kind = "c" if message.stream.startswith(names.CONVERSATION) else "a" if message.announcement else "s"
        found += (
            message.stream,
            kind,
            names.sent(message.stream, message.key) if message.key else "",
            message.key or "",
            "" if message.stream == conversation else conversation,
            raw,
        )
    return tuple(found)


def described(error: BaseException) -> str:
    """One sentence for a person."""
    text = str(error) if isinstance(error, ContrapontoError) else f"{type(error).__name__}: {error}"
    return text[:_MOST_CHARACTERS]


def seconds(value: float) -> int:
    """As EX takes it."""
    return max(1, int(value))
