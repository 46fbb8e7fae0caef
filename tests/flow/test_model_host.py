"""Jobs whose models are in a model host: nobody can tell from what they deliver."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tasks.jobs.document import JobStatus
from tests.flow.conftest import Configure
from tests.flow.jobs import EndedJob, run_job
from tests.servers.media import MediaServer
from tests.servers.model_host import model_host

pytestmark = pytest.mark.models

_TIMES = {"seconds", "created_at", "updated_at", "completed_at", "started_at", "processing_time"}
"""What differs between any two jobs."""


async def test_a_job_is_the_same_with_and_without_a_host(
    server: MediaServer, english: bytes, home: Path, tmp_path: Path, configure: Configure
) -> None:
    url = server.say("/talk.wav", english, headers={"ETag": '"one"'})
    alone = await run_job(url, remove_noise=True)
    shutil.rmtree(home / "store")  # and with it the results that the second job would find
    with model_host(tmp_path / "host.sock") as host:
        configure(model_host=host.socket)
        hosted = await run_job(url, remove_noise=True)
        assert host.status().served == 2
        assert {entry.kind for entry in host.status().models} == {"recognition", "normalisation"}
    assert hosted.cached() == []
    assert hosted.document.status is JobStatus.COMPLETED
    assert lasting(hosted) == lasting(alone)


async def test_a_job_with_a_damaged_model_fails_with_a_reason(
    server: MediaServer, english: bytes, tmp_path: Path, configure: Configure, models_dir: Path
) -> None:
    damaged = tmp_path / "whisper-damaged"
    shutil.copytree(models_dir / "whisper-tiny.en", damaged)
    (damaged / "model.bin").write_bytes(b"no model")
    with model_host(tmp_path / "host.sock") as host:
        configure(model_host=host.socket, import_folders=tmp_path)
        job = await run_job(server.say("/talk.wav", english), model=str(damaged))
        assert host.status().errors == 1
    assert job.document.error_code == "engine_failed"
    assert "whisper-damaged" in (job.document.error or "")


def lasting(job: EndedJob) -> Any:
    """The job document without what differs between any two jobs."""
    text = job.document.model_dump_json().replace(job.document.job_id, "JOB")
    return _without_times(json.loads(text))


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(part) for key, part in value.items() if key not in _TIMES}
    if isinstance(value, list):
        return [_without_times(part) for part in value]
    return value
