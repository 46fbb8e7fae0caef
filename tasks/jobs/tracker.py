"""A job's document while the job runs: stages, progress, timing."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from pydantic import BaseModel
from typing_extensions import override

from tasks.errors import ContrapontoError
from tasks.foreign_text import one_line
from tasks.jobs.document import ASKED_FOR, JobDocument, JobStatus, StageDocument, StageStatus
from tasks.jobs.estimate import Estimate
from tasks.progress import Progress, ignore_progress

_job: ContextVar["JobTracker"] = ContextVar("current_job")
_stage: ContextVar["StageTracker"] = ContextVar("current_stage")

_LONGEST_MESSAGE = 200


def current_job() -> "JobTracker":
    """The job whose flow is running."""
    return _job.get()


def current_stage() -> "StageTracker":
    """The stage, or the part of one, that the running step works for."""
    return _stage.get()


def progress_of_caller() -> Progress:
    """For a job that another job calls: how far it is, is how far the other's stage is."""
    stage = _stage.get(None)
    return ignore_progress if stage is None else stage.progress


class StageTracker:
    """One stage of a job; `progress` may be called from any thread.

    Within `with stage:` it is the current one, which steps report to.
    """

    def __init__(self, job: "JobTracker", name: str) -> None:
        self.name = name
        self._job = job
        self._tokens: list[Token[StageTracker]] = []

    def __enter__(self) -> Self:
        self._tokens.append(_stage.set(self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _stage.reset(self._tokens.pop())

    def progress(self, fraction: float) -> None:
        """Progress of the whole stage, 0 to 1; it never goes back."""
        self._job.report(self.name, min(max(fraction, 0.0), 1.0))

    def say(self, message: str) -> None:
        """What the stage is at, for people."""
        self._job.say(self.name, one_line(message, _LONGEST_MESSAGE))

    def found_in_cache(self) -> None:
        """The stage's work had been done before."""
        self._job.update_stage(self.name, cached=True)

    def done_by(self, remote_job: str) -> None:
        """The stage is done by a remote service's job."""
        self._job.update_stage(self.name, job_id=remote_job)

    def skip(self) -> None:
        """The job does not need this stage."""
        self._job.update_stage(self.name, status=StageStatus.SKIPPED, progress=100.0)


class StageParts:
    """Pieces of one stage that go on at the same time; the stage has come as far as they have on average."""

    def __init__(self, stage: StageTracker, count: int) -> None:
        self._stage = stage
        self._done = [0.0] * count

    def progress(self, number: int, fraction: float) -> None:
        """How far (0 to 1) the piece of a number is; from any thread."""
        self._done[number] = max(self._done[number], min(fraction, 1.0))
        self._stage.progress(sum(self._done) / len(self._done))

    def part(self, first: int, count: int = 1, *, start: float = 0.0, end: float = 1.0) -> "StagePart":
        """For steps that do `count` pieces, from the number `first` on, from `start` to `end`; see `StagePart`."""
        return StagePart(self, range(first, first + count), start, end)


class StagePart(StageTracker):
    """What a step takes for its stage, within `with parts.part(0):`."""

    def __init__(self, parts: StageParts, pieces: range, start: float, end: float) -> None:
        self._parts = parts
        self._pieces = pieces
        self._tokens = []
        self._start, self._end = start, end

    @override
    def progress(self, fraction: float) -> None:
        for piece in self._pieces:
            self._parts.progress(piece, self._start + (self._end - self._start) * fraction)

    @override
    def say(self, message: str) -> None:
        """What goes on beside other things is not what the stage is at."""

    @override
    def found_in_cache(self) -> None:
        self.progress(1.0)

    @override
    def done_by(self, remote_job: str) -> None:
        """Several remote jobs are no one job."""

    @override
    def skip(self) -> None:
        self.progress(1.0)


class JobTracker:
    """The document of a running job, kept current."""

    def __init__(
        self, document: JobDocument, stages: Sequence[str], report: Progress = ignore_progress
    ) -> None:
        """`report` is told how far the whole job is: a job that is part of another moves the other's stage."""
        self._lock = threading.Lock()
        self._tell = report
        self._estimates: dict[str, Estimate] = {}
        self._document = document.model_copy(update={"stages": {name: StageDocument() for name in stages}})
        self.revision = 0
        """Grows with every change."""
        self.moves = 0
        """How many of these changes only moved a bar, or said what a stage is at."""
        self.title: str | None = None
        """Of what the job works on, once that is known; the run is named by it."""

    @property
    def document(self) -> JobDocument:
        """A snapshot, safe to keep."""
        with self._lock:
            return self._document.model_copy(deep=True)

    @document.setter
    def document(self, document: JobDocument) -> None:
        with self._lock:
            self._document = document

    def stage_document(self, name: str) -> StageDocument:
        """The state of one stage."""
        return self._document.stages[name]

    @contextmanager
    def current(self) -> Iterator[None]:
        """Within the block this is the job that `current_job` returns."""
        token = _job.set(self)
        try:
            yield
        finally:
            _job.reset(token)

    @contextmanager
    def stage(self, name: str, *, estimated: bool = True) -> Iterator[StageTracker]:
        """The stage is current and `processing` within the block, then `completed` (unless skipped), or `failed`.

        While it says nothing its progress is `estimated`: not of one that waits for others, for days perhaps.
        """
        tracker = StageTracker(self, name)
        if estimated:
            self._estimates[name] = Estimate(time.monotonic())
        self.update_stage(name, status=StageStatus.PROCESSING, started_at=datetime.now(UTC))
        try:
            try:
                with tracker:
                    yield tracker
            finally:
                self._estimates.pop(name, None)
        except ContrapontoError as error:
            self.update_stage(
                name, status=StageStatus.FAILED, completed_at=datetime.now(UTC), error=str(error)
            )
            raise
        except Exception as error:
            # What nobody foresaw is for the log; here stands that it was.
            why = f"An unexpected error ended the stage ({type(error).__name__}). The run's log has the details."
            self.update_stage(name, status=StageStatus.FAILED, completed_at=datetime.now(UTC), error=why)
            raise
        except BaseException:
            why = "The job ended while the stage was going on."
            self.update_stage(name, status=StageStatus.FAILED, completed_at=datetime.now(UTC), error=why)
            raise
        if self.stage_document(name).status is not StageStatus.SKIPPED:
            self.update_stage(
                name, status=StageStatus.COMPLETED, progress=100.0, completed_at=datetime.now(UTC)
            )

    def entitle(self, title: str) -> None:
        """What the job works on is called so."""
        with self._lock:
            self.title = title
            self.revision += 1

    def report(self, name: str, fraction: float) -> None:
        """How far (0 to 1) a stage is, as its work says; it never goes back."""
        if estimate := self._estimates.get(name):
            estimate.report(fraction, time.monotonic())
        self._raise(name, fraction)

    def say(self, name: str, message: str) -> None:
        """What a stage is at."""
        with self._lock:
            self.moves += 1
            self._change_stage(name, message=message)

    def advance(self) -> None:
        """Moves the stages that go on and have said nothing for a while to where they probably are."""
        for name, estimate in list(self._estimates.items()):
            self._raise(name, estimate.advance(time.monotonic()))

    def update_stage(self, name: str, **changes: Any) -> None:
        """Changes fields of a stage, and with them the overall progress."""
        with self._lock:
            self._change_stage(name, **changes)
        self._tell(self._document.overall_progress / 100)

    def _raise(self, name: str, fraction: float) -> None:
        percent = round(100 * fraction, 1)
        with self._lock:
            if percent <= self._document.stages[name].progress:
                return
            self.moves += 1
            self._change_stage(name, progress=percent)
        self._tell(self._document.overall_progress / 100)

    def _change_stage(self, name: str, **changes: Any) -> None:
        stages = {**self._document.stages, name: self._document.stages[name].model_copy(update=changes)}
        mean = sum(stage.progress for stage in stages.values()) / len(stages)
        self._change(stages=stages, overall_progress=round(mean, 1))

    def record(self, outcome: BaseModel) -> None:
        """What the job has made, however it ends; the outcome is as that of `complete`."""
        with self._lock:
            self._change(**_fields(outcome))

    def complete(self, outcome: BaseModel) -> None:
        """The job is done; the outcome holds `result` and the operation's own fields.

        Raises:
            TypeError: `result` is not an object.
        """
        with self._lock:
            self._change(
                **_fields(outcome),
                status=JobStatus.COMPLETED,
                overall_progress=100.0,
                completed_at=datetime.now(UTC),
            )

    def fail(self, message: str, code: str) -> None:
        """The job has failed for the reason given."""
        with self._lock:
            self._change(
                status=JobStatus.FAILED, error=message, error_code=code, completed_at=datetime.now(UTC)
            )

    def cancel(self, message: str, code: str) -> None:
        """Somebody has cancelled the job."""
        with self._lock:
            self._change(
                status=JobStatus.CANCELLED, error=message, error_code=code, completed_at=datetime.now(UTC)
            )

    def least_document(self, message: str, code: str) -> JobDocument:
        """One that says that the job has failed, and nothing of what it was sent, did or made but what it was for."""
        now, document = datetime.now(UTC), self.document
        asked = getattr(document, ASKED_FOR, None)
        return JobDocument(
            **({ASKED_FOR: asked} if asked else {}),
            job_id=document.job_id,
            operation=document.operation,
            status=JobStatus.FAILED,
            created_at=document.created_at,
            updated_at=now,
            completed_at=now,
            error=message,
            error_code=code,
        )

    def _change(self, **changes: Any) -> None:
        self._document = self._document.model_copy(update={**changes, "updated_at": datetime.now(UTC)})
        self.revision += 1


def _fields(outcome: BaseModel) -> dict[str, Any]:
    # The fields themselves, not their dumps: the document holds the same types.
    fields = {name: getattr(outcome, name) for name in type(outcome).model_fields}
    result = outcome.model_dump(mode="json", include={"result"}).get("result")
    if not isinstance(result, dict | None):
        raise TypeError(
            f"`result` of {type(outcome).__name__} is no object but {result!r:.80}: "
            "callers and webhooks read its fields. Make it a model."
        )
    return {**fields, "result": result}
