"""Reads folders and the media store; asks sites about lists and videos."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import get_settings
from tasks.batches.document import LeftOut
from tasks.collectors.document import BadSource, FilesResult, TypeCount
from tasks.collectors.files import CollectedFile, Wanted, abridged, collect_files, without_text
from tasks.collectors.fitting import fitted
from tasks.collectors.videos import CollectedVideo
from tasks.errors import ContrapontoError
from tasks.fetching.options import transfer_options
from tasks.fetching.results import DownloadLimits
from tasks.fetching.site_facts import ListedVideo, Survey
from tasks.fetching.sites import describe_videos, survey_site
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.net.urls import check_url
from tasks.progress import Progress

_LISTING_DEADLINE = 120.0
"""Seconds that a site has to list its videos."""
_FIRST_LEFT_OUT = 20


class FilesRequest(StepRequest):
    """Files that are wanted. What they are may change: only the same job finds them in the cache."""

    job_id: str
    sources: tuple[str, ...]
    wanted: Wanted


class _AllFiles(BaseModel):
    """What the file of a collection holds."""

    items: list[CollectedFile]
    left_out: list[LeftOut]
    bad_sources: list[BadSource]


@step("files")
def collect(request: FilesRequest, progress: Progress) -> FilesResult:
    """Finds the files and writes everything about them as JSON.

    Raises the error of the first source if none can be listed, and those of the media store.
    """
    settings = get_settings()
    store = media_store(settings)
    found = collect_files(request.sources, request.wanted, store, settings.import_folders, progress)
    if len(found.bad) == len(request.sources):
        raise found.bad[0][1]
    bad = [BadSource(source=source, error=str(error), error_code=error.code) for source, error in found.bad]
    key = write_collection(
        _AllFiles(items=found.files, left_out=found.left_out, bad_sources=bad), request.job_id, store
    )
    shown = fitted(found.files, (abridged, without_text))
    return FilesResult(
        files=len(found.files),
        bytes=sum(each.size for each in found.files),
        types=_types(found.files),
        items=shown.items,
        complete=shown.complete,
        file=key,
        url=store.url(key),
        more=found.left,
        left_out=len(found.left_out),
        first_left_out=tuple(found.left_out[:_FIRST_LEFT_OUT]),
        bad_sources=tuple(bad[:_FIRST_LEFT_OUT]),
    )


def _types(files: Sequence[CollectedFile]) -> tuple[TypeCount, ...]:
    counts = Counter(each.type for each in files)
    sizes: Counter[str] = Counter()
    for each in files:
        sizes[each.type] += each.size
    return tuple(
        TypeCount(type=kind, files=count, bytes=sizes[kind])
        for kind, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    )


def write_collection(everything: BaseModel, job_id: str, store: MediaStore) -> str:
    """Stores all that a job has collected as JSON; the key of the file."""
    key = f"jobs/{job_id}/collection.json"
    store.put_text(everything.model_dump_json(indent=1), key)
    return key


class SurveyRequest(StepRequest):
    """An address of a site. What is there changes: only the same job finds it in the cache."""

    job_id: str
    url: str
    most: int
    """Of the videos of each list."""


class StoredSurvey(BaseModel):
    """What is at the address."""

    model_config = ConfigDict(frozen=True)

    survey: Survey

    def store_keys(self) -> Iterable[str]:
        """No files; see `StepResult`."""
        return ()


@step("list videos")
def list_videos(request: SurveyRequest, progress: Progress) -> StoredSurvey:
    """Asks a site what is at an address. Raises the errors of `tasks.fetching.sites`."""
    options = replace(transfer_options(get_settings(), DownloadLimits()), deadline=_LISTING_DEADLINE)
    return StoredSurvey(survey=survey_site(check_url(request.url), options, progress, most=request.most))


class DescribeRequest(StepRequest):
    """Videos whose facts are wanted; only the same job finds them in the cache."""

    job_id: str
    videos: tuple[ListedVideo, ...]


class DescribedVideos(BaseModel):
    """The videos in their order."""

    model_config = ConfigDict(frozen=True)

    videos: tuple[CollectedVideo, ...]

    def store_keys(self) -> Iterable[str]:
        """No files; see `StepResult`."""
        return ()


@step("describe videos")
def describe(request: DescribeRequest, progress: Progress) -> DescribedVideos:
    """Asks a site about each video; one that it tells nothing of has an error, and the others go on."""
    urls = [check_url(each.url) for each in request.videos]
    facts = describe_videos(urls, transfer_options(get_settings(), DownloadLimits()), progress)
    return DescribedVideos(
        videos=tuple(
            CollectedVideo(
                url=url.masked,
                id=listed.id,
                title=listed.title,
                published=listed.about,
                error=str(found),
                error_code=found.code,
            )
            if isinstance(found, ContrapontoError)
            else CollectedVideo(**found.model_dump())
            for url, listed, found in zip(urls, request.videos, facts, strict=True)
        )
    )
