"""The artifacts of a job on a server that is slow to take what it is sent."""

import asyncio
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from pydantic import BaseModel

from tasks.jobs import artifacts
from tasks.jobs.artifacts import RESULT_ARTIFACT, JobArtifacts
from tasks.jobs.background import beside
from tasks.jobs.document import JobDocument, JobStatus
from tasks.jobs.tracker import JobTracker
from tests.consumers import until


class Outcome(BaseModel):
    result: dict[str, int]


class Created(BaseModel):
    id: UUID


class SlowServer:
    """Takes what it has been sent also when nobody waits for the answer any more, each time sooner than before."""

    def __init__(self) -> None:
        self.documents: dict[UUID, Any] = {}
        self.keys: dict[UUID, str] = {}
        self.asked = 0
        self._taking: set[asyncio.Task[None]] = set()

    async def read_artifacts(self, **_: object) -> list[object]:
        return []

    async def create_artifact(self, request: ArtifactCreate) -> Created:
        made = Created(id=uuid4())
        self.keys[made.id] = str(request.key)
        self.documents[made.id] = request.data
        return made

    async def update_artifact(self, known: UUID, update: ArtifactUpdate) -> None:
        if self.keys[known] != RESULT_ARTIFACT:
            return
        self.asked += 1
        taking = asyncio.create_task(self._take(known, update.data, 0.5 / self.asked))
        self._taking.add(taking)
        await asyncio.shield(taking)

    async def _take(self, known: UUID, data: object, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.documents[known] = data

    async def settled(self) -> Any:
        await asyncio.gather(*self._taking)
        return next(data for known, data in self.documents.items() if self.keys[known] == RESULT_ARTIFACT)


async def test_no_progress_is_written_over_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "_PUBLISH_SECONDS", 0.01)
    server = SlowServer()
    document = JobDocument(job_id=str(uuid4()), operation="thumbnail", status=JobStatus.PROCESSING)
    tracker = JobTracker(document, ("download",))
    kept = JobArtifacts(cast("PrefectClient", server), tracker)
    await kept.create()
    async with beside(kept.keep_current()):
        with tracker.stage("download") as stage:
            stage.progress(0.5)
            await until(lambda: server.asked == 1)
        tracker.complete(Outcome(result={"a": 1}))
    await kept.publish_end()
    assert (await server.settled())["status"] == "completed"


async def test_what_moves_bars_waits_and_what_a_stage_becomes_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(artifacts, "_PUBLISH_SECONDS", 0.01)
    monkeypatch.setattr(artifacts, "_MOVES_SECONDS", 1000)
    server = SlowServer()
    document = JobDocument(job_id=str(uuid4()), operation="thumbnail", status=JobStatus.PROCESSING)
    tracker = JobTracker(document, ("download", "cut"))
    kept = JobArtifacts(cast("PrefectClient", server), tracker)
    await kept.create()
    async with beside(kept.keep_current()):
        with tracker.stage("download", estimated=False) as stage:
            await until(lambda: server.asked == 1)
            for percent in range(1, 40):
                stage.progress(percent / 100)
                stage.say(f"{percent} of 40")
                await asyncio.sleep(0.01)
            assert server.asked == 1
        with tracker.stage("cut", estimated=False):
            await until(lambda: server.asked == 2)
            stages = (await server.settled())["stages"]
    assert (stages["download"]["status"], stages["cut"]["status"]) == ("completed", "processing")
