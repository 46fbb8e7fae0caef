"""What a batch has already dealt with, so that its next run takes only what is new."""

from datetime import UTC, datetime

from pydantic import BaseModel

PERMANENT = frozenset(
    {
        "invalid_input",
        "source_not_found",
        "source_forbidden",
        "not_media",
        "damaged_media",
        "no_audio",
        "limit_exceeded",
    }
)
"""Codes of errors that another run would only meet again (see `tasks.errors`)."""


class LedgerEntry(BaseModel):
    """One item that need not be looked at again."""

    job_id: str
    at: datetime
    error_code: str | None = None


class Ledger(BaseModel):
    """The items of one batch, by their identity."""

    items: dict[str, LedgerEntry] = {}
    failures: dict[str, int] = {}
    """How often an item has failed for a reason that may pass: such items come after those that never had a turn."""

    def knows(self, identity: str) -> bool:
        """Whether the item has been dealt with."""
        return identity in self.items

    def record(self, identity: str, job_id: str, error_code: str | None) -> None:
        """Notes how an item ended. One that failed for a passing reason is tried again next time."""
        if error_code is None or error_code in PERMANENT:
            self.items[identity] = LedgerEntry(job_id=job_id, at=datetime.now(UTC), error_code=error_code)
            self.failures.pop(identity, None)
        else:
            self.record_failure(identity)

    def record_failure(self, identity: str) -> None:
        """Notes that an item has had a turn without becoming a job, or without an end that will stay."""
        self.failures[identity] = self.failures.get(identity, 0) + 1
