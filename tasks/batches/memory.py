"""The memory of a batch, kept in the media store from run to run."""

import asyncio
import hashlib
import logging
import time
from contextlib import suppress

from blocks.from_settings import media_store
from blocks.settings import get_settings
from blocks.store_keys import key_part
from tasks.batches.document import BatchEntry
from tasks.batches.ledger import Ledger
from tasks.batches.listing import BatchItem
from tasks.errors import ContrapontoError, SourceNotFoundError

logger = logging.getLogger(__name__)

_KEEP_SECONDS = 5.0
"""Between two writes: of ten thousand recordings each write is megabytes. A killed run forgets no more than this."""


class Memory:
    """The ledger of a running batch."""

    def __init__(self, name: str, ledger: Ledger) -> None:
        self._name = name
        self._ledger = ledger
        # One write after the other: the last one must be the one that knows most.
        self._writing = asyncio.Lock()
        self._kept_at = time.monotonic()

    async def note(self, item: BatchItem, entry: BatchEntry) -> None:
        """Note how an item ended; written at once, or with those that end soon after."""
        if entry.job_id is None:
            self._ledger.record_failure(item.identity)
        else:
            self._ledger.record(item.identity, entry.job_id, entry.error_code)
        if time.monotonic() - self._kept_at < _KEEP_SECONDS:
            return
        try:
            await self.keep()
        except (ContrapontoError, OSError) as error:
            # Recordings that are being worked on are worth more; at the end it is written once more.
            logger.warning("What the batch has done could not be written down yet: %s", error)

    async def keep(self) -> None:
        """Write it for the next run."""
        async with self._writing:
            self._kept_at = time.monotonic()
            store = media_store(get_settings())
            text = self._ledger.model_dump_json(indent=1)
            await asyncio.to_thread(store.put_text, text, _ledger_key(self._name))


def memory_lock(name: str) -> str:
    """What names the lock of whoever uses the memory of that name."""
    return f"batch-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


async def read_ledger(name: str) -> Ledger:
    """What the batch of that name has dealt with so far."""
    store = media_store(get_settings())
    # Earlier versions kept the memory of some names together.
    for key in dict.fromkeys((_ledger_key(name), f"batches/{key_part(name)}.json")):
        with suppress(SourceNotFoundError):
            return Ledger.model_validate_json(await asyncio.to_thread(store.read_bytes, key))
    return Ledger()


def _ledger_key(name: str) -> str:
    part = key_part(name)
    # Names that differ only in what no key may hold are names of different batches.
    own = "" if part == name else f" {hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return f"batches/{part}{own}.json"
