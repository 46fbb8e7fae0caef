"""How a job ended that another one had done by a worker, and what is told where its document does not say."""

from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType

from tasks.collectors.transcripts import transcript_of
from tasks.jobs.children import EndedChild, _end
from tasks.jobs.document import JobDocument, JobStatus


def run(kind: StateType, message: str | None = None) -> FlowRun:
    return FlowRun(id=uuid4(), flow_id=uuid4(), state=State(type=kind, message=message), state_type=kind)


def document(status: JobStatus, **fields: str) -> JobDocument:
    return JobDocument(job_id="j", operation="transcribe", status=status, **fields)


def test_one_that_completed_has_its_document() -> None:
    made = document(JobStatus.COMPLETED)
    ended = run(StateType.COMPLETED)
    assert _end(made, ended) == EndedChild(str(ended.id), made)


@pytest.mark.parametrize(
    ("kind", "told", "message", "error", "code"),
    [
        (
            StateType.FAILED,
            document(JobStatus.FAILED, error="No sound.", error_code="no_audio"),
            "x",
            "No sound.",
            "no_audio",
        ),
        (
            StateType.CANCELLED,
            document(JobStatus.PROCESSING),
            "Cancelled by its caller.",
            "Cancelled by its caller.",
            "cancelled",
        ),
        (StateType.CRASHED, None, None, "Its job gave no reason.", "crashed"),
        (StateType.COMPLETED, None, None, "Its job gave no reason.", "internal"),
        (StateType.COMPLETED, document(JobStatus.PROCESSING), "All done", "All done", "internal"),
    ],
)
def test_one_that_did_not_says_why(
    kind: StateType, told: JobDocument | None, message: str | None, error: str, code: str
) -> None:
    ended = _end(told, run(kind, message))
    assert ended.document is None
    assert (ended.error, ended.error_code) == (error, code)
    transcript = transcript_of(ended)
    assert (transcript.text, transcript.error, transcript.error_code) == (None, error, code)
