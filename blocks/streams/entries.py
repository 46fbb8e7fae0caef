"""What stands in the entries of streams.

A message that others publish has the one field `mensagem`. Ours may have `chave` (its key) and `anuncio` beside it;
in conversations `fato`, `fluxo`, `chave` and `nota` say what has happened to a message. In a group's own stream the one
field `de_novo` holds a message with what is known of it.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from blocks.message_bus import DeadLetter, Entry, Fact
from blocks.streams.server import Delivery, Raw, order
from tasks.messages.envelope import BadMessageError, Envelope, read_envelope

MESSAGE, KEY, AGAIN, ANNOUNCEMENT = b"mensagem", b"chave", b"de_novo", b"anuncio"
_CORRELATION = re.compile(r"\w[\w.:@/+=-]{0,199}")


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
        head, _, raw = fields[AGAIN].partition(b"\n")
        first_id, key, attempts = json.loads(head)
        return Taken(delivery.source, entry_id, raw, first_id, key, attempts + delivery.times, deaths)
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


def again(first_id: str, key: str | None, attempts: int, raw: bytes) -> bytes:
    """What stands in a group's own stream."""
    return json.dumps([first_id, key, attempts]).encode() + b"\n" + raw


def id_of_again(member: bytes) -> str:
    """The id that the message was published with."""
    return str(json.loads(member.partition(b"\n")[0])[0])


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
    found = content.get("correlation_id") if isinstance(content, dict) else None
    return found if isinstance(found, str) and _CORRELATION.fullmatch(found) else None


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
        attempts=int(fields.get(b"tentativas", b"0")),
        correlation_id=_text(fields.get(b"correlacao")) or None,
    )


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode(errors="replace")
