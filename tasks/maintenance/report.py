"""What a clean-up removed."""

from pydantic import BaseModel, ConfigDict


class Removed(BaseModel):
    """One kind of thing."""

    model_config = ConfigDict(frozen=True)

    what: str
    count: int
    bytes: int | None = None
    remark: str | None = None
    """Why there are no bytes."""


class CleanupReport(BaseModel):
    """Everything that a clean-up removed, or would have removed."""

    dry_run: bool
    removed: tuple[Removed, ...]
