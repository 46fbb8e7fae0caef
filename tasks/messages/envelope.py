"""The envelope of every message, as all systems on the bus write and read it.

A message is a JSON object of four fields; `mensagem_schema.json` beside this module is its JSON Schema, for those who
write in other languages.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from tasks.errors import InvalidInputError
from tasks.messages.plain_json import plain

MOST_CHARACTERS = 200
"""Of a correlation id."""
_MOST_FAULTS = 5
_MOST_SHOWN = 60
"""Characters of a field's name."""


class BadMessageError(InvalidInputError):
    """What stands on the bus is not a message; it becomes a dead letter."""

    code = "bad_message"


class EventType(StrEnum):
    """What a message is for."""

    START_COLLECTION = "iniciar_coleta"
    COLLECTION_RESULT = "resultado_coleta"
    START_EXECUTION = "iniciar_execucao"
    EXECUTION_RESULT = "resultado_execucao"


def _written_out(value: object) -> object:
    if isinstance(value, datetime | str):
        return value
    raise ValueError("must be a time in ISO 8601, such as 2026-11-29T18:30:00Z")


def _in_utc(value: datetime) -> datetime:
    """One without a zone is in UTC, as Python's `utcnow().isoformat()` writes it."""
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is not between the years 1 and 9999 in UTC") from error


def _plain_payload(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {str(plain(name)): plain(each) for name, each in value.items()}


_LETTERS = (
    "0-9A-Za-z_À-ÖØ-öø-\u061b\u061d-\u167f\u1681-\u180a\u1810-\u1fff"
    "\u2c00-\u2dff\u3040-\ud7ff\uf900-\ufdcf\ufe70-\ufefc"
)
"""Of every alphabet, with their accents, by their blocks: what `\\w` means differs between the engines that read the
schema. The gaps hold spaces, and signs that are not seen."""
CorrelationId = Annotated[
    str,
    Field(min_length=1, max_length=MOST_CHARACTERS, pattern=rf"^[{_LETTERS}][{_LETTERS}.:@/+=-]*$"),
]
"""Letters of any alphabet, digits and `_ . : @ / + = -`."""
Timestamp = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_in_utc), Field(strict=False)]


class Envelope(BaseModel):
    """One message."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    correlation_id: CorrelationId
    """The conversation that it belongs to."""
    tipo_evento: Annotated[EventType, Field(strict=False)]
    """What it is for."""
    payload: Annotated[dict[str, JsonValue], AfterValidator(_plain_payload)]
    """What it says; `tasks.messages.contents` has its forms. NaN and Infinity, which are no JSON, are read as null."""
    timestamp: Timestamp
    """When it was written, in ISO 8601."""

    @classmethod
    def now(cls, correlation_id: str, event: EventType, payload: BaseModel) -> Self:
        """A message of this moment, with one of the forms of `tasks.messages.contents`."""
        return cls(
            correlation_id=correlation_id,
            tipo_evento=event,
            payload=payload.model_dump(mode="json"),
            timestamp=datetime.now(UTC),
        )

    def to_json(self) -> bytes:
        """What stands on the bus."""
        return self.model_dump_json().encode()


def read_envelope(raw: bytes, most_bytes: int) -> Envelope:
    """The message that these bytes are.

    Raises BadMessageError: they are too many, no JSON, or a field is missing, unknown or wrong.
    """
    if len(raw) > most_bytes:
        raise BadMessageError(
            f"The message has {len(raw)} bytes; the most are {most_bytes}.",
            hint="Put large data into the media store and send their key, or raise CONTRAPONTO_MESSAGE_MAX_KB.",
        )
    try:
        return Envelope.model_validate_json(raw)
    except ValidationError as error:
        raise BadMessageError(f"This is no message: {faults_of(error)}.") from error


def faults_of(error: ValidationError, within: str = "") -> str:
    """What is wrong and where, in one line: the first faults, and how many there are beside them."""
    said = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join([*([within] if within else []), *map(_part, fault["loc"])]) or "the whole"
        said.append(f"{place}: {fault['msg'].removeprefix('Value error, ')}")
    if len(said) > _MOST_FAULTS:
        said[_MOST_FAULTS:] = [f"{len(said) - _MOST_FAULTS} more"]
    return "; ".join(said)


def _part(name: str | int) -> str:
    """A field's name, or that which stands in its place: anything at all may."""
    shown = str(name)
    if len(shown) > _MOST_SHOWN:
        shown = f"{shown[:_MOST_SHOWN]}…"
    return shown if shown.isprintable() else repr(shown)
