"""Runs the flow as a caller does, and reads what a caller can read of the job."""

import re
from dataclasses import dataclass
from typing import Any

import jiwer
from prefect import State
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

from flows.transcription import transcribe
from tasks.jobs.document import StageStatus
from tasks.speech.document import TranscriptionDocument


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
    state = await transcribe(source, **asked, return_state=True)
    job_id = state.state_details.flow_run_id
    assert job_id is not None
    async with get_client() as client:
        stored = await client.read_flow_run(job_id)
        found = await client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[job_id]))
        )
    assert stored.state is not None
    assert (stored.state.type, stored.state.message) == (state.type, state.message)
    artifacts = {str(artifact.key): artifact.data for artifact in found}
    return EndedJob(state, TranscriptionDocument.model_validate(artifacts["result"]), artifacts)


def word_error_rate(said: str, heard: str | None) -> float:
    """Share of the words that were got wrong, regardless of case and punctuation."""
    return float(jiwer.wer(_words(said), _words(heard or "")))


def _words(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())
