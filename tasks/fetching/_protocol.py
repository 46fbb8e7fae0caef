"""What the process that runs yt-dlp and its parent say to each other: JSON lines, one message a line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tasks.fetching.site_facts import Survey, VideoFacts


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Request(_Message):
    """The one message to the child, on its standard input."""

    action: Literal["download", "list", "survey", "describe"]
    url: str
    urls: tuple[str, ...] = ()
    """The videos to be described, instead of `url`."""
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


class Surveyed(_Message):
    kind: Literal["surveyed"] = "surveyed"
    survey: Survey


class Described(_Message):
    kind: Literal["described"] = "described"
    number: int
    """Of its address."""
    video: VideoFacts


class NotDescribed(_Message):
    kind: Literal["not_described"] = "not_described"
    number: int
    failed: Failed


class AllDescribed(_Message):
    kind: Literal["all_described"] = "all_described"


class Failed(_Message):
    """The `code` of one of `tasks.errors`, with its message and hint."""

    kind: Literal["failed"] = "failed"
    code: str
    message: str
    hint: str
    retry_after: float | None = None
    """Seconds that the site asked to wait."""


Reply = ProgressMade | Downloaded | Listed | Surveyed | Described | NotDescribed | AllDescribed | Failed
REPLY: TypeAdapter[Reply] = TypeAdapter(Annotated[Reply, Field(discriminator="kind")])
