"""What the process that runs yt-dlp and its parent say to each other: JSON lines, one message a line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Request(_Message):
    """The one message to the child, on its standard input."""

    action: Literal["download", "list"]
    url: str
    directory: str
    allowed: tuple[str, ...]
    """The entries of the parent's `AddressPolicy`."""
    max_bytes: int
    max_seconds: float
    max_items: int
    dedicated_only: bool
    """Take part only if an extractor made for this site exists; no generic look at the page."""
    cookies: str | None
    proxy: str | None


class ProgressMade(_Message):
    kind: Literal["progress"] = "progress"
    fraction: float


class Downloaded(_Message):
    kind: Literal["downloaded"] = "downloaded"
    path: str
    title: str
    duration: float | None
    extractor: str
    url: str


class Entry(_Message):
    url: str
    title: str
    id: str
    duration: float | None


class Listed(_Message):
    kind: Literal["listed"] = "listed"
    entries: tuple[Entry, ...]


class Failed(_Message):
    """The `code` of one of `tasks.errors`, with its message and hint."""

    kind: Literal["failed"] = "failed"
    code: str
    message: str
    hint: str
    retry_after: float | None = None
    """Seconds that the site asked to wait."""


Reply = Annotated[ProgressMade | Downloaded | Listed | Failed, Field(discriminator="kind")]
REPLY: TypeAdapter[ProgressMade | Downloaded | Listed | Failed] = TypeAdapter(Reply)
