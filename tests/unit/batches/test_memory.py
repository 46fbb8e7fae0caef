"""What a batch has done is written down, though not at every moment."""

import asyncio

import pytest

from tasks.batches.document import BatchEntry
from tasks.batches.ledger import Ledger
from tasks.batches.listing import BatchItem
from tasks.batches.memory import Memory, read_ledger
from tasks.errors import TransientError

from .test_items import inbox  # noqa: F401 - a fixture

DONE = BatchEntry(source="a", title="A", status="completed", job_id="job")


@pytest.mark.usefixtures("inbox")
def test_a_store_that_is_away_for_a_moment_ends_no_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.batches.memory._KEEP_SECONDS", 0.0)
    memory = Memory("talks", Ledger())

    def away(*_: object) -> None:
        raise TransientError("The store cannot be reached.")

    with monkeypatch.context() as broken:
        broken.setattr("blocks.media_store.MediaStore.put_text", away)
        asyncio.run(memory.note(BatchItem("a", "a", "A"), DONE))
        with pytest.raises(TransientError):
            asyncio.run(memory.keep())
    asyncio.run(memory.keep())
    assert asyncio.run(read_ledger("talks")).knows("a")
