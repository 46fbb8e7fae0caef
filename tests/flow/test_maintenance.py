"""Clean-up and factory reset, with real files and a real server."""

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound, ParameterTypeError
from prefect.states import Cancelled, Completed, Failed, Running, Scheduled

from blocks.from_settings import media_store
from blocks.media_store import RESULTS_PREFIX
from blocks.settings import get_settings
from flows.maintenance import cleanup, factory_reset
from tasks.errors import InvalidInputError, StageTimeoutError
from tasks.jobs.document import JobDocument
from tasks.maintenance import runs as old_runs
from tasks.maintenance.runs import cancel_jobs, refuse_while_jobs_run
from tests.flow.conftest import Configure
from tests.flow.jobs import document_of, end_of

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
    return {entry["what"]: entry["count"] for entry in _removed(document)}


def sizes(document: JobDocument) -> dict[str, Any]:
    """Bytes of each kind of thing, or why nobody knows them."""
    return {
        entry["what"]: entry["remark"] if entry["bytes"] is None else entry["bytes"]
        for entry in _removed(document)
    }


def _removed(document: JobDocument) -> Any:
    assert document.result is not None
    return document.result["removed"]


async def test_what_is_old_goes_and_the_rest_stays(home: Path, configure: Configure) -> None:
    result, fresh_result = f"{RESULTS_PREFIX}old", f"{RESULTS_PREFIX}new"
    put(result, days=2)
    put(fresh_result, days=0)
    put("jobs/a/talk.srt", days=40)
    put("uploads/talk.mp3", days=20)
    ids = await runs()
    left = home / "scratch" / "killed"
    left.mkdir(parents=True)
    (left / "half.wav").write_bytes(b"1234567")

    counted = await document_of(cleanup, dry_run=True, max_age_hours=1e-9)
    assert counts(counted)["kept results"] == 1
    assert counts(counted)["runs"] >= 2
    assert counts(counted)["artifacts"] >= 1
    assert counts(counted)["scratch folders"] == 1
    assert sizes(counted)["scratch folders"] == 7
    assert sizes(counted)["artifacts"] >= 2
    assert "no sizes" in str(sizes(counted)["runs"])
    assert has(result, "jobs/a/talk.srt") == [True, True]
    assert await exist(*ids) == [True, True, True]
    assert left.exists()

    usual = await document_of(cleanup)
    assert counts(usual)["kept results"] == 1
    assert has(result, fresh_result, "jobs/a/talk.srt") == [False, True, True]
    assert await exist(*ids) == [True, True, True]
    assert not left.exists()
    assert sizes(usual)["scratch folders"] == 7

    configure(store_retention_days=30)
    assert counts(await document_of(cleanup))["stored files"] == 1
    assert has("jobs/a/talk.srt", "uploads/talk.mp3") == [False, True]

    deep = await document_of(cleanup, max_age_hours=1e-9, deep=True)
    assert counts(deep)["runs"] >= 2
    assert has("uploads/talk.mp3", fresh_result) == [False, False]
    assert await exist(*ids) == [False, False, True], "what was not delivered stays"


async def test_a_reset_wants_its_words_and_no_job_at_work() -> None:
    put("uploads/talk.mp3", days=0)
    ids = await runs()
    with pytest.raises(ParameterTypeError, match="remove everything"):
        await document_of(factory_reset, confirmation="yes")
    async with get_client() as client:
        # What other tests have left at work on this server.
        await end_all(client)
        serving = await client.create_flow_run(old_delivery, state=Running(), tags=["webhook"])
        busy = await client.create_flow_run(old_job, state=Running())
        waiting = await client.create_flow_run(old_job, state=Scheduled())
        refused = await end_of(factory_reset, confirmation="remove everything")
        assert refused.is_failed()
        assert "2 jobs are at work" in (refused.message or "")
        assert has("uploads/talk.mp3") == [True]

        forced = asyncio.create_task(document_of(factory_reset, confirmation="remove everything", force=True))
        while (await client.read_flow_run(busy.id)).state_type is not StateType.CANCELLING:
            assert not forced.done(), "it waits for the end of jobs"
            await asyncio.sleep(0.1)
        # The worker's part.
        await client.set_flow_run_state(busy.id, Cancelled(), force=True)
        document = await forced
        assert counts(document)["stored files"] >= 1
        assert has("uploads/talk.mp3") == [False]
        assert await exist(*ids, busy.id, waiting.id, serving.id) == [False] * 5 + [True]
        await client.set_flow_run_state(serving.id, Completed(), force=True)


async def test_a_job_behind_many_deliveries_stops_the_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_runs, "_PAGE", 2)
    async with get_client() as client:
        await end_all(client)
        busy = await client.create_flow_run(old_job, state=Running())
        for _ in range(5):
            await client.create_flow_run(old_delivery, state=Running(), tags=["webhook"])
        with pytest.raises(InvalidInputError, match=f"1 job is at work, {busy.id} for one"):
            await refuse_while_jobs_run(but=uuid4())
        await end_all(client)
        await refuse_while_jobs_run(but=uuid4())


async def test_a_job_that_does_not_end_stops_the_reset() -> None:
    async with get_client() as client:
        await end_all(client)
        lost = await client.create_flow_run(old_job, state=Running())
        with pytest.raises(StageTimeoutError, match=f"{lost.id} for one"):
            await cancel_jobs(but=uuid4(), seconds=0)
        await client.set_flow_run_state(lost.id, Cancelled(), force=True)


async def end_all(client: PrefectClient) -> None:
    types = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    unended = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types)))
    while runs := await client.read_flow_runs(flow_run_filter=unended, limit=200):
        for run in runs:
            await client.set_flow_run_state(run.id, Cancelled(), force=True)


async def test_a_job_goes_before_the_messages_about_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them it would be taken for one whose endpoint was never notified."""
    gone: list[UUID] = []
    remove = old_runs._remove_run

    async def removed(client: PrefectClient, run: UUID) -> None:
        gone.append(run)
        await remove(client, run)

    monkeypatch.setattr(old_runs, "_remove_run", removed)
    monkeypatch.setattr(old_runs, "_PAGE", 7)
    pairs = [(await runs())[:2] for _ in range(12)]
    await old_runs.remove_runs(timedelta(0), undelivered=False, dry_run=False)
    for job, delivery in pairs:
        assert gone.index(job) < gone.index(delivery)
