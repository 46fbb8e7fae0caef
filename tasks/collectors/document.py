"""What a caller learns of a collection: its result, and the lines that `contraponto status` prints."""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from tasks.batches.document import LeftOut
from tasks.collectors.files import CollectedFile
from tasks.collectors.videos import CollectedVideo
from tasks.fetching.site_facts import ListFacts
from tasks.jobs.document import JobDocument
from tasks.jobs.summary import entry

_SHOWN = 20
"""Items that a terminal is shown."""


class BadSource(BaseModel):
    """A source of which nothing could be collected."""

    model_config = ConfigDict(frozen=True)

    source: str
    error: str
    error_code: str


class TypeCount(BaseModel):
    """The files of one type."""

    model_config = ConfigDict(frozen=True)

    type: str
    files: int
    bytes: int


class FilesResult(BaseModel):
    """What a collection of files yields."""

    model_config = ConfigDict(frozen=True)

    files: int
    bytes: int
    """Of all files."""
    types: tuple[TypeCount, ...]
    """The type with the most files first."""
    items: tuple[CollectedFile, ...]
    """By source and name; all of them if `complete`."""
    complete: bool
    """Whether `items` has all that was collected; if not, `file` has."""
    file: str
    """Store key of a JSON file with all items, and everything that was left out."""
    url: str
    """Where it can be fetched."""
    more: bool
    """Whether there are more files than `max_files`."""
    left_out: int
    """Things in the sources that must not be read."""
    first_left_out: tuple[LeftOut, ...]
    bad_sources: tuple[BadSource, ...]

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.file,)


class FilesOutcome(BaseModel):
    """The fields that a collection of files adds to its job document."""

    result: FilesResult


class VideosResult(BaseModel):
    """What a collection of videos yields."""

    model_config = ConfigDict(frozen=True)

    videos: int
    failed: int
    """Of them those of which no facts could be had."""
    transcripts: int
    """Of them those whose speech was written down."""
    lists: tuple[ListFacts, ...]
    """The channels and playlists among the addresses."""
    items: tuple[CollectedVideo, ...]
    """The newest first; all of all of them if `complete`."""
    complete: bool
    """Whether `items` has all that was collected; if not, `file` has."""
    file: str
    """Store key of a JSON file with everything."""
    url: str
    left: int
    """Videos that `max_videos` left out. Of a long channel: at least."""
    bad_sources: tuple[BadSource, ...]


class VideosOutcome(BaseModel):
    """The fields that a collection of videos adds to its job document."""

    result: VideosResult


def files_summary(document: JobDocument) -> Iterator[str]:
    """How many files of which types."""
    if document.result is None:
        return
    result = FilesResult.model_validate(document.result)
    yield ""
    yield entry(
        "files", f"{result.files}, {result.bytes:,} bytes{', and there are more' if result.more else ''}"
    )
    for each in result.types[:_SHOWN]:
        yield entry("", f"{each.files} × {each.type}")
    if result.left_out:
        yield entry("left out", result.left_out)
    yield from _end(result.bad_sources, result.file)


def videos_summary(document: JobDocument) -> Iterator[str]:
    """A line for each of the newest videos."""
    if document.result is None:
        return
    result = VideosResult.model_validate(document.result)
    yield ""
    for each in result.lists:
        yield entry(each.kind, each.title)
    yield entry("videos", f"{result.videos}, {result.failed} failed, {result.transcripts} transcripts")
    for video in result.items[:_SHOWN]:
        yield entry(str(video.published or ""), video.title)
        if video.error:
            yield entry("", video.error)
    yield from _end(result.bad_sources, result.file)


def _end(bad: tuple[BadSource, ...], file: str) -> Iterator[str]:
    for source in bad:
        yield entry("failed", f"{source.source}: {source.error}")
    yield entry("all", f"{file} (key in the media store)")
