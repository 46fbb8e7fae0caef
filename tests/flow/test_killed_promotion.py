"""A promotional job whose process is killed, in each of its steps: it goes on where it was, and notifies once."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from blocks.local_media_store import LocalMediaStore
from deployments.launcher.lost_runs import report_all
from deployments.server.api import Api
from tasks.jobs.artifacts import document_in, find_artifact
from tasks.recovery.ends import JOB_TAG
from tasks.recovery.reconciliation import reconcile
from tests.flow.killed import Starts, start_forks
from tests.material import frames_of, photograph
from tests.servers.media import MediaServer

PIPELINE = """
pipelines:
  - name: everything
    description: Every kind of step.
    steps:
      - {type: ENHANCED_IMAGES, config: {longest_side: 320}}
      - {type: VIRAL_COPY, config: {language: en}}
      - {type: PRODUCT_DESCRIPTION, config: {language: en}}
      - {type: VOICE_OVER, config: {script_text: Coffee in forty seconds.}}
      - type: CAPTIONS
      - {type: PROMOTIONAL_VIDEO, config: {size: 240, fps: 12, quality: draft, music: none}}
"""
PRODUCT = {"name": "Aurora", "features": ["Coffee in 40 seconds"], "price": "R$ 1.299,90"}
DONE_BEFORE = {
    "enhance_image": {"fetch_file"},
    "write_copy": set[str](),
    "write_description": set[str](),
    "narrate": {"write_copy"},
    "make_captions": {"write_copy", "narrate"},
    "make_film": {"fetch_file", "enhance_image", "write_copy", "narrate", "make_captions"},
}
"""By the work of each step, what has surely been kept when it begins."""


@pytest.fixture(scope="module", autouse=True)
def forks() -> None:
    """What each test finds there already, and leaves."""
    start_forks()


@pytest.fixture
def deployment() -> Iterator[UUID]:
    """Of the pipeline; no worker takes its runs."""
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool("idle")
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name="idle", type="process"))
        made = client.create_deployment(
            client.create_flow_from_name("promote"),
            name="everything",
            tags=[JOB_TAG],
            work_pool_name="idle",
            enforce_parameter_schema=False,
        )
        yield made
        client.delete_deployment(made)


@pytest.mark.timeout(600)
@pytest.mark.models("kokoro-pt-br")
@pytest.mark.parametrize("work", DONE_BEFORE)
async def test_it_goes_on_where_it_was_killed(
    server: MediaServer, home: Path, deployment: UUID, tmp_path: Path, work: str
) -> None:
    home.mkdir(exist_ok=True)
    (home / "pipelines.yaml").write_text(PIPELINE)
    (marks := tmp_path / "marks").mkdir()
    asked: dict[str, Any] = {
        "pipeline": "everything",
        "product": PRODUCT,
        "images": [
            server.say(
                "/product.jpg",
                photograph(1, (320, 240)),
                content_type="image/jpeg",
                headers={"ETag": '"first"'},  # without one it would be fetched again
            )
        ],
        "webhook_url": server.say("/hook", content_type=None),
    }
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(deployment, parameters=asked)
        starts = Starts(run.id, marks, tmp_path / "begun")
        assert starts.start(dies_in=work) == -signal.SIGKILL
        with Api(str(PREFECT_API_URL.value())).client(seconds=30) as raw:
            assert report_all(raw, marks) == 0
        assert (await reconcile()).restarted == 1
        assert not server.requests("/hook", "POST")

        assert starts.start() == 0
        artifact = await find_artifact(client, run.id)
        assert artifact is not None
        document = document_in(artifact)
    assert document.error is None
    result: Any = document.result
    assert result["warnings"] == []
    begun = starts.begun()
    assert {name: begun.count(name) for name in DONE_BEFORE[work]} == dict.fromkeys(DONE_BEFORE[work], 1)
    assert (begun.count(work), set(begun)) == (2, {"fetch_file", *DONE_BEFORE})

    steps = result["steps"]
    film = steps["promotional_video"]
    with LocalMediaStore(root=home / "store").open_local(film["files"]["film"]["file"]) as path:
        assert len(frames_of(path)) == round(film["made"]["seconds"] * 12)
    assert film["made"]["audio"] == "voiceover"
    assert "forty" in " ".join(word["text"] for word in steps["captions"]["made"]["words"])
    assert (await reconcile()).restarted == 0
    (message,) = server.requests("/hook", "POST")
    assert json.loads(message.body)["status"] == "COMPLETED"
