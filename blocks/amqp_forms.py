"""How messages stand on RabbitMQ: the names of exchanges and queues, the headers, what they become here.

The body is the JSON of the envelope, as foreign programs write it; all else is in headers, which they may leave out.
"""

import hashlib
import re
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aiormq import spec
from aiormq.abc import DeliveredMessage
from pamqp.common import FieldTable

from blocks.message_bus import Entry, Fact
from tasks.messages.contents import conversation_stream
from tasks.messages.envelope import BadMessageError, read_envelope

MAIN = "contraponto"
"""The exchange that all messages go to; the routing key is the name of the stream."""
INBOX = "contraponto.entrada"
"""Exchange and queue of what foreign programs wrote and nothing is bound for: new streams, conversations."""
WITHOUT_GROUP = "contraponto.sem-grupo"
"""Exchange of messages whose stream nobody has read yet; they wait in a queue named like the stream."""
STREAMS = "contraponto.filas"
"""The log of streams and their groups: AMQP has no list of them."""
ASK = "contraponto.quem"
"""Exchange where consumers are asked what they have in hand."""
DEAD_LOCK = "contraponto.mortas.tranca"
"""A queue that only one connection can have: who has it may look through the dead letters."""
PARTITIONS = tuple(f"contraponto.conversas.{number:02}" for number in range(16))
"""The logs that the conversations are spread over; never to be changed where messages are."""
_LONGEST_NAME = 255
_RESERVED = re.compile(rf"(?:{MAIN}(?:$|\.)|amq\.)")
"""How the names of our own exchanges and queues begin, and those of RabbitMQ."""
_LATEST = 253_402_300_799
"""The last second of the year 9999."""
_PREFIX = conversation_stream("")


def group_queue(stream: str, group: str) -> str:
    """The queue in which a group's messages of a stream wait."""
    return f"{stream}.{group}"


def suspect_queue(stream: str, group: str) -> str:
    """The queue of a group's messages that may have killed their consumers."""
    return f"{stream}.{group}.suspeitas"


def dead_queue(stream: str, group: str) -> str:
    """The queue of a group's dead letters of a stream."""
    return f"{stream}.{group}.mortas"


def delay_queue(seconds: float) -> str:
    """Exchange and queue in which what is tried again waits so long."""
    return f"contraponto.depois.{round(seconds * 1000)}"


def partition(correlation_id: str) -> str:
    """The log that a conversation stands in."""
    number = int.from_bytes(hashlib.blake2b(correlation_id.encode(), digest_size=2).digest())
    return PARTITIONS[number % len(PARTITIONS)]


def conversation_of(stream: str) -> str | None:
    """The correlation id of a conversation's stream; None for any other."""
    return stream.removeprefix(_PREFIX) if stream.startswith(_PREFIX) else None


def is_stream_name(stream: str, group: str = "") -> bool:
    """Whether a stream may be called so, and RabbitMQ takes the names of all that the group needs for it."""
    longest = len(suspect_queue(stream, group).encode())
    return stream != "" and longest <= _LONGEST_NAME and _RESERVED.match(stream) is None


def new_id() -> str:
    """Identifiers in the order in which they were made, as far as the clocks agree."""
    return f"{time.time_ns() // 1_000_000:013}-{uuid.uuid4().hex[:16]}"


@dataclass(frozen=True)
class Headers:
    """What stands beside the body."""

    stream: str
    id: str
    """Of the message; a repeat by reason of a lost answer has the same."""
    key: str
    conversation: str | None = None
    at: float = 0
    """Seconds since 1970."""
    attempts: int = 0
    """That failed before it was published again."""
    fact: Fact | None = None
    """In conversations: what happened to the message; None: it is the message."""
    note: str = ""
    reason: str = ""
    """Of dead letters."""
    group: str = ""
    """Of dead letters, and of what happened to a message."""
    withdrawn: bool = False
    """In conversations: the message of this id did not fit into a full queue."""

    def properties(
        self, *, also_to: str | None = None, expires_seconds: float | None = None
    ) -> spec.Basic.Properties:
        """With `also_to` RabbitMQ puts the message at the same time into that queue, too."""
        table: FieldTable = {
            "fluxo": self.stream,
            "id": self.id,
            "chave": self.key,
            "conversa": self.conversation,
            "em": round(self.at * 1000),
            "tentativas": self.attempts,
            "fato": None if self.fact is None else self.fact.value,
            "nota": self.note or None,
            "motivo": self.reason or None,
            "grupo": self.group or None,
            "retirada": True if self.withdrawn else None,
            "CC": None if also_to is None else [also_to],
        }
        return spec.Basic.Properties(
            content_type="application/json",
            delivery_mode=2,
            message_id=self.id,
            expiration=None if expires_seconds is None else str(max(1, round(1000 * expires_seconds))),
            headers={name: value for name, value in table.items() if value is not None},
        )

    def again(self, **changes: object) -> "Headers":
        """The same with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]


def read_headers(message: DeliveredMessage, stream: str) -> Headers:
    """Those of a delivered message. A foreign one is told by its message id, else by its content.

    Whoever puts a message elsewhere gives it these and not what it came with: RabbitMQ refuses the user id of another,
    sends copies to who stands in `CC`, and counts on from `x-delivery-count`.
    """
    table = message.header.properties.headers or {}
    properties = message.header.properties
    own_id = _text(table, "id") or properties.message_id or hashlib.sha256(message.body).hexdigest()
    at = table.get("em")
    fact = _text(table, "fato")
    attempts = table.get("tentativas")
    return Headers(
        stream=_text(table, "fluxo") or stream,
        id=own_id,
        key=_text(table, "chave") or own_id,
        conversation=_text(table, "conversa") or None,
        at=at / 1000 if isinstance(at, int) and 0 <= at / 1000 <= _LATEST else _written(properties.timestamp),
        attempts=max(0, attempts) if isinstance(attempts, int) else 0,
        fact=Fact(fact) if fact in {each.value for each in Fact} else None,
        note=_text(table, "nota"),
        reason=_text(table, "motivo"),
        group=_text(table, "grupo"),
        withdrawn=table.get("retirada") is True,
    )


def deaths(message: DeliveredMessage) -> int:
    """How many consumers had it and did not end with it: died, or were stopped."""
    count = (message.header.properties.headers or {}).get("x-delivery-count")
    return count if isinstance(count, int) else 0


def offset_of(message: DeliveredMessage) -> int:
    """Where it stands in its log."""
    offset = (message.header.properties.headers or {}).get("x-stream-offset")
    return offset if isinstance(offset, int) else -1


def entry(offset: int, headers: Headers, body: bytes, most_bytes: int) -> Entry:
    """What a record of a conversation's log tells."""
    at = datetime.fromtimestamp(headers.at, UTC)
    said = Entry(
        f"{offset:016}", at, headers.fact or Fact.PUBLISHED, headers.stream, headers.key, None, headers.note
    )
    if headers.fact is not None:
        return said
    try:
        return replace(said, envelope=read_envelope(body, most_bytes))
    except BadMessageError as error:
        return replace(said, fact=Fact.DEAD, note=error.message)


def _text(table: FieldTable, name: str) -> str:
    value = table.get(name)
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode(errors="replace")
    return value if isinstance(value, str) else ""


def _written(timestamp: datetime | None) -> float:
    return time.time() if timestamp is None else timestamp.timestamp()
