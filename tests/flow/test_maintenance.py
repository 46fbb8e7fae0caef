"""Clean-up and factory reset, with real files and a real server."""

import os
import time
from pathlib import Path
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.exceptions import ObjectNotFound, ParameterTypeError
from prefect.states import Completed, Failed, Running

from blocks.from_settings import media_store
from blocks.media_store import RESULTS_PREFIX
from blocks.settings import get_settings
from flows.maintenance import cleanup, factory_reset
from tasks.jobs.document import JobDocument
from tests.flow.conftest import Configure

DAY = 86_400


@flow(name="transcribe")
async def old_job() -> None:
    """Makes a run."""


@flow(name="deliver-webhook")
async def old_delivery() -> None:
    """Makes a run."""


def put(key: str, *, days: float) -> None:
    store = media_store(get_settings())
    store.put_bytes(b"12345", key)
    path = get_settings().home / "store" / key
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def has(*keys: str) -> list[bool]:
    return [media_store(get_settings()).exists(key) for key in keys]


async def runs() -> tuple[UUID, UUID, UUID]:
    """A job with an artifact, a delivered message and one that was not."""
    async with get_client() as client:
        job = await client.create_flow_run(old_job, state=Completed())
        await client.create_artifact(ArtifactCreate(key="result", type="json", data={}, flow_run_id=job.id))
        delivered = await client.create_flow_run(old_delivery, state=Completed())
        dead = await client.create_flow_run(old_delivery, state=Failed(message="Not delivered."))
    return job.id, delivered.id, dead.id


async def exist(*ids: UUID) -> list[bool]:
    found = []
    async with get_client() as client:
        for run in ids:
            try:
                await client.read_flow_run(run)
            except ObjectNotFound:
                found.append(False)
            else:
                found.append(True)
    return found


def counts(document: JobDocument) -> dict[str, int]:
    assert document.result is not None
    return {entry["what"]: entry["count"] for entry in document.result["removed"]}  # type: ignore[index,union-attr,call-overload,misc]


async def test_what_is_old_goes_and_the_rest_stays(home: Path, configure: Configure) -> None:
    result, fresh_result = f"{RESULTS_PREFIX}old", f"{RESULTS_PREFIX}new"
    put(result, days=2)
    put(fresh_result, days=0)
    put("jobs/a/talk.srt", days=40)
    put("uploads/talk.mp3", days=20)
    ids = await runs()
    left = home / "scratch" / "killed"
    left.mkdir(parents=True)

    counted = await cleanup(dry_run=True, max_age_hours=1e-9)
    assert counts(counted)["kept results"] == 1
    assert counts(counted)["runs"] >= 2
    assert counts(counted)["artifacts"] >= 1
    assert has(result, "jobs/a/talk.srt") == [True, True]
    assert await exist(*ids) == [True, True, True]
    assert left.exists()

    usual = await cleanup()
    assert counts(usual)["kept results"] == 1
    assert has(result, fresh_result, "jobs/a/talk.srt") == [False, True, True]
    assert await exist(*ids) == [True, True, True]
    assert not left.exists()

    configure(store_retention_days=30)
    assert counts(await cleanup())["stored files"] == 1
    assert has("jobs/a/talk.srt", "uploads/talk.mp3") == [False, True]

    deep = await cleanup(max_age_hours=1e-9, deep=True)
    assert counts(deep)["runs"] >= 2
    assert has("uploads/talk.mp3", fresh_result) == [False, False]
    assert await exist(*ids) == [False, False, True], "what was not delivered stays"


async def test_a_reset_wants_its_words_and_no_job_at_work() -> None:
    put("uploads/talk.mp3", days=0)
    ids = await runs()
    with pytest.raises(ParameterTypeError, match="remove everything"):
        await factory_reset(confirmation="yes")
    async with get_client() as client:
        busy = await client.create_flow_run(old_job, state=Running())
        refused = await factory_reset(confirmation="remove everything", return_state=True)
        assert refused.is_failed()
        assert "at work" in (refused.message or "")
        assert has("uploads/talk.mp3") == [True]
        forced = await factory_reset(confirmation="remove everything", force=True)
        assert counts(forced)["stored files"] >= 1
        assert has("uploads/talk.mp3") == [False]
        assert await exist(*ids, busy.id) == [False, False, False, True]
        await client.set_flow_run_state(busy.id, Completed(), force=True)
