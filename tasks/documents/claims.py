"""Works on the records of a store that wait, one after the other: claimed, renewed meanwhile, ended in every way."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

from pydantic import JsonValue

from blocks.record_store import (
    DONE,
    FAILED,
    WAITING,
    Claim,
    Collection,
    LostClaimError,
    Record,
    RecordStore,
    Rows,
)
from tasks.documents.cycle import ProcessedRecord
from tasks.documents.reasons import reason
from tasks.errors import ContrapontoError, TransientError
from tasks.foreign_text import one_line
from tasks.jobs.background import beside

log = logging.getLogger(__name__)

CLAIM_SECONDS = 90.0
_NOT_THE_RECORDS = frozenset({"cancelled", "missing_engine", "invalid_setting", "storage_full"})
"""Errors that every record would meet: the work stops, and the records wait until somebody has seen to it."""
_MOST_NOTE = 2000
"""Letters of a reason in the record, and below in the report."""
_MOST_SHOWN = 500


@dataclass(frozen=True)
class Made:
    """What was made of a record."""

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    """Fields of the record itself."""
    rows: Sequence[Rows] = ()
    note: str = ""
    """What the report says of it."""


Status = Literal["done", "failed", "lost", "simulated"]
Work = Callable[[Record], Awaitable[Made]]


@dataclass(frozen=True)
class Processor:
    """What is done with the waiting records of a collection."""

    collection: Collection
    work: Work
    """Raises ContrapontoError for a record that cannot be processed."""


async def process_waiting(
    store: RecordStore,
    processor: Processor,
    *,
    record_seconds: float,
    most: int | None = None,
    done: Callable[[ProcessedRecord], None] = lambda _: None,
    claim_seconds: float = CLAIM_SECONDS,
) -> None:
    """Takes records until none waits: each ends done or failed with a reason, and the next one is taken.

    Args:
        store: Where they are.
        processor: What is done with them.
        record_seconds: After which a record has failed.
        most: Records to take at most.
        done: Called with what became of each.
        claim_seconds: So long a record stays with a worker that says nothing.

    Raises:
        ContrapontoError: The store cannot be reached, or this machine lacks what every record needs; the record that
            was taken waits again.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    taken = 0
    while most is None or taken < most:
        claim = await store.claim(processor.collection, owner, claim_seconds)
        if claim is None:
            return
        taken += 1
        done(await _process(store, processor, claim, record_seconds, claim_seconds))


async def simulate_waiting(
    store: RecordStore,
    processor: Processor,
    *,
    record_seconds: float,
    most: int | None = None,
    done: Callable[[ProcessedRecord], None] = lambda _: None,
) -> None:
    """As `process_waiting`, but nothing is claimed and nothing is written."""
    waiting = await store.find(processor.collection, {"status": WAITING})
    for record in waiting[:most]:
        started = time.monotonic()
        made, failure = await _made_of(processor, record, record_seconds)
        done(_told(record, "simulated" if failure is None else "failed", failure or made.note, started))


async def _process(
    store: RecordStore, processor: Processor, claim: Claim, record_seconds: float, claim_seconds: float
) -> ProcessedRecord:
    started = time.monotonic()
    record = claim.record
    note = str(processor.collection.note)
    ended = False
    try:
        async with beside(_renewing(store, claim, claim_seconds)):
            made, failure = await _made_of(processor, record, record_seconds)
        if failure is None:
            await store.finish(claim, DONE, {note: None, **made.values}, made.rows)
        else:
            await store.finish(claim, FAILED, {note: failure[:_MOST_NOTE]})
        ended = True
    except LostClaimError:
        ended = True
        return _told(record, "lost", "", started)
    finally:
        if not ended:
            # Stopped, or the store does not answer: the record waits again, now or when the claim is over.
            await asyncio.shield(_put_back(store, claim))
    return _told(record, "done" if failure is None else "failed", failure or made.note, started)


async def _made_of(processor: Processor, record: Record, seconds: float) -> tuple[Made, str | None]:
    """What was made of it, or why nothing could be."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await processor.work(record), None
    except ContrapontoError as error:
        if error.code in _NOT_THE_RECORDS:
            raise
        return Made(), reason(error)
    except TimeoutError:
        if not limit.expired():
            raise
        return Made(), f"O documento levou mais de {seconds / 60:g} minutos. Divida-o ou aumente o limite."


async def _renewing(store: RecordStore, claim: Claim, seconds: float) -> None:
    """Renews a claim while its record is worked on. Raises LostClaimError at the end of the work."""
    while True:
        await asyncio.sleep(seconds / 3)
        try:
            await store.renew(claim, seconds)
        except TransientError as error:
            log.warning("The claim of %s was not renewed: %s", claim.record.id, error)


async def _put_back(store: RecordStore, claim: Claim) -> None:
    try:
        await store.release(claim)
    except ContrapontoError as error:
        log.warning("%s stays claimed until its time is over: %s", claim.record.id, error)


def _told(record: Record, status: Status, note: str, started: float) -> ProcessedRecord:
    return ProcessedRecord(
        collection=record.collection.name,
        record=record.id,
        status=status,
        note=one_line(note, _MOST_SHOWN),
        seconds=round(time.monotonic() - started, 3),
    )
