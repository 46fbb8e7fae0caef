"""Runs flows as a caller does, and reads what a caller can read of a job."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect import State
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import Artifact, StateType

from flows.transcription import transcribe
from tasks.errors import ContrapontoError
from tasks.jobs.document import JobDocument, JobStatus, StageStatus
from tasks.speech.document import TranscriptionDocument

STAGES = ["download", "normalization", "transcription"]
"""Of `transcribe`."""
SMALL = {"width": 128, "height": 72, "fps": 12, "quality": "draft"}
"""Parameters of `img2vid` for clips that are made at once."""


@dataclass(frozen=True)
class EndedJob:
    """A job that has ended, as the Prefect server has it."""

    state: State[Any]
    document: TranscriptionDocument
    artifacts: dict[str, Any]
    """Data of each artifact by its key."""

    def stages(self) -> dict[str, StageStatus]:
        return {name: stage.status for name, stage in self.document.stages.items()}

    def cached(self) -> list[str]:
        """Names of the stages that were not done again."""
        return [name for name, stage in self.document.stages.items() if stage.cached]


async def run_job(source: str, **parameters: Any) -> EndedJob:
    """Runs `transcribe` to its end: English and the smallest model unless told otherwise."""
    asked: dict[str, Any] = {"language": "en", "model": "tiny.en", "remove_noise": False, **parameters}
    state = await end_of(transcribe, source, **asked)
    async with get_client() as client:
        stored = await client.read_flow_run(id_of(state))
    assert stored.state is not None
    assert (stored.state.type, stored.state.message) == (state.type, state.message)
    artifacts = by_key(await artifacts_of(state))
    return EndedJob(state, TranscriptionDocument.model_validate(artifacts["result"]), artifacts)


async def document_of(flow: Any, *arguments: Any, **parameters: Any) -> JobDocument:
    """What a run of the flow returns. Prefect's annotations take these flows for ones that return nothing."""
    return JobDocument.model_validate(await flow(*arguments, **parameters))


async def end_of(flow: Any, *arguments: Any, **parameters: Any) -> State[Any]:
    """The state in which a run of the flow ends."""
    state: State[Any] = await flow(*arguments, **parameters, return_state=True)
    return state


async def run_to_end(flow: Any, *arguments: Any, **parameters: Any) -> tuple[JobDocument, dict[str, Any]]:
    """The document of a run of the flow that has ended, whichever way, and the data of its artifacts."""
    artifacts = by_key(await artifacts_of(await end_of(flow, *arguments, **parameters)))
    return JobDocument.model_validate(artifacts["result"]), artifacts


def id_of(state: State[Any]) -> UUID:
    """The run whose state this is."""
    job_id = state.state_details.flow_run_id
    assert job_id is not None
    return job_id


async def artifacts_of(state: State[Any]) -> list[Artifact]:
    """What a run has written down for people to read."""
    of_the_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[id_of(state)]))
    async with get_client() as client:
        return await client.read_artifacts(artifact_filter=of_the_run)


def by_key(artifacts: list[Artifact]) -> dict[str, Any]:
    """The data of each."""
    return {str(artifact.key): artifact.data for artifact in artifacts}


async def assert_failed(
    job: EndedJob, code: str, stage: str | None, says: str, *, name: str = "Failed"
) -> None:
    """The job failed in the stage (None: before the first), for a reason that its submitter understands."""
    document = job.document
    assert (job.state.type, job.state.name) == (StateType.FAILED, name)
    assert (document.status, document.error_code) == (JobStatus.FAILED, code)
    assert document.completed_at is not None
    assert document.transcription_text is None

    message = job.state.message or ""
    assert document.error == message
    assert re.search(says, message), message
    error = await job.state.aresult(raise_on_failure=False)
    assert isinstance(error, ContrapontoError)
    assert error.code == code
    assert error.hint, f"no next step: {message}"
    assert message == f"{error.message} {error.hint}"
    assert "\n" not in message
    assert len(message) < 400
    for technical in ("Traceback", "Error:", "Exception", "ffmpeg", "Errno", "[download]", "0x"):
        assert technical not in message

    failed = STAGES.index(stage) if stage else 0
    expected = [StageStatus.COMPLETED] * failed + [StageStatus.FAILED] * bool(stage)
    expected += [StageStatus.QUEUED] * (len(STAGES) - len(expected))
    assert list(job.stages().values()) == expected
    if stage and name == "Failed":
        assert document.stages[stage].error == message
