"""What a terminal shows of a job on its way."""

import io
import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from rich.console import Console

from deployments.cli.stage_display import stage_display
from tasks.jobs.document import JobDocument, JobStatus
from tasks.jobs.tracker import JobTracker


def test_bars_draw_nothing_and_start_no_thread_before_there_is_a_document() -> None:
    """`contraponto run` forks its temporary server meanwhile, which a process with threads must not."""
    now = datetime.now(UTC)
    first = JobDocument.first(uuid4(), "transcribe", JobStatus.PROCESSING, {}, created_at=now, updated_at=now)
    document = JobTracker(first, ("download",)).document
    shown = io.StringIO()
    threads = threading.active_count()
    with stage_display(Console(file=shown, force_terminal=True)) as display:
        assert threading.active_count() == threads
        assert shown.getvalue() == ""
        display.show(document)
    assert "download" in shown.getvalue()


def test_bars_that_were_never_needed_leave_nothing() -> None:
    shown = io.StringIO()
    with stage_display(Console(file=shown, force_terminal=True)):
        pass
    assert shown.getvalue() == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_what_a_stage_is_at_stands_beside_it(terminal: bool) -> None:
    first = JobDocument.first(uuid4(), "transcribe-batch", JobStatus.PROCESSING, {})
    tracker = JobTracker(first, ("transcription",))
    shown = io.StringIO()
    with (
        stage_display(Console(file=shown, force_terminal=terminal, width=120)) as display,
        tracker.stage("transcription") as stage,
    ):
        stage.say("3 of 11 · [b]talk\x1b.mp3")
        display.show(tracker.document)
    assert "3 of 11 · [b]talk.mp3" in shown.getvalue()
