"""The included collectors: files of folders and of the media store; videos of channels and playlists.

A collector is a job like others. The listener starts it for each message on its stream, and answers when it has ended.
"""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from flows.batch import TranscriptionOptions
from flows.job import job_flow
from flows.parameters import from_message
from flows.transcription import transcribe
from tasks.collectors.document import (
    BadSource,
    FilesOutcome,
    VideosOutcome,
    VideosResult,
    files_summary,
    videos_summary,
)
from tasks.collectors.files import Wanted
from tasks.collectors.fitting import fitted
from tasks.collectors.steps import (
    DescribeRequest,
    FilesRequest,
    SurveyRequest,
    collect,
    describe,
    list_videos,
    write_collection,
)
from tasks.collectors.transcripts import transcript_of
from tasks.collectors.videos import (
    Candidates,
    CollectedVideo,
    abridged,
    newest_first,
    with_little_text,
    without_segments,
)
from tasks.errors import ContrapontoError, EngineError, kind_of_error
from tasks.fetching.site_facts import ListedVideo, ListFacts
from tasks.jobs.children import Child, do_jobs
from tasks.jobs.correlation import correlation_id
from tasks.jobs.step import run_step
from tasks.jobs.tracker import StageParts, current_job, current_stage
from tasks.net.urls import check_url, mask_url

_MOST_LISTED = 1000
"""Videos of a playlist that are looked at: its newest may stand anywhere."""
_AT_ONCE = 10
"""Videos that one process asks its site about."""

VideoAddress = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s]+$",
        max_length=4096,
        json_schema_extra={"allowed": "an address that begins with https://"},
    ),
]


FileSource = Annotated[str, Field(min_length=1, max_length=4096)]
NamePattern = Annotated[str, Field(min_length=1, max_length=200)]


class _Everything(BaseModel):
    """What the file of a collection holds."""

    lists: list[ListFacts]
    items: list[CollectedVideo]
    bad_sources: list[BadSource]


@job_flow(
    operation="escavador-arquivos", stages=("collection",), envelope=from_message, summary=files_summary
)
async def collect_files(
    sources: Annotated[list[FileSource], Field(min_length=1, max_length=1000)],
    patterns: Annotated[list[NamePattern], Field(min_length=1, max_length=100)] = ["*"],  # noqa: B006 - shown in the form
    since: date | None = None,
    max_files: Annotated[int, Field(ge=1, le=100_000)] = 1000,
    checksums: bool = True,
    media: bool = False,
    text: bool = False,
    max_text: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000,
) -> FilesOutcome:
    """Collect the files of folders and of the media store: name, size, date, type, SHA-256, media facts, text.

    Args:
        sources: Keys of the media store, prefixes that end in a slash, or folder: and a path that jobs may read.
        patterns: Names to take, as *.pdf; with a slash in it, paths below the source, as 2026/*.pdf.
        since: Only files that were changed on that day or later (UTC).
        max_files: Take at most so many.
        checksums: Compute the SHA-256 of each; reads every file to its end.
        media: Tell length, dimensions and codecs of recordings, films and pictures.
        text: Read the text of text files in any encoding, and of Word documents.
        max_text: Characters of each text; the rest is cut off.
    """
    job = current_job()
    wanted = Wanted(
        patterns=tuple(patterns),
        since=since,
        most=max_files,
        checksums=checksums,
        media=media,
        text=text,
        most_characters=max_text,
    )
    with job.stage("collection"):
        job.entitle(sources[0] if len(sources) == 1 else f"{sources[0]} and {len(sources) - 1} more")
        request = FilesRequest(job_id=job.document.job_id, sources=tuple(sources), wanted=wanted)
        return FilesOutcome(result=await run_step(collect, request))


@job_flow(
    operation="escavador-youtube",
    stages=("listing", "collection", "transcription"),
    envelope=from_message,
    time_limit=None,
    summary=videos_summary,
)
async def collect_videos(
    urls: Annotated[list[VideoAddress], Field(min_length=1, max_length=100)],
    max_videos: Annotated[int, Field(ge=1, le=1000)] = 30,
    since: date | None = None,
    transcripts: bool = False,
    options: TranscriptionOptions = TranscriptionOptions(),  # noqa: B008 - Prefect shows the default in its form
    max_concurrent: Annotated[int, Field(ge=1, le=16)] = 2,
) -> VideosOutcome:
    """Collect videos of channels and playlists, the newest first: title, date, views, chapters …, and what is said.

    Args:
        urls: Addresses of channels, playlists and videos, of YouTube or another site that yt-dlp knows.
        max_videos: Take at most so many, of all addresses together.
        since: Only videos that were published on that day or later.
        transcripts: Write down what is said in them, each as a job transcribe.
        options: How they are transcribed, as with transcribe.
        max_concurrent: Transcriptions at a time, where this job does them itself because there are no workers.
    """
    job = current_job()
    with job.stage("listing"):
        lists, found, bad = await _list(urls)
    candidates = Candidates.of(found, since).videos
    with job.stage("collection"):
        videos, left = await _describe(candidates, max_videos, since)
    with job.stage("transcription") as stage:
        if transcripts:
            videos = await _transcribe(videos, options, max_concurrent)
        else:
            stage.skip()
    return VideosOutcome(result=await _result(lists, newest_first(videos), bad, left))


async def _list(
    urls: Sequence[str],
) -> tuple[list[ListFacts], list[Sequence[ListedVideo]], list[BadSource]]:
    """The channels and playlists, the videos of each address, and the addresses that are of no use."""
    job_id = current_job().document.job_id
    lists: list[ListFacts] = []
    found: list[Sequence[ListedVideo]] = []
    bad: list[BadSource] = []
    first: ContrapontoError | None = None
    parts = StageParts(current_stage(), len(urls))
    for number, url in enumerate(urls):
        current_stage().say(f"{number + 1} of {len(urls)} · {mask_url(url)}")
        with parts.part(number) as part:
            try:
                request = SurveyRequest(job_id=job_id, url=check_url(url).text, most=_MOST_LISTED)
                survey = (await run_step(list_videos, request)).survey
            except ContrapontoError as error:
                if error.code == "cancelled":
                    raise
                first = first or error
                bad.append(BadSource(source=mask_url(url), error=str(error), error_code=error.code))
                continue
            found.append(survey.videos)
            if survey.list is not None:
                lists.append(survey.list)
            part.progress(1.0)
    if first is not None and not found:
        raise first
    job_title = lists[0].title if lists else next((each.title for videos in found for each in videos), None)
    if job_title:
        current_job().entitle(job_title)
    return lists, found, bad


async def _describe(
    candidates: Sequence[ListedVideo], max_videos: int, since: date | None
) -> tuple[list[CollectedVideo], int]:
    """The facts about the first of them that are young enough, and how many were not looked at."""
    job_id = current_job().document.job_id
    videos: list[CollectedVideo] = []
    parts = StageParts(current_stage(), max(len(candidates), 1))
    looked_at = 0
    while looked_at < len(candidates) and len(videos) < max_videos:
        some = tuple(candidates[looked_at : looked_at + min(_AT_ONCE, max_videos - len(videos))])
        current_stage().say(f"{len(videos)} of at most {max_videos} videos")
        with parts.part(looked_at, len(some)):
            described = await _described(DescribeRequest(job_id=job_id, videos=some))
        looked_at += len(some)
        videos += [
            each for each in described if since is None or each.published is None or each.published >= since
        ]
    return videos, len(candidates) - looked_at


async def _described(request: DescribeRequest) -> Sequence[CollectedVideo]:
    try:
        return (await run_step(describe, request)).videos
    except ContrapontoError as error:
        if error.code == "cancelled":
            raise
        return [
            CollectedVideo(
                url=mask_url(each.url),
                id=each.id,
                title=each.title,
                published=each.about,
                error=str(error),
                error_code=error.code,
            )
            for each in request.videos
        ]


async def _transcribe(
    videos: Sequence[CollectedVideo], options: TranscriptionOptions, max_concurrent: int
) -> list[CollectedVideo]:
    """The videos with what is said in them, where there is a finished recording."""
    heard = [number for number, each in enumerate(videos) if each.can_be_heard]
    # The log of all that belongs to a conversation is marked with it.
    common = {**options.model_dump(), "id_roteiro": correlation_id()}
    children = [
        Child(
            f"transcript {videos[n].url}",
            {**common, "youtube_url": videos[n].url, "title": videos[n].title or None},
        )
        for n in heard
    ]
    parts = StageParts(current_stage(), max(len(heard), 1))
    ends = await do_jobs(
        "transcribe/transcribe",
        transcribe,
        children,
        max_concurrent,
        lambda number: parts.progress(number, 1.0),
    )
    made = [transcript_of(end) for end in ends]
    transcripts = dict(zip(heard, made, strict=True))
    return [
        each.model_copy(update={"transcript": transcripts[number]}) if number in transcripts else each
        for number, each in enumerate(videos)
    ]


async def _result(
    lists: list[ListFacts], videos: list[CollectedVideo], bad: list[BadSource], left: int
) -> VideosResult:
    failed = [each for each in videos if each.error]
    if videos and len(failed) == len(videos):
        kind = kind_of_error(failed[0].error_code) or EngineError
        raise kind(
            f"Nothing could be learned of any of the {len(videos)} videos. {failed[0].title}: {failed[0].error}"
        )
    store = media_store(get_settings())
    everything = _Everything(lists=lists, items=videos, bad_sources=bad)
    file = await asyncio.to_thread(write_collection, everything, current_job().document.job_id, store)
    shown = fitted(videos, (without_segments, abridged, with_little_text))
    return VideosResult(
        videos=len(videos),
        failed=len(failed),
        transcripts=sum(each.transcript is not None and each.transcript.text is not None for each in videos),
        lists=tuple(lists),
        items=shown.items,
        complete=shown.complete,
        file=file,
        url=store.url(file),
        left=left,
        bad_sources=tuple(bad),
    )
