"""Where records lie that jobs take up by their status: one interface on SQLite, PostgreSQL and Directus.

A record is waiting, is claimed by one worker for a time that the worker renews, and ends done or failed together with
what was made of it. A worker that dies loses its claim when the time is over. Each claim has a turn, by which the
store tells a late writer from the present owner.
"""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

from prefect.blocks.core import Block
from pydantic import JsonValue

from tasks.errors import ContrapontoError, InvalidInputError

WAITING = "processar"
WORKING = "em_processamento"
DONE = "concluido"
FAILED = "erro"
"""Values of `status`, as callers have them."""
MOST_TRIES = 3
"""A record whose workers died so often, one after the other, has failed."""
INTERRUPTED = (
    f"O processamento foi interrompido {MOST_TRIES} vezes. "
    "Verifique o arquivo e coloque o registro em processar de novo."
)

_NAMESPACE = UUID("6a1f4c1e-5d0b-4f0e-9d43-0f6a5ad0a3f2")

RecordId = str | int


class LostClaimError(ContrapontoError):
    """The record belongs to another worker by now, or to nobody: what was made of it is not written."""

    code = "lost_claim"


class UnknownRecordError(InvalidInputError):
    """There is no such record in the store."""

    code = "unknown_record"

    def __init__(self, message: str, *, hint: str = "", record: str = "", collection: str = "") -> None:
        super().__init__(message, hint=hint)
        self.record = record
        self.collection = collection


@dataclass(frozen=True)
class Collection:
    """A kind of record: a table, or a collection of Directus. Each has an `id` beside its fields."""

    name: str
    texts: tuple[str, ...] = ()
    """Fields that hold a text or the id of another record."""
    numbers: tuple[str, ...] = ()
    """Fields that hold a whole number."""
    lists: tuple[str, ...] = ()
    """Fields that hold a list, of texts or of ids."""
    note: str | None = None
    """The field that says why a record has failed. None: records of this kind are not taken up by their status."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All of them but `id`."""
        return (*self.texts, *self.numbers, *self.lists)


@dataclass(frozen=True)
class Record:
    """A record as the store has it."""

    collection: Collection
    id: RecordId
    values: Mapping[str, JsonValue]
    """By field."""

    def text(self, field: str) -> str:
        """The value of a field as text; empty if it has none."""
        value = self.values.get(field)
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Claim:
    """A record that one worker has taken."""

    record: Record
    owner: str
    turn: int
    """How often the record has been taken at all; the writer of an older turn is refused."""


@dataclass(frozen=True)
class Rows:
    """All records of a collection that belong to some others: these are there afterwards, and no others."""

    collection: Collection
    parent: str
    """The field that names what they belong to."""
    parents: tuple[RecordId, ...]
    records: Sequence[Mapping[str, JsonValue]] = ()
    """Each with its `id` and the parent's."""
    kept: tuple[str, ...] = ()
    """Fields that stay as they are in a record that is there already: what people have written into it."""


@dataclass(frozen=True)
class StoreCheck:
    """How a record store that can be used is."""

    remark: str
    missing: tuple[str, ...] = ()
    """Collections that are not there, or that may not be read."""


def row_id(*parts: RecordId) -> str:
    """An id that is the same whenever the same thing is written again."""
    return str(uuid5(_NAMESPACE, "\n".join(str(part) for part in parts)))


class RecordStore(Block, abc.ABC):
    """Keeps records.

    Methods raise TransientError when the store cannot be reached, InvalidSettingError when it is set up wrong.
    """

    @abc.abstractmethod
    async def prepare(self, collections: Sequence[Collection]) -> None:
        """Makes what is missing: tables, or the collection of claims. What is there stays as it is."""

    @abc.abstractmethod
    async def get(self, collection: Collection, record_id: RecordId) -> Record:
        """A record. Raises UnknownRecordError."""

    @abc.abstractmethod
    async def find(
        self, collection: Collection, where: Mapping[str, RecordId | Sequence[RecordId]]
    ) -> list[Record]:
        """The records whose fields have these values, or one of them; by `sort` where they have it, then by id."""

    @abc.abstractmethod
    async def put(self, collection: Collection, values: Mapping[str, JsonValue]) -> RecordId:
        """Writes fields of the record with this `id`, or a new record; gives its id."""

    @abc.abstractmethod
    async def claim(self, collection: Collection, owner: str, seconds: float) -> Claim | None:
        """Takes a record that waits, or one whose claim is over; None if there is none.

        All workers name the same `seconds`. A record whose workers have died `MOST_TRIES` times is failed with
        `INTERRUPTED` first, and not taken.
        """

    @abc.abstractmethod
    async def renew(self, claim: Claim, seconds: float) -> None:
        """Keeps a claim for so long from now, by the store's clock. Raises LostClaimError."""

    @abc.abstractmethod
    async def finish(
        self, claim: Claim, status: str, values: Mapping[str, JsonValue], rows: Sequence[Rows] = ()
    ) -> None:
        """Ends the claim with what was made of the record. Raises LostClaimError, and writes nothing then."""

    @abc.abstractmethod
    async def release(self, claim: Claim) -> None:
        """Puts the record back to where it waits. A claim that is lost already stays so."""

    @abc.abstractmethod
    async def replace(self, rows: Sequence[Rows]) -> None:
        """Writes rows of records that nobody has claimed."""

    @abc.abstractmethod
    async def check(self, collections: Sequence[Collection], seconds: float) -> StoreCheck:
        """Whether these collections can be read and written, found out by using the store; changes nothing in them.

        Waits `seconds` for what others hold, at most. Raises InvalidSettingError when the credentials are wrong or
        lack a right.
        """

    async def download(self, file: str, target: Path, most_bytes: int) -> bool:  # noqa: ARG002
        """Writes a file that a field names to `target`, if the store keeps files itself; else False.

        Raises SourceNotFoundError, LimitExceededError.
        """
        return False

    async def upload(self, content: bytes, key: str) -> str:  # noqa: ARG002
        """What a field names a file by: its key in the media store, unless the store keeps files itself."""
        return key

    @abc.abstractmethod
    async def aclose(self) -> None:
        """Lets go of its connections."""
