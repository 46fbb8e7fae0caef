"""The document of a job that waits in a queue. Without Prefect, for whoever only shows it."""

from pydantic import BaseModel

from tasks.jobs.document import JobDocument


class QueuePlace(BaseModel):
    """What a queued job waits for."""

    pool: str
    queue: str
    position: int
    """1: the next to begin; 0: a worker has it already and is starting it."""
    running: int
    """Jobs that hold a slot of the pool."""
    slots: int | None
    """Jobs that the pool runs at once; None: nothing is known to bound them."""
    typical_seconds: float | None
    """Median time of the newest jobs of this kind that completed."""
    starts_in_seconds: float | None
    ends_in_seconds: float | None
    remark: str | None
    """Why there is no estimate."""


class QueuedDocument(JobDocument):
    """The job document of a job that waits for its turn."""

    queue: QueuePlace
