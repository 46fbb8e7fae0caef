"""A job whose process is told to end by somebody other than Prefect: a machine that shuts down, `kill`."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import get_current_settings

from blocks.settings import PROJECT_ROOT
from tasks.batches.document import BatchResult
from tasks.jobs.artifacts import read_document
from tasks.jobs.document import JobStatus
from tests.servers.media import MediaServer

JOB = """
import asyncio, sys
from flows.transcription import transcribe
asyncio.run(transcribe(sys.argv[1], language="en", model="tiny.en", id_roteiro=sys.argv[1]))
"""

BATCH = """
import asyncio, sys
from flows.batch import TranscriptionOptions, transcribe_batch
options = TranscriptionOptions(language="en", model="tiny.en", remove_noise=False, formats=["txt"])
asyncio.run(transcribe_batch(sys.argv[1:], options, max_concurrent=1))
"""


async def test_a_terminated_batch_says_what_became_of_each_recording(
    server: MediaServer, home: Path, english: bytes
) -> None:
    sources = server.say("/good.wav", english), server.say("/slow.wav", english, pause_after=10_000)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BATCH, *sources),
        cwd=PROJECT_ROOT,
        env={**os.environ, "PREFECT_API_URL": get_current_settings().api.url or ""},
    )
    try:
        async with asyncio.timeout(120):
            while not server.requests("/slow.wav"):
                assert child.returncode is None, "it has ended by itself"
                await asyncio.sleep(0.05)
            child.terminate()
            await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    async with get_client() as client:
        (run, *_) = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["transcribe-batch"])),
            sort=FlowRunSort.START_TIME_DESC,
            limit=1,
        )
        document = await read_document(client, run.id)
    assert document is not None
    assert document.status is JobStatus.FAILED
    result = BatchResult.model_validate(document.result)
    assert [(item.source, item.status) for item in result.items] == [(sources[0], "completed")]
    assert result.left == 1


async def test_a_terminated_job_puts_its_files_away_and_dies_of_the_signal(
    server: MediaServer, home: Path, english: bytes
) -> None:
    source = server.say("/slow.wav", english, pause_after=10_000)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", JOB, source),
        cwd=PROJECT_ROOT,
        env={**os.environ, "PREFECT_API_URL": get_current_settings().api.url or ""},
    )
    try:
        async with asyncio.timeout(120):
            while not list(home.glob("scratch/*/*")):
                assert child.returncode is None, "it has ended by itself"
                await asyncio.sleep(0.05)
            child.terminate()
            assert await child.wait() == -signal.SIGTERM
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert not list(home.glob("scratch/*"))
    run = await _run_of(source)
    assert run.state_type is StateType.CRASHED
    assert "termination signal" in ((run.state and run.state.message) or "")
    async with get_client() as client:
        document = await read_document(client, run.id)
    assert document is not None
    assert document.status is JobStatus.FAILED
    assert document.completed_at is not None


async def _run_of(source: str) -> FlowRun:
    async with get_client() as client:
        found = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["transcribe"])),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=20,
        )
    return next(run for run in found if run.parameters.get("id_roteiro") == source)
