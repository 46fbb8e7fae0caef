"""What stands in the entries of streams.

A message that others publish has the one field `mensagem`. Ours may have `chave` (its key) and `anuncio` beside it;
in conversations `fato`, `fluxo`, `chave` and `nota` say what has happened to a message. In a group's own stream the one
field `de_novo` holds a message with what is known of it.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from blocks.message_bus import DeadLetter, Entry, Fact
from blocks.streams.server import Delivery, Raw, order
from tasks.messages.envelope import BadMessageError, CorrelationId, Envelope, read_envelope

MESSAGE, KEY, AGAIN, ANNOUNCEMENT = b"mensagem", b"chave", b"de_novo", b"anuncio"
_CORRELATION: TypeAdapter[str] = TypeAdapter(CorrelationId)
_ENTRY_ID = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
_MOST_ATTEMPTS = 10**9


@dataclass(frozen=True)
class Again:
    """A message that is to be handled once more, as it stands in a group's own stream."""

    first_id: str
    """Of the entry that it was published with."""
    key: str | None
    attempts: int
    """That are behind it."""
    raw: bytes

    def written(self) -> bytes:
        """As it stands there."""
        return json.dumps([self.first_id, self.key, self.attempts]).encode() + b"\n" + self.raw


@dataclass(frozen=True)
class Taken:
    """A message as a consumer has it, before anybody has read what it says."""

    source: str
    entry_id: str
    raw: bytes | None
    """None: the entry holds no message."""
    id: str
    """Of the entry that it was published with."""
    key: str | None
    attempt: int
    deaths: int
    """Consumers that had it and are no more, since it was last put somewhere."""


def taken(delivery: Delivery, fallback: str) -> Taken:
    """What was delivered; `fallback` names the group's own stream."""
    fields, entry_id = delivery.entry.fields, delivery.entry.id
    deaths = delivery.times - 1
    if delivery.source == fallback and AGAIN in fields:
        known = read_again(fields[AGAIN])
        if known is None:
            # No bus has written this: it goes to the dead letters as it is.
            return Taken(delivery.source, entry_id, fields[AGAIN], entry_id, None, delivery.times, deaths)
        attempt = known.attempts + delivery.times
        return Taken(delivery.source, entry_id, known.raw, known.first_id, known.key, attempt, deaths)
    key = fields.get(KEY)
    return Taken(
        delivery.source,
        entry_id,
        fields.get(MESSAGE),
        entry_id,
        key.decode(errors="replace") if key else None,
        delivery.times,
        deaths,
    )


def read_again(member: bytes) -> Again | None:
    """What `Again.written` gave; None of anything else."""
    head, _, raw = member.partition(b"\n")
    try:
        match json.loads(head):
            case [str(first_id), str() | None as key, int(attempts)] if (
                is_entry_id(first_id) and 0 <= attempts < _MOST_ATTEMPTS
            ):
                (key or "").encode()  # half a character is none
                return Again(first_id, key, attempts, raw)
    except (ValueError, RecursionError):
        pass
    return None


def is_entry_id(text: str) -> bool:
    """Whether a server may have given an entry this id."""
    return _ENTRY_ID.fullmatch(text) is not None


def envelope_of(raw: bytes | None, most_bytes: int) -> Envelope:
    """Raises BadMessageError."""
    if raw is None:
        raise BadMessageError(
            'The entry has no field "mensagem".', hint="Write it so: XADD STREAM * mensagem '{…}'"
        )
    return read_envelope(raw, most_bytes)


def correlation_of(raw: bytes | None) -> str | None:
    """The correlation id of something that is no message, if it can be read."""
    try:
        content = json.loads(raw or b"")
    except (ValueError, RecursionError):
        return None
    return _correlation(content.get("correlation_id")) if isinstance(content, dict) else None


def _correlation(found: object) -> str | None:
    try:
        return _CORRELATION.validate_python(found)
    except ValidationError:
        return None


def moment(entry_id: str) -> datetime:
    """When an entry was written, by the clock of its server."""
    try:
        return datetime.fromtimestamp(order(entry_id)[0] / 1000, UTC)
    except (ValueError, OverflowError, OSError):  # somebody has given it an id of his own
        return datetime.fromtimestamp(0, UTC)


def conversation_entry(stream: str, raw: Raw, most_bytes: int) -> Entry:
    """One entry of a conversation."""
    fields = raw.fields
    message = fields.get(MESSAGE)
    key = _text(fields.get(KEY)) or raw.id
    about = _text(fields.get(b"fluxo")) or stream
    note = _text(fields.get(b"nota"))
    try:
        fact = Fact(_text(fields.get(b"fato")) or Fact.PUBLISHED)
    except ValueError:
        return Entry(raw.id, moment(raw.id), Fact.DEAD, about, key, note="This fact is not known.")
    if message is None and fact is Fact.PUBLISHED and b"fato" in fields:
        return Entry(raw.id, moment(raw.id), fact, about, key, note=note)
    if message is None and fact is not Fact.PUBLISHED:
        return Entry(raw.id, moment(raw.id), fact, about, key, note=note)
    try:
        envelope = envelope_of(message, most_bytes)
    except BadMessageError as error:
        return Entry(raw.id, moment(raw.id), Fact.DEAD, about, key, note=str(error))
    return Entry(raw.id, moment(raw.id), fact, about, key, envelope, note)


def dead_letter(stream: str, group: str, raw: Raw) -> DeadLetter:
    """One of a group's dead letters."""
    fields = raw.fields
    return DeadLetter(
        id=raw.id,
        stream=stream,
        group=group,
        raw=fields.get(MESSAGE, b""),
        reason=_text(fields.get(b"motivo")),
        at=moment(raw.id),
        attempts=_count(fields.get(b"tentativas", b"")),
        correlation_id=_correlation(_text(fields.get(b"correlacao"))),
    )


def put_back(raw: Raw) -> Again:
    """A dead letter as it goes back to its group."""
    first_id, key = _text(raw.fields.get(b"id")), _text(raw.fields.get(KEY))
    if not is_entry_id(first_id):
        first_id = raw.id
    own = key in ("", first_id)
    return Again(first_id, None if own else key, 0, raw.fields.get(MESSAGE, b""))


def _count(digits: bytes) -> int:
    """A number of attempts; 0 of what is none."""
    return int(digits) if re.fullmatch(rb"[0-9]{1,9}", digits) else 0


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode(errors="replace")
