"""The document of a running job."""

import re
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tasks.errors import NoAudioError
from tasks.jobs.document import JobDocument, JobStatus, StageStatus
from tasks.jobs.tracker import JobTracker, StageParts, progress_of_caller
from tasks.speech.document import TranscriptionDocument

STAGES = ("download", "normalization", "transcription")


class Outcome(BaseModel):
    result: dict[str, int]
    text: str


def tracker() -> JobTracker:
    return JobTracker(JobDocument(job_id="j", operation="transcribe", status=JobStatus.PROCESSING), STAGES)


def statuses(job: JobTracker) -> list[StageStatus]:
    return [stage.status for stage in job.document.stages.values()]


def test_stages_wait_run_and_complete() -> None:
    job = tracker()
    assert statuses(job) == [StageStatus.QUEUED] * 3
    with job.stage("download") as stage:
        assert statuses(job)[0] is StageStatus.PROCESSING
        stage.progress(0.5)
        assert job.document.stages["download"].progress == 50
        assert job.document.overall_progress == pytest.approx(16.7)
    done = job.document.stages["download"]
    assert (done.status, done.progress) == (StageStatus.COMPLETED, 100)
    assert done.started_at is not None
    assert done.completed_at is not None
    assert done.started_at <= done.completed_at


def test_a_stage_that_fails_says_why_and_the_next_ones_stay_queued() -> None:
    job = tracker()

    def download() -> None:
        with job.stage("download") as stage:
            stage.progress(0.25)
            raise NoAudioError("There is no sound in it.", hint="Send another file.")

    with pytest.raises(NoAudioError):
        download()
    failed = job.document.stages["download"]
    assert (failed.status, failed.progress) == (StageStatus.FAILED, 25)
    assert failed.error == "There is no sound in it. Send another file."
    assert statuses(job)[1:] == [StageStatus.QUEUED] * 2


def test_what_nobody_foresaw_fails_the_stage_which_names_its_kind_alone() -> None:
    job = tracker()
    with pytest.raises(ZeroDivisionError), job.stage("download"):
        _ = 1 / 0
    assert job.document.stages["download"].status is StageStatus.FAILED
    error = job.document.stages["download"].error
    assert error == "An unexpected error ended the stage (ZeroDivisionError). The run's log has the details."


def test_a_stage_that_ends_with_its_job_says_so() -> None:
    job = tracker()
    with pytest.raises(KeyboardInterrupt), job.stage("download"):
        raise KeyboardInterrupt
    assert job.document.stages["download"].error == "The job ended while the stage was going on."


def test_a_skipped_stage_counts_as_done() -> None:
    job = tracker()
    with job.stage("normalization") as stage:
        stage.skip()
    assert job.document.stages["normalization"].status is StageStatus.SKIPPED
    assert job.document.overall_progress == pytest.approx(33.3)


@given(st.lists(st.floats(allow_nan=False), max_size=20))
def test_progress_stays_in_bounds_and_never_goes_back(fractions: list[float]) -> None:
    job = tracker()
    seen = [0.0]
    with job.stage("download") as stage:
        for fraction in fractions:
            stage.progress(fraction)
            seen.append(job.document.stages["download"].progress)
    assert seen == sorted(seen)
    assert all(0 <= progress <= 100 for progress in seen)


def test_a_snapshot_does_not_change_any_more() -> None:
    job = tracker()
    before = job.document
    with job.stage("download"):
        pass
    assert before.stages["download"].status is StageStatus.QUEUED


def test_every_change_has_a_new_revision() -> None:
    job = tracker()
    revisions = [job.revision]
    with job.stage("download") as stage:
        revisions.append(job.revision)
        stage.progress(0.1)
        revisions.append(job.revision)
        stage.progress(0.1)
        assert job.revision == revisions[-1], "nothing has changed"
    revisions.append(job.revision)
    assert revisions == sorted(set(revisions))


def test_threads_lose_no_change() -> None:
    job = tracker()

    def work(name: str) -> None:
        with job.stage(name) as stage:
            for step in range(200):
                stage.progress(step / 200)

    threads = [threading.Thread(target=work, args=(name,)) for name in STAGES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses(job) == [StageStatus.COMPLETED] * 3
    assert job.document.overall_progress == 100


def test_the_end_of_a_job() -> None:
    job = tracker()
    job.complete(Outcome(result={"words": 3}, text="a b c"))
    document = job.document
    assert (document.status, document.overall_progress) == (JobStatus.COMPLETED, 100)
    assert document.result == {"words": 3}
    assert document.model_dump()["text"] == "a b c"
    assert document.completed_at is not None

    job = tracker()
    job.fail("Nothing is there. Check the address.", "source_not_found")
    document = job.document
    assert (document.status, document.error_code) == (JobStatus.FAILED, "source_not_found")
    assert document.error == "Nothing is there. Check the address."
    assert document.completed_at is not None


def test_what_was_made_is_in_the_document_however_the_job_ends() -> None:
    job = tracker()
    job.record(Outcome(result={"words": 3}, text="a b c"))
    assert job.document.status is JobStatus.PROCESSING
    job.fail("None could be heard.", "no_audio")
    assert (job.document.status, job.document.error_code) == (JobStatus.FAILED, "no_audio")
    assert job.document.result == {"words": 3}


def test_a_job_within_a_job_moves_its_part_of_the_others_stage() -> None:
    outer = tracker()
    with outer.stage("download") as stage:
        parts = StageParts(stage, 2)
        with parts.part(0):
            inner = JobTracker(
                JobDocument(job_id="i", operation="transcribe", status=JobStatus.PROCESSING),
                ("a", "b"),
                progress_of_caller(),
            )
        with inner.stage("a"):
            pass
        assert outer.document.stages["download"].progress == 25


def test_a_stage_says_what_it_is_at() -> None:
    job = tracker()
    with job.stage("download") as stage:
        stage.say("3 of 11 · a\nb.mp3")
        assert job.document.stages["download"].message == "3 of 11 · a b.mp3"


@pytest.mark.parametrize("kind", [JobDocument, TranscriptionDocument])
def test_what_was_asked_for_is_in_every_document_without_its_secrets(kind: type[JobDocument]) -> None:
    sent = {"youtube_url": "https://ana:pw1@example.org/a.mp3?token=pw2&t=3"}
    first = kind.first("j", "transcribe", JobStatus.QUEUED, sent)
    job = JobTracker(first, STAGES)
    job.fail("It is gone.", "source_not_found")
    for document in (first, job.document, job.least_document("It cannot be kept.", "engine_failed")):
        written = document.model_dump(mode="json")
        assert written["youtube_url"] == "https://***@example.org/a.mp3?token=***&t=3"
    assert "youtube_url" not in JobDocument.first("j", "img2vid", JobStatus.QUEUED, {}).model_dump()


@pytest.mark.parametrize("result", [3, "três", [1, 2], True])
def test_a_result_without_fields_is_the_fault_of_who_wrote_the_job(result: Any) -> None:
    class Wrong(BaseModel):
        result: Any

    job = tracker()
    with pytest.raises(TypeError, match=re.escape("`result` of Wrong is no object")):
        job.complete(Wrong(result=result))
    assert job.document.status is JobStatus.PROCESSING
