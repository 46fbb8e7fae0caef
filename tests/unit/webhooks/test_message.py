"""The body of a message, field by field."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from tasks.jobs.document import JobDocument, JobStatus, StageDocument, StageStatus
from tasks.webhooks.message import RESULT_LIMIT, MessageReference, WebhookMessage, compact_result

NOW = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)


def body_of(document: JobDocument) -> dict[str, Any]:
    return dict(json.loads(WebhookMessage.of(document, now=NOW).body()))


def test_a_completed_job(document: JobDocument) -> None:
    assert body_of(document) == {
        "jobId": document.job_id,
        "idRoteiro": "roteiro-7",
        "pathRaiz": None,
        "status": "COMPLETED",
        "operation": "transcribe",
        "processor": "contraponto",
        "result": {"text": "olá", "files": {"srt": "transcripts/a.srt"}},
        "error": None,
        "execution": {
            "startTime": "2026-03-01T12:00:00Z",
            "endTime": "2026-03-01T12:00:05.250000Z",
            "durationMs": 5250,
            "durationSeconds": 5.25,
        },
        "timestamp": "2026-03-01T12:01:00Z",
        "metadata": {"pedido": 42},
    }


def test_a_failed_job_says_why(document: JobDocument) -> None:
    failed = document.model_copy(
        update={"status": JobStatus.FAILED, "result": None, "error": "No audio.", "error_code": "no_audio"}
    )
    body = body_of(failed)
    assert (body["status"], body["result"]) == ("FAILED", None)
    assert body["error"] == {"code": "no_audio", "message": "No audio."}


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_status_has_its_upper_case_name(document: JobDocument, status: JobStatus) -> None:
    assert body_of(document.model_copy(update={"status": status}))["status"] == status.value.upper()


def test_waiting_in_the_queue_is_no_execution(document: JobDocument) -> None:
    assert document.created_at is not None
    began = document.created_at + timedelta(seconds=3)
    stages = {
        "download": StageDocument(status=StageStatus.COMPLETED, started_at=began),
        "transcription": StageDocument(status=StageStatus.COMPLETED, started_at=began + timedelta(seconds=1)),
    }
    execution = body_of(document.model_copy(update={"stages": stages}))["execution"]
    assert (execution["startTime"], execution["durationMs"]) == ("2026-03-01T12:00:03Z", 2250)


def test_the_prefix_of_the_files(document: JobDocument) -> None:
    assert body_of(document)["pathRaiz"] is None
    with_path = JobDocument.model_validate(document.model_dump() | {"path": "videos/7"})
    assert body_of(with_path)["pathRaiz"] == "videos/7"


def test_the_id_names_the_job_and_its_end(document: JobDocument) -> None:
    message = WebhookMessage.of(document)
    assert message.webhook_id == f"msg_{document.job_id}_completed"
    # Standard Webhooks joins id, time and body by dots.
    assert "." not in message.webhook_id


def test_a_message_survives_being_a_parameter(document: JobDocument) -> None:
    message = WebhookMessage.of(document)
    again = WebhookMessage.model_validate(
        json.loads(json.dumps(message.model_dump(mode="json", by_alias=True)))
    )
    assert again.body() == message.body()


def test_a_large_result_goes_without_its_bodies() -> None:
    clips: list[JsonValue] = [
        {"key": f"clips/{number}.mp4", "seconds": number, "log": "x" * 600} for number in range(200)
    ]
    result: dict[str, JsonValue] = {
        "text": "palavra " * 4000,
        "language": "pt",
        "files": {"srt": "transcripts/a.srt", "json": "https://example.com/" + "s" * 900},
        "segments": [{"text": "uma frase", "start": 0.5} for _ in range(500)],
        "clips": clips,
    }
    kept = compact_result(result)
    assert kept is not None
    assert kept["files"] == result["files"]
    assert kept["language"] == "pt"
    assert kept["clips"] == [{"key": f"clips/{number}.mp4", "seconds": number} for number in range(200)]
    assert isinstance(kept["omitted"], list)
    assert kept["omitted"][:2] == ["text", "segments"]
    assert "clips.199.log" in kept["omitted"]


json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=5))
def test_a_small_result_is_sent_as_it_is(result: dict[str, JsonValue]) -> None:
    assert compact_result(result) is result


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=5))
def test_bodies_never_pass_and_links_always_do(small: dict[str, JsonValue]) -> None:
    result = small | {"transcript": "x" * RESULT_LIMIT, "audio_key": "a/b.flac"}
    kept = compact_result(result)
    assert kept is not None
    assert "transcript" not in kept
    assert kept["audio_key"] == "a/b.flac"


@given(st.none() | st.integers() | st.text(max_size=20))
def test_a_reference_says_whose_message_it_stands_for(identifier: int | str | None) -> None:
    """Also to a caller whose identifiers are numbers."""
    job = JobDocument.first("1", "transcribe", JobStatus.FAILED, {"id_roteiro": identifier}, created_at=NOW)
    message = WebhookMessage.of(job, now=NOW)
    stored = MessageReference.model_validate_json(message.reference.model_dump_json(by_alias=True))
    assert (stored.job_id, stored.id_roteiro, stored.status) == ("1", message.id_roteiro, "FAILED")
    assert stored.correlation_id == message.correlation_id == job.correlation_id
