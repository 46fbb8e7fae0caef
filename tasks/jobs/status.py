"""Where a job is in its life. Stands alone, because the command line offers it without reading anything else."""

from collections.abc import Mapping
from enum import StrEnum


class JobStatus(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_STATUS: Mapping[str, JobStatus] = {
    "RUNNING": JobStatus.PROCESSING,
    # Its process may go on for some seconds; how it ends is known, see `ended_status`.
    "CANCELLING": JobStatus.PROCESSING,
    "COMPLETED": JobStatus.COMPLETED,
    "FAILED": JobStatus.FAILED,
    "CRASHED": JobStatus.FAILED,
    "CANCELLED": JobStatus.CANCELLED,
}


def status_of(state_type: str | None) -> JobStatus:
    """The status of a job by the type of its run's state (Prefect's `StateType`); what has not begun is queued."""
    return _STATUS.get(state_type or "", JobStatus.QUEUED)


def ended_status(state_type: str) -> JobStatus:
    """How a job ends whose run is in this state: one that is being cancelled ends as cancelled.

    Raises:
        ValueError: runs do not end in this state.
    """
    status = JobStatus.CANCELLED if state_type == "CANCELLING" else status_of(state_type)
    if status in (JobStatus.QUEUED, JobStatus.PROCESSING):
        raise ValueError(f"A run in the state {state_type} has not ended.")
    return status
