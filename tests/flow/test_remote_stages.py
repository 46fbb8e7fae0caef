"""Jobs whose stages are done by services elsewhere."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from blocks.from_settings import media_store
from blocks.settings import get_settings
from tasks.jobs.document import StageStatus
from tests.flow.conftest import Configure
from tests.flow.jobs import assert_failed, run_job
from tests.flow.recordings import silence
from tests.servers.stages import Service, serve

TRANSCRIPT = {
    "text": "Bom dia a todos.",
    "language": "pt",
    "model": "large-v3",
    "duration": 4.0,
    "segments": [
        {
            "text": " Bom dia a todos.",
            "start": 0.5,
            "end": 2.0,
            "words": [{"word": " Bom", "start": 0.5, "end": 0.8}],
        }
    ],
}


def doing(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"status": "processing", "progress": 50},
        {"status": "completed", "progress": 100, "result": result},
    ]


@pytest.fixture
def services(configure: Configure) -> Iterator[dict[str, Service]]:
    """One service for each stage; nothing is done on this machine."""
    services = {
        "download": Service(states=doing({"title": "Reunião"}), file=silence(5)),
        "normalization": Service(states=doing({}), file=silence(4)),
        "transcription": Service(states=doing(TRANSCRIPT)),
    }
    with ExitStack() as running:
        for service in services.values():
            running.enter_context(serve(service))
        configure(
            video_downloader_url=services["download"].address,
            audio_normalization_url=services["normalization"].address,
            audio_transcriber_url=services["transcription"].address,
            allowed_private_hosts="127.0.0.1",
            poll_interval=0.05,
            models_dir="/nonexistent",
        )
        yield services


async def test_every_stage_can_be_done_elsewhere(services: dict[str, Service]) -> None:
    for service in services.values():
        service.failures = [503]
    job = await run_job("https://video.example/watch?v=7", language="auto")
    document = job.document
    assert job.state.is_completed(), job.state.message
    assert document.transcription_text == "Bom dia a todos."
    assert [stage.job_id for stage in document.stages.values()] == ["job-0"] * 3
    assert document.result is not None
    assert (document.result["title"], document.result["model"]) == ("Reunião", "large-v3")
    store = media_store(get_settings())
    assert store.read_bytes(document.audio_file or "") == silence(4)
    assert silence(5) in services["normalization"].bodies[0]
    assert silence(4) in services["transcription"].bodies[0]
    assert b'"language":"auto"' in services["transcription"].bodies[0].replace(b": ", b":")


async def test_a_stage_that_fails_elsewhere_fails_the_job(services: dict[str, Service]) -> None:
    services["transcription"].states = [{"status": "failed", "error": "The model has run out of memory."}]
    job = await run_job("https://video.example/watch?v=7")
    await assert_failed(job, "engine_failed", "transcription", "run out of memory")
    assert job.stages()["normalization"] is StageStatus.COMPLETED
